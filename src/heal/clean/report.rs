//! The report of a cleaning run: what was removed, what stays, and why.

use super::kept::Kept;
use crate::model::action::{Outcome, Status};
use crate::model::message::{Arg, Message};
use std::collections::BTreeMap;
use std::path::Path;

/// Largest number of examples.
const EXAMPLES_MAX: usize = 20;
/// Longest path in an example, in characters.
const PATH_MAX: usize = 255;
/// A metric in bytes: its name decides how a size is written.
const BYTES: &str = "freed_bytes";

/// The reason why a run ended before it was through with its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Enough was freed.
    Enough,
    /// The limit of a run, by number or size, would have been passed.
    Limit,
    /// No time was left.
    Time,
}

/// The report of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Space freed, in bytes.
    pub freed: u64,
    /// Number of files and directories removed.
    pub removed: u64,
    /// Paths of removed entries.
    pub examples: Vec<String>,
    /// Entries that stay, by reason.
    pub kept: BTreeMap<Kept, u64>,
    /// The reason why it ended early; `None`: it did not.
    pub ended: Option<Ended>,
    noted: Vec<(String, Kept)>,
}

impl Report {
    /// Adds an entry that was removed.
    pub fn remove(&mut self, path: &Path) {
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(shown(path));
        }
    }

    /// Adds an entry that stays.
    pub fn keep(&mut self, path: &Path, why: Kept) {
        *self.kept.entry(why).or_default() += 1;
        if why != Kept::Young && self.noted.len() < EXAMPLES_MAX {
            self.noted.push((shown(path), why));
        }
    }

    /// Adds entries that are too young.
    pub fn keep_young(&mut self, count: u64) {
        if count > 0 {
            *self.kept.entry(Kept::Young).or_default() += count;
        }
    }

    /// The entries that stay and the reasons, as the end of a sentence; empty if nothing stays.
    pub fn left(&self) -> Arg {
        let reasons = self.kept.iter().map(|(why, count)| {
            Arg::Message(Message::named(&format!("clean.{}", why.word())).with("count", Arg::Count(*count)))
        });
        let ended = self.ended.map(|ended| {
            let word = match ended {
                Ended::Enough => "enough",
                Ended::Limit => "limit",
                Ended::Time => "time",
            };
            Arg::Message(Message::named(&format!("clean.ended_{word}")))
        });
        let list: Vec<Arg> = reasons.chain(ended).collect();
        if list.is_empty() {
            return Arg::Text(String::new());
        }
        Arg::Message(Message::named("clean.left").with("list", Arg::List { list }))
    }

    /// The outcome of an action that wrote this report.
    pub fn outcome(&self, directory: &str, is_dry: bool) -> Outcome {
        if self.removed == 0 {
            let message = Message::named("clean.nothing").with("directory", directory).with("left", self.left());
            let english = |(path, why): &(String, Kept)| {
                let reason = Message::named(&format!("clean.{}", why.word())).with("count", Arg::Count(1));
                format!("{path}: {}", reason.english())
            };
            let examples = self.noted.iter().map(english).collect();
            return Outcome {
                freed_bytes: Some(0),
                removed: Some(0),
                examples,
                ..Outcome::new(Status::Failed, message)
            };
        }
        let (status, key) =
            if is_dry { (Status::Simulated, "clean.would_free") } else { (Status::Done, "clean.freed") };
        let message = Message::named(key)
            .with("directory", directory)
            .with_value("size", BYTES, self.freed as f64)
            .with("count", Arg::Count(self.removed))
            .with("left", self.left());
        Outcome {
            freed_bytes: Some(self.freed),
            removed: Some(self.removed),
            examples: self.examples.clone(),
            ..Outcome::new(status, message)
        }
    }
}

fn shown(path: &Path) -> String {
    crate::base::text::clean_bytes(path.as_os_str().as_encoded_bytes(), PATH_MAX)
}
