//! Determines that nobody can be notified: every channel has failed, and none has worked lately.

use super::ledger::{Ledger, target_name};
use super::planner::fingerprint;
use super::queue::recipients;
use super::target_state::TargetState;
use super::transport::missing_program;
use crate::base::clock::{local_minute, parse};
use crate::base::text::clean;
use crate::config::{self, Route};
use crate::model::locale::{Locale, key};
use chrono::{DateTime, TimeDelta, Utc};

/// Minutes for which a channel that has worked may fail before it counts as broken: mail servers restart.
const PATIENCE_MINUTES: i64 = 15;
/// Longest error that is shown, in characters.
const ERROR_MAX: usize = 120;

/// The reason why nobody can be notified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreachable {
    /// The configuration is invalid, and what is valid of it has no recipient.
    Misconfigured,
    /// No message was ever accepted; the last error.
    Never(String),
    /// No message was accepted since then; the last error.
    Since(DateTime<Utc>, String),
    /// The mail program is not installed; what is wrong.
    NoProgram(String),
}

impl Unreachable {
    /// One line: `nobody can be notified: …`.
    pub fn text(&self, locale: Locale) -> String {
        match self {
            Self::Misconfigured => locale.text(key::DELIVERY_NOBODY_VALID).to_string(),
            Self::Never(error) => locale.with(key::DELIVERY_NOBODY_YET, &clean(error, ERROR_MAX)),
            Self::Since(since, error) => {
                let (since, error) = (local_minute(*since), clean(error, ERROR_MAX));
                locale.fill(key::DELIVERY_NOBODY_SINCE, &[("time", &since), ("error", &error)])
            }
            Self::NoProgram(reason) => locale.with(key::DELIVERY_NOBODY, &clean(reason, ERROR_MAX)),
        }
    }
}

/// The reason why no configured recipient can be notified; `None` when one can, or when none is configured.
pub fn unreachable(ledger: &Ledger, settings: &config::Alert, now: DateTime<Utc>) -> Option<Unreachable> {
    let targets = settings.routes.iter().flat_map(|route| recipients(route).into_iter().map(move |to| (route, to)));
    let reasons: Option<Vec<Unreachable>> = targets.map(|(route, to)| of_target(ledger, route, &to, now)).collect();
    // The reason of the channel that worked last is the most useful one.
    reasons?.into_iter().max_by_key(|reason| match reason {
        Unreachable::Since(since, _) => Some(*since),
        _ => None,
    })
}

fn of_target(ledger: &Ledger, route: &Route, to: &str, now: DateTime<Utc>) -> Option<Unreachable> {
    if let Some(reason) = missing_program(route) {
        return Some(Unreachable::NoProgram(reason));
    }
    let name = target_name(&route.name, to);
    let state = ledger.target.get(&name)?;
    if state.settings != fingerprint(route) || state.error.is_empty() {
        return None;
    }
    let since = parse(&state.failing_since);
    if !has_worked(ledger, &name, state) {
        return Some(Unreachable::Never(state.error.clone()));
    }
    let since = since.filter(|since| now - *since >= TimeDelta::minutes(PATIENCE_MINUTES))?;
    Some(Unreachable::Since(since, state.error.clone()))
}

fn has_worked(ledger: &Ledger, target: &str, state: &TargetState) -> bool {
    // Earlier versions noted no time.
    let is_accepted = || ledger.result.values().any(|all| all.get(target).is_some_and(|result| result.accepted));
    !state.accepted.is_empty() || is_accepted()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::net::failure::{Failure, FailureKind};
    use crate::config::{Syslog, TransportConfig};
    use crate::model::incident::Severity;

    fn route(name: &str) -> Route {
        Route {
            name: name.to_string(),
            transport: TransportConfig::Syslog(Syslog { socket: String::new() }),
            to: Vec::new(),
            min_severity: Severity::Warning,
            window: None,
            fallback_for: String::new(),
        }
    }

    #[test]
    fn nobody_is_reachable_only_when_no_channel_is() {
        let now = parse("2026-11-20T02:05:00Z").unwrap();
        let mut settings = config::Alert::default();
        settings.routes = vec![route("a"), route("b")];
        let current = fingerprint(&settings.routes[0]);
        let mut ledger = Ledger::default();
        let failure = Failure::new(FailureKind::Temporary, "refused");
        let said = |ledger: &Ledger, minutes| unreachable(ledger, &settings, now + TimeDelta::minutes(minutes));
        assert_eq!(said(&ledger, 0), None, "nothing was tried");
        ledger.failed("a", current, &failure, now);
        assert_eq!(said(&ledger, 60), None, "the other was not tried");
        ledger.failed("b", current, &failure, now);
        assert_eq!(said(&ledger, 0), Some(Unreachable::Never("refused".to_string())));
        ledger.accepted("b", current, &[], "somebody", now);
        assert_eq!(said(&ledger, 60), None);
        ledger.failed("b", current, &failure, now);
        assert_eq!(said(&ledger, 14), None, "a server that restarts");
        assert_eq!(said(&ledger, 15), Some(Unreachable::Since(now, "refused".to_string())));
        ledger.failed("b", current + 1, &failure, now);
        assert_eq!(said(&ledger, 15), None, "other settings were not tried");
        assert_eq!(unreachable(&ledger, &config::Alert::default(), now), None, "none is configured");
    }

    #[test]
    fn a_test_message_shows_whether_a_channel_works() {
        let now = parse("2026-11-20T02:05:00Z").unwrap();
        let mut settings = config::Alert::default();
        settings.routes = vec![route("a")];
        let current = fingerprint(&settings.routes[0]);
        let mut ledger = Ledger::default();
        ledger.refused_test("a", current, "refused", now);
        assert_eq!(unreachable(&ledger, &settings, now), Some(Unreachable::Never("refused".to_string())));
        assert!(ledger.is_due("a", current, now), "alerts do not wait for it");
        ledger.reached("a", current, true, now);
        assert_eq!(unreachable(&ledger, &settings, now), None);
        ledger.refused_test("a", current, "refused", now);
        assert_eq!(unreachable(&ledger, &settings, now), None);
    }
}
