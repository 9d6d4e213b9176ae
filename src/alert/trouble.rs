//! That people are not told, for those who look at the page, at `osmon status` or at a terminal.

use super::ledger::Ledger;
use super::outbox::{Outbox, Stage};
use crate::base::clock::{local_minute, parse};
use crate::base::text::{clean, plural};
use std::path::Path;

/// One thing that keeps people from being told, in words, with the command that changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// One line.
    pub text: String,
    /// Alerts were given up.
    pub is_loss: bool,
}

/// What keeps people from being told; empty: nothing. Reads two directories.
pub fn troubles(data_directory: &Path, ledger: &Ledger, is_anybody: bool) -> Vec<Trouble> {
    let outbox = Outbox::new(data_directory);
    let mut troubles = Vec::new();
    let dead = outbox.count(Stage::Dead);
    if dead > 0 {
        let text = format!(
            "{} never reached anybody and {} given up; look: osmon alerts; send again: osmon alerts retry",
            plural(dead, "alert"),
            if dead == 1 { "was" } else { "were" }
        );
        troubles.push(Trouble { text, is_loss: true });
    }
    if !is_anybody {
        return troubles;
    }
    let waiting = outbox.count(Stage::Waiting);
    for (target, known) in ledger.target.iter().filter(|(_, known)| !known.error.is_empty()) {
        let text = match parse(&known.failing_since) {
            Some(since) => format!(
                "{target} cannot be reached since {} ({}); {} {}; try: osmon send-alert --test",
                local_minute(since),
                clean(&known.error, 200),
                plural(waiting, "alert"),
                if waiting == 1 { "waits" } else { "wait" },
            ),
            None => format!("{target} is refused ({}); look at [alert] to", clean(&known.error, 200)),
        };
        troubles.push(Trouble { text, is_loss: false });
    }
    troubles
}
