//! What was done, told step by step, and as JSON at the end.

use super::found::{Found, named};
use super::trial::{Tried, advice};
use crate::cli::{Call, Exit};
use crate::setup::config_file::Draft;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What was done so far.
pub struct Report {
    json: Map<String, Value>,
    /// Why the set-up does not end well, and its exit status; the first reason counts.
    failure: Option<(String, Exit)>,
    /// Somebody accepted the test message.
    pub is_somebody_reached: bool,
}

impl Report {
    /// Nothing yet.
    pub fn new(found: &Found) -> Self {
        let json = Map::from_iter([("schema".to_string(), json!(1)), ("found".to_string(), found.to_json())]);
        Self { json, failure: None, is_somebody_reached: false }
    }

    /// Tells of a step.
    pub fn step(&self, call: &Call, name: &str, text: &str) {
        if !call.out.json {
            named(name, text).iter().for_each(|line| call.out.print(line));
        }
    }

    /// Keeps a part of the result for programs.
    pub fn keep(&mut self, key: &str, value: Value) {
        self.json.insert(key.to_string(), value);
    }

    /// Keeps why the set-up does not end well.
    pub fn fail(&mut self, reason: String, exit: Exit) {
        self.failure.get_or_insert((reason, exit));
    }

    /// Forgets the failure of an earlier attempt.
    pub fn retry(&mut self) {
        self.failure = None;
    }

    /// Tells of the test message.
    pub fn test(&mut self, call: &Call, tried: &Tried) {
        if !call.out.json {
            tried.lines(call).iter().for_each(|line| call.out.print(line));
        }
        self.keep("test", tried.to_json());
        self.is_somebody_reached = tried.is_accepted();
        if !self.is_somebody_reached {
            let reason = tried.trouble();
            self.fail(format!("nobody can be notified: {reason}; {}", advice(&reason)), Exit::Io);
        }
    }

    /// Prints the configuration that would be written.
    pub fn dry_run(mut self, call: &Call, draft: &Draft) -> Exit {
        if call.out.json {
            self.keep("configuration", json!(draft.text));
        } else {
            call.out.print(draft.text.trim_end());
        }
        self.end(call)
    }

    /// Ends without a change.
    pub fn stopped(mut self, call: &Call, settings: &Path) -> Exit {
        self.step(call, "settings", &format!("{} (unchanged)", settings.display()));
        self.keep("settings", json!({ "file": settings.display().to_string(), "changed": false }));
        self.fail("stopped; nothing was changed".to_string(), Exit::Io);
        self.end(call)
    }

    /// Ends: prints the result for programs and the reason of a failure.
    pub fn end(mut self, call: &Call) -> Exit {
        let (reason, exit) = self.failure.take().unwrap_or((String::new(), Exit::Done));
        if !reason.is_empty() {
            self.keep("error", json!(reason));
        }
        self.keep("exit", json!(exit as u8));
        if call.out.json {
            call.out.print(&Value::Object(self.json).to_string());
        }
        if !reason.is_empty() {
            call.out.warn(&reason);
        }
        exit
    }
}
