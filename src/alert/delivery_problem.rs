//! That people are not told, for those who look at the page, at `osmon status` or at a terminal.

use super::ledger::{Ledger, Target, target};
use super::outbox::{Outbox, Stage};
use super::plan::{Field, recipients, settings};
use crate::base::clock::{local_minute, parse};
use crate::base::text::{clean, plural};
use crate::config::Route;
use chrono::{DateTime, Utc};
use std::path::Path;

/// One thing that keeps people from being told, in words, with the command that changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryProblem {
    /// One line.
    pub text: String,
    /// Alerts were given up.
    pub is_loss: bool,
}

/// What keeps people from being told; empty: nothing. Reads two directories, and the alerts that wait where somebody cannot
/// be reached.
pub fn delivery_problems(
    data_directory: &Path,
    ledger: &Ledger,
    routes: &[Route],
    now: DateTime<Utc>,
) -> Vec<DeliveryProblem> {
    let outbox = Outbox::new(data_directory);
    let mut troubles = Vec::new();
    let dead = outbox.count(Stage::Dead);
    if dead > 0 {
        let text = format!(
            "{} never reached anybody and {} given up; look: osmon alerts; send again: osmon alerts retry",
            plural(dead, "alert"),
            if dead == 1 { "was" } else { "were" }
        );
        troubles.push(DeliveryProblem { text, is_loss: true });
    }
    if routes.is_empty() || ledger.target.values().all(|known| known.error.is_empty()) {
        return troubles;
    }
    // What cannot be read is said by those who send.
    let alerts = outbox.waiting().unwrap_or_default().alerts;
    let field = Field { routes, alerts: &alerts, limits: (0, 0), now };
    for route in routes {
        for to in recipients(route) {
            let name = target(&route.name, &to);
            let Some(known) = ledger.target.get(&name).filter(|known| !known.error.is_empty()) else { continue };
            let waiting = field.waits_for(route, &to, ledger).len();
            // Of other settings nothing is known before they are tried.
            if waiting > 0 || known.settings == settings(route) {
                troubles.push(DeliveryProblem { text: said(&name, known, waiting), is_loss: false });
            }
        }
    }
    troubles
}

fn said(name: &str, known: &Target, waiting: usize) -> String {
    let error = clean(&known.error, 200);
    let Some(since) = parse(&known.failing_since) else {
        return format!("{name} is refused ({error}); look at [alert] to");
    };
    let waits = match waiting {
        0 => "nothing waits for it now".to_string(),
        1 => "1 alert waits for it".to_string(),
        count => format!("{count} alerts wait for it"),
    };
    format!("{name} cannot be reached since {} ({error}); {waits}; try: osmon send-alert --test", local_minute(since))
}
