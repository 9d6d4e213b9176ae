//! Login (RFC 4954) with lettre's mechanisms.

use super::session::Session;
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::net::step_log::StepLog;
use crate::config::Smtp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};

/// Most challenges that are answered.
const CHALLENGES_MAX: usize = 5;

/// Logs in by the configured mechanism, else by the first of PLAIN and LOGIN that the server offers.
///
/// # Errors
/// When the password cannot be read, or the server refuses it or offers no such mechanism.
pub fn login(session: &mut Session, settings: &Smtp, offers: &[String], log: &mut StepLog) -> Result<(), Failure> {
    let secret = settings.secret().read().map_err(|reason| Failure::configuration(format!("password: {reason}")))?;
    let credentials = Credentials::new(settings.user.clone(), secret);
    // Some servers offer mechanisms in several lines: "AUTH GSSAPI NTLM" and "AUTH=LOGIN".
    let offered = |name: &str| {
        let mut lines = offers.iter().map(|offer| offer.split([' ', '=']).collect::<Vec<_>>());
        let is_auth = |words: &[&str]| words.first().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"));
        lines.any(|words| is_auth(&words) && words.iter().skip(1).any(|word| word.eq_ignore_ascii_case(name)))
    };
    let mechanism = match settings.mechanism.as_str() {
        "plain" => Mechanism::Plain,
        "login" => Mechanism::Login,
        "xoauth2" => Mechanism::Xoauth2,
        _ if offered("PLAIN") => Mechanism::Plain,
        _ if offered("LOGIN") => Mechanism::Login,
        _ => {
            return Err(
                session.fail(FailureKind::Configuration, "offers neither PLAIN nor LOGIN; see [alert.smtp] mechanism")
            );
        }
    };
    let encode = |text: &str| STANDARD.encode(text);
    let unexpected = |_| Failure::configuration("the server asks for more than user and password");
    let mut reply = if mechanism.supports_initial_response() {
        let first = mechanism.response(&credentials, None).map_err(unexpected)?;
        session.ask(format!("AUTH {mechanism} {}\r\n", encode(&first)))?
    } else {
        session.ask(format!("AUTH {mechanism}\r\n"))?
    };
    for _ in 0..CHALLENGES_MAX {
        if reply.code != 334 {
            break;
        }
        if mechanism == Mechanism::Xoauth2 {
            // The challenge contains the reason of a refusal; an empty line requests the refusal itself.
            reply = session.ask("\r\n")?;
            continue;
        }
        let challenge = STANDARD.decode(reply.lines.join("")).unwrap_or_default();
        let response =
            mechanism.response(&credentials, Some(&String::from_utf8_lossy(&challenge))).map_err(unexpected)?;
        reply = session.ask(format!("{}\r\n", encode(&response)))?;
    }
    if reply.code != 235 {
        return Err(session.refusal(&reply, "login refused: "));
    }
    log.record("login", format!("{} by {mechanism}: {}", settings.user, reply.text()));
    Ok(())
}
