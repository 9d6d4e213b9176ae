//! Where a command stands: configuration, store, host and the present time.

use crate::alert::{DeliveryProblem, LEDGER, Ledger, delivery_problems};
use crate::base::clock::Now;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{read_at_most, replace};
use crate::cli::{Call, Exit, Output};
use crate::config::alert::READER;
use crate::config::despite::{data_dir_despite, load_despite, load_without_variables};
use crate::config::load::load;
use crate::config::{Config, Loaded, Problem, Request};
use crate::probe::Root;
use crate::store::Store;
use anyhow::{Context as _, Result};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Mode of files that may hold a secret.
const SECRET_MODE: u32 = 0o600;
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
    pub problems: Arc<Vec<Problem>>,
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
        Self::stand(call, &Request { alert: None, ..asked(call) })
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
            Err(mut problems) => {
                let (loaded, instead, hidden) = fallback(request, &problems)?;
                problems.extend(hidden);
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
            && read_at_most(&path, 2 * 1024 * 1024).ok().as_deref() != Some(text.as_bytes())
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

/// What the flags and the environment ask the configuration to be.
pub fn request(call: &Call) -> Request {
    Request { alert: Some(READER), ..asked(call) }
}

fn asked(call: &Call) -> Request {
    Request {
        alert: None,
        file: call.common.config.clone(),
        data_dir: call.common.data_dir.clone(),
        instead: None,
        written: None,
        environment: std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
    }
}

fn last_good(directory: &std::path::Path) -> PathBuf {
    directory.join("state").join("last-good.toml")
}

/// The last good configuration, without one what is right of this one, else of the last good one, else the default;
/// always for the data directory that was meant, without variables that are wrong. And what it is, in words; and what
/// was found to be wrong besides.
fn fallback(request: &Request, problems: &[Problem]) -> Result<(Loaded, &'static str, Vec<Problem>)> {
    let directory = data_dir_despite(request);
    let placed = Request { data_dir: Some(directory.clone()), ..request.clone() };
    if let Some(loaded) = load_without_variables(&placed) {
        return Ok((loaded, "all that is right", Vec::new()));
    }
    let last_good = read_at_most(&last_good(&directory), 2 * 1024 * 1024);
    let last_good = last_good.ok().and_then(|text| String::from_utf8(text).ok());
    let known = last_good.map(|text| Request { instead: Some(text), ..placed.clone() });
    if let Some(loaded) = known.as_ref().and_then(load_without_variables) {
        return Ok((loaded, "the last good configuration", Vec::new()));
    }
    let (loaded, hidden) = load_despite(&placed, problems);
    if let Some(loaded) = loaded {
        return Ok((loaded, "all that is right", hidden));
    }
    if let Some(loaded) = known.as_ref().and_then(|known| load_despite(known, &load(known).err()?).0) {
        return Ok((loaded, "what is right of the last good configuration", hidden));
    }
    let nothing = load_without_variables(&Request { instead: Some(String::new()), ..placed });
    nothing.map(|loaded| (loaded, "the built-in defaults, which tell nobody", hidden)).ok_or_else(|| {
        let message = "the built-in default configuration could not be read (please report this)";
        ErrorKind::Configuration(message.to_string()).into()
    })
}
