//! Checks notification: recipients, transports, names, and the last accepted message.

use super::check::Check;
use crate::alert::{LEDGER, Ledger, reach, test_send};
use crate::base::units::duration;
use crate::config::{Route, TransportConfig, parse_address};
use crate::context::Context;
use crate::host::full_name::is_full;
use crate::pipeline::test_results::remember;
use crate::query::health::seconds_between;
use std::time::Duration;

/// Time limit of each connection.
const LIMIT: Duration = Duration::from_secs(5);
/// The command that shows whether alerts arrive.
const TEST: &str = "osmon send-alert --test";

/// Recipients, transports, sender and HELO, and the last acceptance.
pub fn checks(context: &Context, is_sending: bool) -> Vec<Check> {
    let routes = &context.config.alert.routes;
    if routes.is_empty() {
        let text = "no alert recipient is configured: nobody is notified";
        return vec![match context.problems.is_empty() {
            true => Check::warn("recipients", text, "osmon init, or set to under [alert]"),
            false => Check::fail("recipients", text, "osmon config check"),
        }];
    }
    let mut checks = vec![Check::ok("recipients", recipients(routes))];
    let full = context.root.full_name();
    checks.extend(if is_sending { send(context, &full) } else { transports(routes, &full) });
    if routes.iter().any(|route| route.transport.is_mail()) {
        checks.push(names(routes, &context.config.alert.from, &full));
    }
    let ledger: Ledger = context.peek_state(LEDGER).unwrap_or_default();
    let age = ledger.last_accepted().map(|time| seconds_between(time, context.now.wall));
    let problems = context.unreachable().map(|reason| reason.text(crate::model::locale::Locale::En));
    checks.push(accepted(age, problems));
    checks
}

fn recipients(routes: &[Route]) -> String {
    let named = |route: &Route| match route.to.is_empty() {
        true => route.name.clone(),
        false => format!("{}: {}", route.name, route.to.join(", ")),
    };
    routes.iter().map(named).collect::<Vec<_>>().join("; ")
}

fn transports(routes: &[Route], full: &str) -> Vec<Check> {
    let answers = reach(routes, full, LIMIT);
    let check = |(route, answer): (&Route, Result<String, String>)| {
        let name = &route.name;
        let is_unreadable = |reason: &String| reason.contains("Permission denied") && !nix::unistd::geteuid().is_root();
        match answer {
            Ok(text) => Check::ok("transport", format!("{name}: {text}")),
            Err(reason) if is_unreadable(&reason) => {
                Check::warn("transport", format!("{name}: not tried: {reason}"), "sudo osmon doctor")
            }
            Err(reason) => Check::fail("transport", format!("{name}: {reason}"), TEST),
        }
    };
    routes.iter().zip(answers).map(check).collect()
}

/// Sends a test message, and remembers the result.
fn send(context: &Context, full: &str) -> Vec<Check> {
    let sends = test_send(&context.config.alert, &context.root.host_name(), full, context.now.wall);
    // A result that could not be saved says nothing about the transport.
    let _ = remember(context, &sends);
    let check =
        |send: &crate::alert::TestSend| match send.attempt.results.iter().find_map(|result| result.as_ref().err()) {
            Some(failure) => Check::fail("transport", format!("{}: {}", send.route, failure.reason), TEST),
            None => {
                let by = send.attempt.results.iter().flatten().next().cloned().unwrap_or_default();
                Check::ok("transport", format!("{}: test message {by}", send.route))
            }
        };
    sends.iter().map(check).collect()
}

/// Many servers refuse senders and greetings without a domain.
fn names(routes: &[Route], from: &str, full: &str) -> Check {
    let sender = match from.is_empty() {
        true => full.to_string(),
        false => parse_address(from).map(|mailbox| mailbox.email.domain().to_string()).unwrap_or_default(),
    };
    let greets = |route: &Route| match &route.transport {
        TransportConfig::Smtp(smtp) if smtp.helo_name.is_empty() => Some(full.to_string()),
        TransportConfig::Smtp(smtp) => Some(smtp.helo_name.clone()),
        _ => None,
    };
    if !is_full(&sender) {
        let text = format!("the sender has no full domain ({sender}); many servers refuse it");
        return Check::warn("names", text, "set from = \"osmon@example.org\" under [alert]");
    }
    match routes.iter().filter_map(greets).find(|name| !is_full(name)) {
        Some(name) => {
            let text = format!("this host greets mail servers as {name}, without a domain; many refuse that");
            Check::warn("names", text, "set helo_name = \"web-01.example.org\" under [alert.smtp]")
        }
        None => Check::ok("names", format!("sender @{sender}, this host {full}")),
    }
}

fn accepted(age: Option<f64>, unreachable: Option<String>) -> Check {
    match (unreachable, age) {
        (Some(reason), _) => Check::fail("accepted", reason, TEST),
        (None, Some(age)) => Check::ok("accepted", format!("the last message {} ago", duration(age))),
        (None, None) => Check::warn("accepted", "never: no message was accepted yet", TEST),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;
    use crate::config::{Sendmail, Smtp};
    use crate::model::incident::Severity;

    fn route(transport: TransportConfig) -> Route {
        Route {
            name: "mail".to_string(),
            transport,
            to: vec!["ops@example.org".to_string()],
            min_severity: Severity::Warning,
            window: None,
            fallback_for: String::new(),
        }
    }

    #[test]
    fn sender_and_greeting_have_a_domain() {
        let smtp = |helo: &str| route(TransportConfig::Smtp(Smtp { helo_name: helo.into(), ..Smtp::default() }));
        let sendmail = || route(TransportConfig::Sendmail(Sendmail::default()));
        let cases = [
            (smtp(""), "", "web-01.example.org", State::Ok),
            (smtp(""), "", "web-01", State::Warn),
            (smtp(""), "o@example.org", "web-01", State::Warn),
            (smtp("web.example.org"), "o@example.org", "web-01", State::Ok),
            (sendmail(), "o@example.org", "web-01", State::Ok),
            (sendmail(), "o@web-01.localdomain", "web-01", State::Warn),
        ];
        for (route, from, full, state) in cases {
            let check = names(&[route], from, full);
            assert_eq!(check.state, state, "{check:?} {from} {full}");
        }
    }

    #[test]
    fn that_nothing_was_ever_accepted_is_said() {
        assert_eq!(accepted(None, None).state, State::Warn);
        assert_eq!(accepted(Some(60.0), None).state, State::Ok);
        assert_eq!(accepted(Some(60.0), Some("nobody".to_string())).state, State::Fail);
    }
}
