//! The test message, by every way that alerts take.

use super::envelope::Envelope;
use super::ledger::{Ledger, target};
use super::message::{compose_test, test_note, test_subject};
use super::syslog::Line;
use super::transport::{Mail, Parcel, send_all};
use crate::base::net::attempt::{Attempt, Failure, Fate};
use crate::config::{Alert, Way};
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// What came of the test, for the next delivery. `is_idle`: no alert waits.
pub fn learn(tried: &[(String, Vec<String>, Attempt)], is_idle: bool, ledger: &mut Ledger) {
    for (name, to, attempt) in tried {
        for (number, _) in attempt.results.iter().enumerate().filter(|(_, result)| result.is_ok()) {
            ledger.reached(&target(name, to.get(number).map_or("", String::as_str)), is_idle);
        }
    }
}

/// Sends a test message by every way, and gives for each its name, its recipients and what came of it.
pub fn trial(settings: &Alert, host: &str, now: DateTime<Utc>) -> Vec<(String, Vec<String>, Attempt)> {
    let parcels = settings.routes.iter().map(|route| {
        let mail = || -> Result<Mail> {
            let envelope = Envelope::new(&settings.from, &route.to, host)?;
            let content = compose_test(&envelope, host, &settings.language, now)?.formatted();
            Ok(Mail { envelope, content, host: host.to_string() })
        };
        let broken =
            |error: anyhow::Error| Parcel::Broken(route.to.len(), Failure::new(Fate::Settings, format!("{error:#}")));
        match &route.way {
            Way::Smtp(smtp) => mail().map_or_else(broken, |mail| Parcel::Smtp(mail, smtp.clone())),
            Way::Sendmail(program) => mail().map_or_else(broken, |mail| Parcel::Sendmail(mail, program.clone())),
            Way::Webhook(hook) => Parcel::Webhook(test_note(host, &settings.language, now), hook.clone()),
            Way::Syslog(socket) => {
                let line = Line { level: 5, text: test_subject(host, &settings.language), id: "test".to_string() };
                Parcel::log(vec![line], socket, now)
            }
        }
    });
    let limit = Duration::from_secs(settings.smtp.timeout_seconds);
    let attempts = send_all(parcels.map(Parcel::on_trial).collect(), limit);
    let routes = settings.routes.iter().map(|route| (route.name.clone(), route.to.clone()));
    routes.zip(attempts).map(|((name, to), attempt)| (name, to, attempt)).collect()
}
