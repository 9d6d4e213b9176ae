//! The present configuration.

use crate::base::error_kind::ErrorKind;
use crate::cli::Call;
use crate::config::load::{load, load_text};
use crate::config::location::Source;
use crate::config::{Config, ConfigIssue, Request};
use crate::context::request;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The present configuration.
pub struct Present {
    /// Its file, which need not exist yet.
    pub path: PathBuf,
    /// Its text; empty without a file.
    pub text: String,
    /// Its values; the defaults without a file.
    pub config: Config,
    /// It sets nothing yet.
    pub is_new: bool,
    /// Loads it without the environment of this call, which cron does not have.
    pub request: Request,
    /// Data directory chosen for this call; empty: that of the configuration.
    pub data_dir: String,
}

impl Present {
    /// Reads it.
    ///
    /// # Errors
    /// It is invalid; it has to be corrected before init changes it.
    pub fn read(call: &Call) -> Result<Self> {
        let mut request = request(call);
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path != Path::new(""));
        let data_dir = request
            .source
            .data_dir
            .take()
            .or_else(|| variable("OSMON_DATA_DIR"))
            .map(|directory| std::path::absolute(&directory).unwrap_or(directory).display().to_string())
            .unwrap_or_default();
        request.source.environment.retain(|(name, _)| !name.starts_with("OSMON_") || name == "OSMON_CONFIG");
        let path = std::path::absolute(request.source.path()).unwrap_or_else(|_| request.source.path());
        if !path.exists() {
            // A file that was named has to exist for every other command.
            let usual = Request { source: unnamed(&request), ..request.clone() };
            let loaded = load_text(&usual, String::new()).map_err(|issues| invalid(&path, &issues))?;
            return Ok(Self { path, text: String::new(), config: loaded.config, is_new: true, request, data_dir });
        }
        let loaded = load(&request).map_err(|issues| invalid(&path, &issues))?;
        let text = loaded.file.as_ref().map(|(_, text)| text.clone()).unwrap_or_default();
        let is_new = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        Ok(Self { path, text, config: loaded.config, is_new, request, data_dir })
    }

    /// Directory of the file, where secrets go.
    pub fn directory(&self) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("/")).to_path_buf()
    }
}

fn unnamed(request: &Request) -> Source {
    let mut source = request.source.clone();
    source.file = None;
    source.environment.retain(|(name, _)| name != "OSMON_CONFIG");
    source
}

fn invalid(path: &Path, issues: &[ConfigIssue]) -> anyhow::Error {
    let first = issues.first().map(ToString::to_string).unwrap_or_default();
    let more = if issues.len() > 1 { format!(" (and {} more)", issues.len() - 1) } else { String::new() };
    let path = path.display();
    ErrorKind::Configuration(format!(
        "{first}{more}; fix it first (osmon config check), or move {path} away; nothing was changed"
    ))
    .into()
}
