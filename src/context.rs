//! The context of a command: configuration, store, host root, clock and output.

pub mod access;
mod problems;

use crate::alert::{DeliveryProblem, LEDGER, Ledger, Unreachable, delivery_problems, unreachable};
use crate::archive::recover;
use crate::base::clock::Now;
use crate::base::error_kind::ErrorKind;
use crate::base::file::{dangling_link, missing_target, read_at_most, replace};
use crate::base::group::let_group_read;
use crate::cli::{Call, Exit, Output};
use crate::config::load::load;
use crate::config::location::Source;
use crate::config::read_others::ALL_SECTIONS;
use crate::config::salvage::salvage;
use crate::config::{Config, ConfigIssue, Loaded, Request};
use crate::host::Root;
use crate::store::{STREAMS, Store};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Mode of files that may hold a secret.
const SECRET_MODE: u32 = 0o600;
/// Largest copy of the last good configuration that is read, in bytes.
const LAST_GOOD_MAX: u64 = 2 * 1024 * 1024;
/// Advice when no recipient is configured.
const NOBODY: &str = "no alert recipient configured; set to = [\"you@example.org\"] under [alert] in osmon.toml, then run osmon send-alert --test";
/// Advice when an invalid configuration leaves no recipient.
const NOBODY_DESPITE: &str = "no alert recipient in the valid part of the configuration; run osmon config check";

/// Working context of a command and of each step of the pipeline.
#[derive(Debug, Clone)]
pub struct Context {
    /// Destination of results, information and warnings.
    pub out: Arc<Output>,
    /// The configuration in force.
    pub config: Arc<Config>,
    /// The data directory.
    pub store: Store,
    /// The root of the measured host: `/`, or a recorded one.
    pub root: Root,
    /// The clocks, read once at the start.
    pub now: Now,
    /// Problems of the configuration; if there are any, `config` is a fallback.
    pub problems: Arc<Vec<ConfigIssue>>,
    /// Description of the fallback.
    pub instead: &'static str,
    loaded: Arc<Loaded>,
    /// Place of the configuration file, whether it exists or not.
    configuration_path: PathBuf,
    /// `[report] path` is the page of another data directory than this one.
    is_page_of_others: bool,
}

impl Context {
    /// Opens with the configuration in force. An invalid one stops nothing: it is reported, and a fallback is used.
    ///
    /// # Errors
    /// When the host root is not one.
    pub fn open(call: &Call) -> Result<Self> {
        Self::open_with(call, &request(call))
    }

    /// Like [`Context::open`], without reading `[alert]`: for commands that send no alerts.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub fn open_to_measure(call: &Call) -> Result<Self> {
        Self::open_with(call, &Request { others: None, ..request(call) })
    }

    /// Like [`Context::open`], for commands that show recorded data: a directory that is not mounted must not look empty.
    ///
    /// # Errors
    /// When the data directory or a part of it is a link to nothing.
    pub fn open_to_read(call: &Call) -> Result<Self> {
        let context = Self::open(call)?;
        let directory = context.store.directory();
        if dangling_link(directory).is_some() {
            context.store.create()?;
        }
        match STREAMS.iter().find_map(|stream| missing_target(&directory.join(stream))) {
            Some(message) => Err(ErrorKind::BadData(message).into()),
            None => Ok(context),
        }
    }

    /// Like [`Context::open`], with a request of the caller's.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub fn open_with(call: &Call, request: &Request) -> Result<Self> {
        let context = Self::open_unsaid(call, request)?;
        context.say_problems();
        Ok(context)
    }

    /// Like [`Context::open_with`]; the caller reports an invalid configuration with [`Context::say_problems`].
    ///
    /// # Errors
    /// As [`Context::open`].
    pub fn open_unsaid(call: &Call, request: &Request) -> Result<Self> {
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
        if call.shares_system {
            access::configuration(&request.source)?;
        }
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
        let_group_read();
        let store = Store::new(loaded.config.data_dir.clone());
        if call.shares_system {
            access::data(store.directory())?;
        }
        let recovered = recover(store.directory());
        if call.scheduled {
            call.out.throttle_warnings(loaded.config.data_dir.clone(), now.wall);
        }
        match recovered {
            Ok(done) => done.iter().for_each(|done| call.out.warn(done)),
            Err(error) if store.directory().exists() => call.out.warn(&format!("{error:#}")),
            // A new history would begin.
            Err(error) => return Err(error),
        }
        let text = loaded.file.as_ref().map(|(_, text)| text.as_str());
        let is_page_of_others = !loaded.config.report.path.is_empty()
            && !loaded.is_set_by_variable(&["report", "path"])
            && request.source.is_elsewhere(text);
        Ok(Self {
            out: call.out.clone(),
            config: Arc::new(loaded.config.clone()),
            store,
            root,
            now,
            problems: Arc::new(problems),
            instead,
            loaded: Arc::new(loaded),
            configuration_path: request.source.path(),
            is_page_of_others,
        })
    }

    /// Returns the same context with another data directory.
    pub fn with_store(&self, store: Store) -> Self {
        Self { store, ..self.clone() }
    }

    /// Keeps a valid configuration as the fallback for a later invalid one.
    pub fn keep_configuration(&self) {
        let path = last_good(self.store.directory());
        if let Some((_, text)) = self.loaded.file.as_ref().filter(|_| self.problems.is_empty())
            && read_at_most(&path, LAST_GOOD_MAX).ok().as_deref() != Some(text.as_bytes())
        {
            // Without it an invalid file falls back to the defaults: no reason to fail. It may hold a secret.
            let _ = replace(&path, text.as_bytes(), SECRET_MODE);
        }
    }

    /// Advice when no recipient is configured; `None` when there is one.
    pub fn nobody(&self) -> Option<&'static str> {
        let advice = if self.problems.is_empty() { NOBODY } else { NOBODY_DESPITE };
        self.config.alert.routes.is_empty().then_some(advice)
    }

    /// The exit code of a command that did its work: [`Exit::Configuration`] when the configuration is invalid, because
    /// the fallback may differ from what was intended.
    pub fn exit(&self) -> Exit {
        if self.problems.is_empty() { Exit::Done } else { Exit::Configuration }
    }

    /// The configuration file that is in force, if there is one.
    pub fn configuration_file(&self) -> Option<&str> {
        self.loaded.file.as_ref().and_then(|(path, _)| path.to_str())
    }

    /// Place of the configuration file, whether it exists or not.
    pub fn configuration_path(&self) -> &Path {
        self.loaded.file.as_ref().map_or(&self.configuration_path, |(path, _)| path)
    }

    /// Checksum of the configuration file in force, 8 hexadecimal digits; empty when there is none.
    pub fn configuration_checksum(&self) -> String {
        let text = self.loaded.file.as_ref().map(|(_, text)| text);
        text.map(|text| format!("{:08x}", crc32fast::hash(text.as_bytes()))).unwrap_or_default()
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

    /// Path of the page: `[report] path`, else in the data directory. A data directory that is named in the call has its own
    /// page, so that a look at another history does not replace the published one of this host.
    pub fn report_path(&self) -> PathBuf {
        self.published_page().unwrap_or_else(|| self.store.directory().join("report.html"))
    }

    /// `[report] path`, if it is the page of this data directory.
    pub fn published_page(&self) -> Option<PathBuf> {
        let path = &self.config.report.path;
        (!path.is_empty() && !self.is_page_of_others).then(|| PathBuf::from(path))
    }

    /// Problems that prevent the delivery of alerts; empty when there are none.
    pub fn delivery_problems(&self) -> Vec<DeliveryProblem> {
        let ledger: Ledger = self.peek_state(LEDGER).unwrap_or_default();
        let of_alert = self.problems.iter().filter(|problem| problem.path.first().is_some_and(|key| key == "alert"));
        let settings = of_alert.map(|problem| DeliveryProblem::Misconfigured { error: problem.to_string() });
        let known = delivery_problems(self.store.directory(), &ledger, &self.config.alert, self.now.wall);
        settings.chain(known).collect()
    }

    /// The reason why nobody can be notified; `None` when somebody can, or when no recipient was ever configured.
    pub fn unreachable(&self) -> Option<Unreachable> {
        if !self.problems.is_empty() && self.config.alert.routes.is_empty() {
            return Some(Unreachable::Misconfigured);
        }
        let ledger: Ledger = self.store.peek_state(LEDGER).content.unwrap_or_default();
        unreachable(&ledger, &self.config.alert, self.now.wall)
    }

    /// Reads a state file without changing anything. Damage is reported, and the previous generation is used.
    pub fn peek_state<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let loaded = self.store.peek_state(name);
        if let Some(notice) = loaded.notice {
            self.out.warn(&notice);
        }
        loaded.content
    }

    /// Reads a state file. A damaged one is reported and moved aside, and the previous generation is used.
    pub fn load_state<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let loaded = self.store.load_state(name, &self.now);
        if let Some(notice) = loaded.notice {
            self.out.warn(&notice);
        }
        loaded.content
    }
}

/// The configuration requested by flags and environment.
pub fn request(call: &Call) -> Request {
    let source = Source {
        file: call.common.config.clone(),
        data_dir: call.common.data_dir.clone(),
        environment: std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        shares_system: call.shares_system,
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
