//! sendmail-compatible programs: msmtp, and the sendmail of Postfix, Exim, OpenSMTPD, …

use super::message::Envelope;
use super::transport::{Sent, one_by_one, refused};
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use crate::config::Sendmail;
use anyhow::{Context, Result, anyhow};
use lettre::Message;
use lettre::message::Mailbox;
use std::path::Path;
use std::time::Duration;

/// Where such programs are, in the order of preference. cron's PATH is too short to find them.
const USUAL: [&str; 3] = ["/usr/bin/msmtp", "/usr/sbin/sendmail", "/usr/lib/sendmail"];

/// Hands one mail over.
///
/// # Errors
/// When there is no such program, or it refused, with its own words.
pub fn send(message: &Message, envelope: &Envelope, settings: &Sendmail, limit: Duration) -> Result<Sent> {
    let program = choose(settings)?;
    let content = message.formatted();
    match hand_over(&program, settings, &envelope.to, &content, limit) {
        Ok(by) => Ok(Sent { by, refused: Vec::new() }),
        // 65 to 68: about the message or a recipient, not about the way.
        Err((Some(65..=68), error)) if envelope.to.len() > 1 => one_by_one(&envelope.to, error, |recipient| {
            hand_over(&program, settings, std::slice::from_ref(recipient), &content, limit).map_err(|(_, error)| error)
        }),
        Err((_, error)) => Err(error),
    }
}

/// One call of the program; the error comes with the exit status.
fn hand_over(
    program: &str,
    settings: &Sendmail,
    to: &[Mailbox],
    content: &[u8],
    limit: Duration,
) -> Result<String, (Option<i32>, anyhow::Error)> {
    let recipients = to.iter().map(|to| to.email.to_string());
    let arguments: Vec<String> =
        settings.arguments.iter().cloned().chain(["--".to_string()]).chain(recipients).collect();
    let done = subprocess::run(program, &arguments, content.to_vec(), limit)
        .with_context(|| format!("could not start {program}"))
        .map_err(|error| (None, error))?;
    let said = clean_bytes(done.stderr.trim_ascii(), 300);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let why = match (done.timed_out, done.code) {
        (false, Some(0)) => return Ok(format!("handed over to {program}")),
        (true, _) => format!("{program} did not finish within {} s{said}", limit.as_secs()),
        (false, Some(code)) => format!("{program} refused with exit status {code} ({}){said}", meaning(code)),
        (false, None) => format!("{program} was ended by signal {}{said}", done.signal.unwrap_or_default()),
    };
    Err((done.code, refused(why)))
}

fn choose(settings: &Sendmail) -> Result<String> {
    if !settings.program.is_empty() {
        return Ok(settings.program.clone());
    }
    let found = USUAL.iter().find(|path| Path::new(path).exists());
    found
        .map(ToString::to_string)
        .ok_or_else(|| anyhow!("no mail program found ({}); set [alert.smtp] host, or install msmtp", USUAL.join(", ")))
}

/// Exit statuses of sysexits.h.
fn meaning(code: i32) -> &'static str {
    match code {
        64 => "usage",
        65 => "bad data",
        66 => "no input",
        67 => "unknown recipient",
        68 => "unknown host",
        69 => "service unavailable",
        70 => "internal error",
        71 => "system error",
        73 => "cannot create",
        74 => "input/output",
        75 => "temporary failure",
        76 => "protocol",
        77 => "not permitted: login refused?",
        78 => "its configuration",
        126 | 127 => "cannot be run",
        _ => "unknown",
    }
}
