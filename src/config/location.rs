//! Locations of configuration and data, and reading the file.

use super::issue::ConfigIssue;
use crate::base::file::read_at_most;
use nix::unistd::geteuid;
use std::io;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Largest configuration file that is read, in bytes.
const FILE_MAX: u64 = 1024 * 1024;
/// Where the system keeps configurations and data.
const SYSTEM_CONFIG: &str = "/etc";
const SYSTEM_DATA: &str = "/var/lib";
/// Variable that names the data directory.
const DATA_DIR: &str = "OSMON_DATA_DIR";

/// The parts of command line and environment that concern the configuration.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// File of `--config`, which must exist.
    pub file: Option<PathBuf>,
    /// Directory of `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// A user who has neither configuration nor data, and named none, uses those of the system.
    pub shares_system: bool,
}

impl Source {
    fn variable(&self, name: &str) -> Option<PathBuf> {
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| PathBuf::from(value))
    }

    fn named_file(&self) -> Option<PathBuf> {
        self.file.clone().or_else(|| self.variable("OSMON_CONFIG"))
    }

    /// The configuration file: the named one, or the default.
    pub fn path(&self) -> PathBuf {
        self.named_file().unwrap_or_else(|| self.usual_file())
    }

    /// Default configuration file.
    pub fn usual_file(&self) -> PathBuf {
        self.base_directory("XDG_CONFIG_HOME", ".config", SYSTEM_CONFIG).join("osmon").join("osmon.toml")
    }

    /// Default data directory.
    pub fn usual_data_dir(&self) -> PathBuf {
        self.base_directory("XDG_STATE_HOME", ".local/state", SYSTEM_DATA).join("osmon")
    }

    fn base_directory(&self, variable: &str, below_home: &str, for_root: &str) -> PathBuf {
        if geteuid().is_root() || self.is_guest() {
            return PathBuf::from(for_root);
        }
        self.own_directory(variable, below_home)
    }

    /// Returns whether this user has nothing of their own here, and the system has.
    fn is_guest(&self) -> bool {
        let is_named = self.named_file().is_some() || self.data_dir.is_some() || self.variable(DATA_DIR).is_some();
        let has = |base: &Path| base.join("osmon").exists();
        let own =
            [self.own_directory("XDG_CONFIG_HOME", ".config"), self.own_directory("XDG_STATE_HOME", ".local/state")];
        self.shares_system
            && !is_named
            && !own.iter().any(|base| has(base))
            && [SYSTEM_CONFIG, SYSTEM_DATA].iter().any(|base| has(Path::new(base)))
    }

    fn own_directory(&self, variable: &str, below_home: &str) -> PathBuf {
        let home = || self.variable("HOME").unwrap_or_else(|| PathBuf::from("/")).join(below_home);
        self.variable(variable).filter(|path| path.is_absolute()).unwrap_or_else(home)
    }

    /// Reads the configuration file. `None` when there is none and none was named.
    ///
    /// # Errors
    /// It cannot be read, is not text, or is larger than 1 MiB.
    pub fn read(&self) -> Result<Option<(PathBuf, String)>, ConfigIssue> {
        let path = self.path();
        let issue =
            |message: String| ConfigIssue { place: path.display().to_string(), message, ..ConfigIssue::default() };
        match read_at_most(&path, FILE_MAX + 1) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.named_file().is_none() => Ok(None),
            Err(error) => Err(issue(format!("could not read the configuration: {error}"))),
            Ok(content) if content.len() as u64 > FILE_MAX => {
                Err(issue("larger than 1 MiB: not a configuration".to_string()))
            }
            Ok(content) => match String::from_utf8(content) {
                Ok(text) => Ok(Some((path, text))),
                Err(_) => Err(issue("not UTF-8 text".to_string())),
            },
        }
    }

    /// The data directory, even if the configuration is otherwise invalid.
    pub fn data_dir(&self, text: Option<&str>) -> PathBuf {
        let from_file = || {
            let (table, _) = DeTable::parse_recoverable(text?);
            table.get_ref().get("data_dir")?.get_ref().as_str().map(PathBuf::from)
        };
        let chosen = self.data_dir.clone().or_else(|| self.variable(DATA_DIR)).or_else(from_file);
        let chosen = chosen.filter(|path| path != Path::new(""));
        chosen.and_then(|path| std::path::absolute(path).ok()).unwrap_or_else(|| self.usual_data_dir())
    }

    /// Returns whether command line or environment name another data directory than the one of the configuration.
    pub fn is_elsewhere(&self, text: Option<&str>) -> bool {
        let environment = self.environment.iter().filter(|(key, _)| key != DATA_DIR).cloned().collect();
        let configured = Self { data_dir: None, environment, ..self.clone() }.data_dir(text);
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        real(self.data_dir(text)) != real(configured)
    }
}
