//! The test message: through the channels of the drafted configuration, before anything is written.

use super::found::named;
use crate::alert::{TestSend, test_send};
use crate::base::clock::Now;
use crate::base::net::failure::Failure;
use crate::cli::Call;
use crate::cli::output::Style;
use crate::config::Alert;
use crate::host::Root;
use serde_json::{Value, json};

/// The results of a test message.
pub struct Tried {
    /// By channel.
    pub sends: Vec<TestSend>,
}

/// Sends the test message through every channel.
pub fn send(call: &Call, alert: &Alert) -> Tried {
    let root = Root::new(call.common.root.as_deref());
    let now = call.common.now.unwrap_or_else(|| Now::read().wall);
    Tried { sends: test_send(alert, &root.host_name(), &root.full_name(), now) }
}

impl Tried {
    /// Returns whether at least one recipient accepted it.
    pub fn is_accepted(&self) -> bool {
        self.sends.iter().any(|send| send.attempt.results.iter().any(Result::is_ok))
    }

    /// The reason of the first failure; empty without one.
    pub fn trouble(&self) -> String {
        self.failures().next().map(|failure| failure.reason.clone()).unwrap_or_default()
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.sends.iter().flat_map(|send| &send.attempt.results).filter_map(|result| result.as_ref().err())
    }

    /// A line for each recipient.
    pub fn lines(&self, call: &Call) -> Vec<String> {
        let mut lines = Vec::new();
        for (to, result) in self.results() {
            let name = if lines.is_empty() { "test mail" } else { "" };
            let (style, text) = match result {
                Ok(by) => (Style::Good, format!("{to}: {by}")),
                Err(failure) => (Style::Bad, format!("{to}: not accepted: {}", failure.reason)),
            };
            let texts = named(name, &text).into_iter();
            lines.extend(texts.map(|line| match line.split_at_checked(12) {
                Some((name, text)) => format!("{name}{}", call.out.paint(style, text)),
                None => line,
            }));
        }
        lines
    }

    /// Recipient, or channel, and result.
    fn results(&self) -> impl Iterator<Item = (&str, &Result<String, Failure>)> {
        self.sends.iter().flat_map(|send| {
            let to = |at: usize| send.to.get(at).map_or(send.route.as_str(), String::as_str);
            send.attempt.results.iter().enumerate().map(move |(at, result)| (to(at), result))
        })
    }

    /// One object per recipient or channel.
    pub fn to_json(&self) -> Value {
        let of = |send: &TestSend| {
            let results = send.attempt.results.iter().enumerate().map(|(at, result)| match result {
                Ok(by) => json!({ "channel": send.route, "to": send.to.get(at), "accepted": true, "by": by }),
                Err(failure) => {
                    json!({ "channel": send.route, "to": send.to.get(at), "accepted": false, "why": failure.reason })
                }
            });
            results.collect::<Vec<_>>()
        };
        self.sends.iter().flat_map(of).collect()
    }
}

/// The advice for a failure: usually the flag to change.
pub fn advice(reason: &str) -> &'static str {
    let text = reason.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match () {
        () if has(&["certificate"]) => "trust the certificate with --ca-file FILE, or name another host with --smtp",
        () if has(&["exit status 67"]) => "check the address: --to",
        () if has(&["exit status", "no mail program"]) => {
            "check the configuration of that program, or send with --smtp HOST[:PORT]"
        }
        () if has(&["login refused", "password"]) => "check --user and the password",
        () if has(&["helo_name"]) => "name this host with --helo-name web-01.example.org",
        () if has(&["[alert] from", "sender"]) => "set a sender that the server accepts with --from",
        () if has(&["recipient", "relay access", "user unknown"]) => "check the address: --to",
        () if has(&["status 4", "webhook", "url"]) => "check the URL: --webhook",
        () if has(&["starttls", "tls"]) => "check --security (starttls, tls, none) and the port",
        () => "check the server and its port: --smtp HOST:PORT",
    }
}
