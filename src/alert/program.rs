//! sendmail-compatible programs: msmtp, and the sendmail of Postfix, Exim, OpenSMTPD, …

use super::message::Envelope;
use super::transport::{Sent, refused};
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use crate::config::Sendmail;
use anyhow::{Context, Result, anyhow};
use lettre::Message;
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
    let recipients = envelope.to.iter().map(|to| to.email.to_string());
    let arguments: Vec<String> =
        settings.arguments.iter().cloned().chain(["--".to_string()]).chain(recipients).collect();
    let done = subprocess::run(&program, &arguments, message.formatted(), limit)
        .with_context(|| format!("could not start {program}"))?;
    let said = clean_bytes(done.stderr.trim_ascii(), 300);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    match (done.timed_out, done.code) {
        (true, _) => Err(refused(format!("{program} did not finish within {} s{said}", limit.as_secs()))),
        (false, Some(0)) => Ok(Sent { by: format!("handed over to {program}") }),
        (false, Some(code)) => {
            Err(refused(format!("{program} refused with exit status {code} ({}){said}", meaning(code))))
        }
        (false, None) => {
            Err(refused(format!("{program} was ended by signal {}{said}", done.signal.unwrap_or_default())))
        }
    }
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
