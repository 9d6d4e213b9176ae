//! Where a command stands: configuration, store, host and the present time.

use crate::alert::{DeliveryProblem, LEDGER, Ledger, delivery_problems};
use crate::base::clock::Now;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{read_at_most, replace};
use crate::cli::{Call, Exit, Output};
use crate::config::load::load;
use crate::config::location::Source;
use crate::config::read_others::ALL_SECTIONS;
use crate::config::salvage::salvage;
use crate::config::{Config, ConfigIssue, Loaded, Request};
use crate::probe::Root;
use crate::store::Store;
use anyhow::{Context as _, Result};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Mode of files that may hold a secret.
const SECRET_MODE: u32 = 0o600;
/// Largest copy of the last good configuration that is read, in bytes.
const LAST_GOOD_MAX: u64 = 2 * 1024 * 1024;
/// What to do when there is no way to anybody.
const NOBODY: &str =
    "nobody is told: set to = [\"you@example.org\"] under [alert] in osmon.toml, then osmon send-alert --test";
/// The same when the configuration is wrong.
const NOBODY_DESPITE: &str =
    "nobody is told: what is right of the configuration leads to nobody; osmon config check says what to mend";

/// Everything a step of a command needs.
#[derive(Debug, Clone)]
pub struct Context {
    pub out: Arc<Output>,
    pub config: Arc<Config>,
    pub store: Store,
    pub root: Root,
    pub now: Now,
    /// What is wrong with the configuration; then `config` is the last good one, or the default.
    pub problems: Arc<Vec<ConfigIssue>>,
    /// What is in force where there are problems, in words.
    pub instead: &'static str,
    loaded: Arc<Loaded>,
}

impl Context {
    /// Reads the configuration. A wrong one stops nothing: it is said, and the last good one is used.
    pub fn open(call: &Call) -> Result<Self> {
        Self::stand(call, &request(call))
    }

    /// The same for those who tell nobody anything, and so need not know whom and how.
    pub fn open_to_measure(call: &Call) -> Result<Self> {
        Self::stand(call, &Request { others: None, ..request(call) })
    }

    /// The same for those who show what is recorded, which must not be taken for nothing where it cannot be read.
    ///
    /// # Errors
    /// When the data directory is there and may not be read.
    pub fn open_to_read(call: &Call) -> Result<Self> {
        let context = Self::open(call)?;
        let directory = context.store.directory();
        match directory.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(error).with_context(|| format!("could not read {}; try it with sudo", directory.display()))
            }
            _ => Ok(context),
        }
    }

    fn stand(call: &Call, request: &Request) -> Result<Self> {
        let root = Root::new(call.common.root.as_deref());
        if !root.exists() {
            let given = call.common.root.clone().unwrap_or_default();
            return Err(ErrorKind::BadData(format!(
                "{} is no recorded host: it has no directory proc",
                given.display()
            ))
            .into());
        }
        let mut now = Now::read();
        now.wall = call.common.now.unwrap_or(now.wall);
        now.boottime_seconds = root.recorded_boottime().unwrap_or(now.boottime_seconds);
        let (loaded, problems, instead) = match load(request) {
            Ok(loaded) => (loaded, Vec::new(), ""),
            Err(problems) => {
                let (loaded, instead) = salvage(request, &problems, read_last_good).ok_or_else(|| {
                    let message = "the built-in default configuration could not be read (please report this)";
                    ErrorKind::Configuration(message.to_string())
                })?;
                (loaded, problems, instead)
            }
        };
        let store = Store::new(loaded.config.data_dir.clone());
        if call.scheduled {
            call.out.throttle_warnings(loaded.config.data_dir.clone(), now.wall);
        }
        for problem in &problems {
            call.out.warn(&format!("{problem}; going on with {instead}"));
        }
        Ok(Self {
            out: call.out.clone(),
            config: Arc::new(loaded.config.clone()),
            store,
            root,
            now,
            problems: Arc::new(problems),
            instead,
            loaded: Arc::new(loaded),
        })
    }

    /// The same place with its data elsewhere.
    pub fn with_store(&self, store: Store) -> Self {
        Self { store, ..self.clone() }
    }

    /// Remembers a good configuration for the day the file is wrong.
    pub fn keep_configuration(&self) {
        let path = last_good(self.store.directory());
        if let Some((_, text)) = self.loaded.file.as_ref().filter(|_| self.problems.is_empty())
            && read_at_most(&path, LAST_GOOD_MAX).ok().as_deref() != Some(text.as_bytes())
        {
            // Without it a wrong file falls back to the default: no reason to stop. It may hold a secret.
            let _ = replace(&path, text.as_bytes(), SECRET_MODE);
        }
    }

    /// What to say when there is no way to anybody; `None`: there is one.
    pub fn nobody(&self) -> Option<&'static str> {
        let advice = if self.problems.is_empty() { NOBODY } else { NOBODY_DESPITE };
        self.config.alert.routes.is_empty().then_some(advice)
    }

    /// How a command that did its work ends: with a code of its own where the configuration is wrong, because then it
    /// may not have done what was meant.
    pub fn exit(&self) -> Exit {
        if self.problems.is_empty() { Exit::Done } else { Exit::Configuration }
    }

    /// Says what is allowed in the configuration and probably not meant.
    pub fn say_warnings(&self) {
        for warning in self.loaded.warnings() {
            self.out.warn(&format!("warning: {warning}"));
        }
    }

    /// Key, value and place (`default`, a place in the file, a variable) of everything below a section.
    pub fn settings(&self, section: &[&str]) -> Vec<(String, String, String)> {
        let values = self.loaded.values().into_iter();
        let inside =
            values.filter(|(path, _, _)| path.len() > section.len() && path.iter().zip(section).all(|(a, b)| a == b));
        inside
            .map(|(path, value, place)| (path.last().cloned().unwrap_or_default(), value.to_string(), place))
            .collect()
    }

    /// Where the report is written.
    pub fn report_path(&self) -> PathBuf {
        let path = &self.config.report.path;
        if path.is_empty() { self.store.directory().join("report.html") } else { PathBuf::from(path) }
    }

    /// What keeps people from being told; empty: nothing.
    pub fn delivery_problems(&self) -> Vec<DeliveryProblem> {
        let ledger: Ledger = self.peek_state(LEDGER).unwrap_or_default();
        delivery_problems(self.store.directory(), &ledger, &self.config.alert.routes, self.now.wall)
    }

    /// A state file, for those who change nothing; that it is damaged is said.
    pub fn peek_state<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let loaded = self.store.peek_state(name);
        if let Some(notice) = loaded.notice {
            self.out.warn(&notice);
        }
        loaded.content
    }

    /// A state file; that a damaged one was set aside is said.
    pub fn load_state<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let loaded = self.store.load_state(name, &self.now);
        if let Some(notice) = loaded.notice {
            self.out.warn(&notice);
        }
        loaded.content
    }
}

/// The configuration that the command line and the environment ask for.
pub fn request(call: &Call) -> Request {
    let source = Source {
        file: call.common.config.clone(),
        data_dir: call.common.data_dir.clone(),
        environment: std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    };
    Request { source, others: Some(ALL_SECTIONS) }
}

/// Path of the last good configuration in a data directory.
fn last_good(directory: &Path) -> PathBuf {
    directory.join("state").join("last-good.toml")
}

fn read_last_good(directory: &Path) -> Option<String> {
    String::from_utf8(read_at_most(&last_good(directory), LAST_GOOD_MAX).ok()?).ok()
}
