//! Sends a test message through every route.

use super::attempt::Attempt;
use super::draft::{Draft, Subject};
use super::ledger::{Ledger, target_name};
use super::outgoing::{OutgoingMessage, send_all};
use super::planner::fingerprint;
use crate::config::{Alert, Route};
use crate::model::locale::Locale;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// A test message by one route.
#[derive(Debug, Clone)]
pub struct TestSend {
    /// Name of the route.
    pub route: String,
    /// Recipients; empty if the route has none.
    pub to: Vec<String>,
    /// Fingerprint of its settings.
    pub settings: u32,
    /// Result of the attempt.
    pub attempt: Attempt,
}

impl TestSend {
    /// Moves the result to the present settings of its route, because a secret got its own file after the test.
    pub fn under(&self, settings: &Alert) -> Self {
        let route = settings.routes.iter().find(|route| route.name == self.route);
        Self { settings: route.map_or(self.settings, fingerprint), ..self.clone() }
    }
}

/// Sends a test message through every route, concurrently.
pub fn test_send(settings: &Alert, host: &str, full_host: &str, now: DateTime<Utc>) -> Vec<TestSend> {
    let message = |route: &Route| {
        let (from, language) = (&settings.from, Locale::from_tag(&settings.language));
        OutgoingMessage::new(
            route,
            &Draft { from, to: &route.to, host, full_host, language, now, subject: Subject::Test },
        )
    };
    let usual = Duration::from_secs(settings.smtp.timeout_seconds);
    let attempts = send_all(settings.routes.iter().map(message).collect(), usual, Duration::MAX);
    let sends = settings.routes.iter().zip(attempts);
    sends
        .map(|(route, attempt)| TestSend {
            route: route.name.clone(),
            to: route.to.clone(),
            settings: fingerprint(route),
            attempt,
        })
        .collect()
}

/// Records in the ledger which targets were reached. With an empty outbox (`is_idle`) they are no longer failing.
pub fn note_reached(sends: &[TestSend], is_idle: bool, ledger: &mut Ledger, now: DateTime<Utc>) {
    for TestSend { route, to, settings, attempt } in sends {
        for (number, result) in attempt.results.iter().enumerate() {
            let target = target_name(route, to.get(number).map_or("", String::as_str));
            match result {
                Ok(_) => ledger.reached(&target, *settings, is_idle, now),
                Err(failure) => ledger.refused_test(&target, *settings, &failure.reason, now),
            }
        }
    }
}
