//! Tells people of each step as it is done; prints the whole as JSON at the end.

use super::found::{Found, named};
use super::trial::{Tried, shown};
use crate::cli::{Call, Exit};
use crate::setup::config_file::Draft;
use serde_json::{Map, Value, json};
use std::path::Path;

/// The steps that are done, and the first failure.
pub struct Report<'a> {
    /// The call of the command.
    pub call: &'a Call,
    json: Map<String, Value>,
    /// The first failure: its reason and exit status.
    failure: Option<(String, Exit)>,
    /// Somebody accepted the test message.
    pub is_somebody_reached: bool,
}

impl<'a> Report<'a> {
    /// A report without a step.
    pub fn new(call: &'a Call, found: &Found) -> Self {
        let json = Map::from_iter([("schema".to_string(), json!(1)), ("found".to_string(), found.to_json())]);
        Self { call, json, failure: None, is_somebody_reached: false }
    }

    /// Tells of a step.
    pub fn step(&self, name: &str, text: &str) {
        if !self.call.out.json {
            named(name, text).iter().for_each(|line| self.call.out.print(line));
        }
    }

    /// Adds a value to the JSON.
    pub fn keep(&mut self, key: &str, value: Value) {
        self.json.insert(key.to_string(), value);
    }

    /// Notes a failure; only the first one counts.
    pub fn fail(&mut self, reason: String, exit: Exit) {
        self.failure.get_or_insert((reason, exit));
    }

    /// Forgets the failure of an earlier attempt.
    pub fn retry(&mut self) {
        self.failure = None;
    }

    /// Tells of the test message.
    pub fn test(&mut self, tried: &Tried) {
        if !self.call.out.json {
            tried.lines(self.call).iter().for_each(|line| self.call.out.print(line));
        }
        self.keep("test", tried.to_json());
        self.is_somebody_reached = tried.is_accepted();
        if !self.is_somebody_reached {
            let (reason, advice) = (shown(&tried.trouble()), tried.advice());
            self.fail(format!("nobody can be notified: {reason}; {advice}"), Exit::Io);
        }
    }

    /// Tells that the new webhook did not accept the message.
    pub fn webhook_refused(&mut self, why: &str) {
        self.step("webhook", "not saved: it did not accept the message");
        self.fail(format!("the webhook is not saved: {why}; check the URL: --webhook"), Exit::Io);
    }

    /// Prints the configuration that would be written.
    pub fn dry_run(mut self, draft: &Draft) -> Exit {
        if self.call.out.json {
            self.keep("configuration", json!(draft.text));
        } else {
            self.call.out.print(draft.text.trim_end());
        }
        self.end()
    }

    /// Ends without a change.
    pub fn stopped(mut self, settings: &Path) -> Exit {
        self.step("settings", &format!("{} (unchanged)", settings.display()));
        self.keep("settings", json!({ "file": settings.display().to_string(), "changed": false }));
        self.fail("stopped; nothing was changed".to_string(), Exit::Io);
        self.end()
    }

    /// Ends: prints the JSON and the reason of a failure.
    pub fn end(mut self) -> Exit {
        let (reason, exit) = self.failure.take().unwrap_or((String::new(), Exit::Done));
        if !reason.is_empty() {
            self.keep("error", json!(reason));
        }
        self.keep("exit", json!(exit as u8));
        if self.call.out.json {
            self.call.out.print(&Value::Object(self.json).to_string());
        }
        if !reason.is_empty() {
            self.call.out.warn(&reason);
        }
        exit
    }
}
