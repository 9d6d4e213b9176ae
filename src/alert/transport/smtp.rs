//! Mail by SMTP.

mod advice;
mod dialogue;
mod login;
mod session;

use super::interface::{SendJob, Transport};
use crate::alert::draft::Draft;
use crate::base::net::failure::Failure;
use crate::base::redact::Redactor;
use crate::config::Smtp;
use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dialogue::{Letter, reach, send};
use lettre::Address;
use std::time::{Duration, Instant};

/// How long a message may take in all: some servers greet late, to keep spam away, and some check a mail before they
/// accept it.
const PATIENCE: Duration = Duration::from_secs(25);
/// `timeout_seconds` below this is meant for the greeting too.
const PATIENT_FROM: u64 = 10;

impl Transport for Smtp {
    fn prepare(&self, draft: &Draft<'_>) -> Result<SendJob> {
        let (settings, mail) = (self.clone(), draft.mail()?);
        let to: Vec<Address> = mail.envelope.to.iter().map(|to| to.email.clone()).collect();
        let hello = hello_name(self, &mail.full_host);
        Ok(Box::new(move |deadline| {
            let from = &mail.envelope.from.email;
            send(&Letter { from, to: &to, content: &mail.content, hello: &hello }, &settings, deadline)
        }))
    }

    fn reach(&self, full_host: &str, deadline: Instant) -> Result<String, Failure> {
        reach(self, &hello_name(self, full_host), deadline)
    }

    fn patience(&self) -> Duration {
        if self.timeout_seconds < PATIENT_FROM { Duration::ZERO } else { PATIENCE }
    }

    /// The password, also as the login commands encode it.
    fn redactor(&self) -> Redactor {
        let secret = self.secret();
        let Some(password) = secret.is_set().then(|| secret.read().ok()).flatten() else { return Redactor::default() };
        let user = &self.user;
        Redactor::new([
            STANDARD.encode(&password),
            STANDARD.encode(format!("\0{user}\0{password}")),
            STANDARD.encode(format!("user={user}\x01auth=Bearer {password}\x01\x01")),
            password,
        ])
    }
}

/// The name of this host for EHLO; empty: it has no full name.
fn hello_name(settings: &Smtp, full_host: &str) -> String {
    match (settings.helo_name.as_str(), full_host.contains('.')) {
        ("", true) => full_host.to_string(),
        (name, _) => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_redacted_as_it_is_and_as_login_commands_encode_it() {
        let smtp = |password: &str| Smtp { user: "osmon".into(), password: password.into(), ..Smtp::default() };
        let cases = [
            ("hunter2-hunter2", "(535) hunter2-hunter2 is wrong", "(535) *** is wrong"),
            ("hunter2-hunter2", "(500) AUTH PLAIN AG9zbW9uAGh1bnRlcjItaHVudGVyMg==", "(500) AUTH PLAIN ***"),
            ("hunter2-hunter2", "(535) aHVudGVyMi1odW50ZXIy", "(535) ***"),
            ("a", "(535) a bad day: a", "(535) *** bad day: ***"),
            ("", "(535) no", "(535) no"),
        ];
        for (password, text, expected) in cases {
            assert_eq!(smtp(password).redactor().redact(text), expected, "{text}");
        }
    }
}
