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

/// Names of the channels that init sets for a webhook.
pub const WEBHOOKS: [&str; 2] = ["webhook", "chat"];
/// The advice for them.
const WEBHOOK_ADVICE: &str = "check the URL: --webhook";

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
        self.failures().next().map(|(_, failure)| failure.reason.clone()).unwrap_or_default()
    }

    /// The advice for the first failure: usually the flag to change.
    pub fn advice(&self) -> String {
        match self.failures().next() {
            Some((send, _)) if WEBHOOKS.contains(&send.route.as_str()) => WEBHOOK_ADVICE.to_string(),
            Some((send, _)) if send.to.is_empty() => format!("check [alert.route.{}]", send.route),
            Some((_, failure)) => advice(&failure.reason).to_string(),
            None => String::new(),
        }
    }

    /// The reason why the webhook that init sets did not accept the message.
    pub fn webhook_trouble(&self) -> Option<String> {
        let mut failures = self.failures().filter(|(send, _)| WEBHOOKS.contains(&send.route.as_str()));
        failures.next().map(|(_, failure)| shown(&failure.reason))
    }

    /// A copy without the webhook that init sets.
    pub fn without_webhook(mut self) -> Self {
        self.sends.retain(|send| !WEBHOOKS.contains(&send.route.as_str()));
        self
    }

    fn failures(&self) -> impl Iterator<Item = (&TestSend, &Failure)> {
        self.sends.iter().flat_map(|send| {
            let results = send.attempt.results.iter();
            results.filter_map(move |result| Some((send, result.as_ref().err()?)))
        })
    }

    /// A line for each recipient.
    pub fn lines(&self, call: &Call) -> Vec<String> {
        let mut lines = Vec::new();
        for (is_mail, to, result) in self.results() {
            let name = match is_mail {
                true if lines.is_empty() => "test mail",
                true => "",
                false => "test message",
            };
            let (style, text) = match result {
                Ok(by) => (Style::Good, format!("{to}: {by}")),
                Err(failure) => (Style::Bad, format!("{to}: not accepted: {}", shown(&failure.reason))),
            };
            let texts = named(name, &text).into_iter().enumerate();
            let width = |at: usize| if at == 0 && !is_mail { "  test message ".len() } else { 12 };
            lines.extend(texts.map(|(at, line)| match line.split_at_checked(width(at)) {
                Some((name, text)) => format!("{name}{}", call.out.paint(style, text)),
                None => line,
            }));
        }
        lines
    }

    /// For each test message: true for a mail, its recipient or channel, and the result.
    fn results(&self) -> impl Iterator<Item = (bool, &str, &Result<String, Failure>)> {
        self.sends.iter().flat_map(|send| {
            let to = |at: usize| send.to.get(at).map_or(send.route.as_str(), String::as_str);
            send.attempt.results.iter().enumerate().map(move |(at, result)| (!send.to.is_empty(), to(at), result))
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

/// A reason without the settings of the file that it names: here an answer or a flag changes.
pub fn shown(reason: &str) -> String {
    let mut text = reason.replace("then set security = \"tls\"", "then choose tls");
    while let Some(at) = text.find(" (set [") {
        let end = text.get(at..).and_then(|rest| rest.find(')')).map_or(text.len(), |length| at + length + 1);
        text.replace_range(at..end, "");
    }
    while let Some(at) = text.find("; set [") {
        let end = text.get(at..).and_then(|rest| rest.find(')')).map_or(text.len(), |length| at + length);
        text.replace_range(at..end, "");
    }
    text
}

/// The advice for a refused mail: usually the flag to change.
fn advice(reason: &str) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_reason_speaks_of_no_section_of_a_file() {
        for (reason, expected) in [
            ("x: does not offer STARTTLS; set [alert.smtp] security", "x: does not offer STARTTLS"),
            ("x: 504 no (as web; set [alert.smtp] helo_name to y)", "x: 504 no (as web)"),
            ("x: 553 no (set [alert] from to an address) (553)", "x: 553 no (553)"),
            ("x: 550 no such user", "x: 550 no such user"),
        ] {
            assert_eq!(shown(reason), expected);
        }
    }
}
