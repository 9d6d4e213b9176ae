//! Mail by a sendmail-compatible program: msmtp, or the sendmail of Postfix, Exim, OpenSMTPD, …

use super::interface::{SendJob, Transport};
use crate::alert::attempt::{Attempt, SendResult};
use crate::alert::draft::Draft;
use crate::base::net::failure::{Failure, FailureKind};
use crate::base::net::step_log::StepLog;
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use crate::config::Sendmail;
use anyhow::Result;
use std::path::Path;
use std::time::{Duration, Instant};

/// Programs looked for when none is set, in order of preference. The PATH of cron does not contain all of them.
const CANDIDATES: [&str; 3] = ["/usr/bin/msmtp", "/usr/sbin/sendmail", "/usr/lib/sendmail"];

impl Transport for Sendmail {
    fn prepare(&self, draft: &Draft<'_>) -> Result<SendJob> {
        let (settings, mail) = (self.clone(), draft.mail()?);
        let to: Vec<String> = mail.envelope.to.iter().map(|to| to.email.to_string()).collect();
        // Programs on this host expect the line ends of this host.
        let content = unix_lines(&mail.content);
        Ok(Box::new(move |deadline| send(&to, &content, &settings, deadline)))
    }

    fn reach(&self, _: &str, _: Instant) -> Result<String, Failure> {
        match (missing(self), find_program(self)) {
            (None, Some(program)) => Ok(format!("{program} is installed")),
            (reason, _) => Err(Failure::configuration(reason.unwrap_or_default())),
        }
    }
}

fn unix_lines(content: &[u8]) -> Vec<u8> {
    let is_kept = |at: usize, byte: u8| byte != b'\r' || content.get(at + 1) != Some(&b'\n');
    content.iter().enumerate().filter(|(at, byte)| is_kept(*at, **byte)).map(|(_, byte)| *byte).collect()
}

fn send(to: &[String], content: &[u8], settings: &Sendmail, deadline: Instant) -> Attempt {
    let Some(program) = find_program(settings) else {
        return Attempt::failed(to.len(), Failure::configuration(not_found()));
    };
    let mut log = StepLog::default();
    match call(&program, settings, to, content, deadline, &mut log) {
        // 65 to 68 concern the message or one recipient. Each is then tried alone, so that a wrong address affects no other.
        (Some(65..=68), Err(_)) if to.len() > 1 => {
            let mut alone = |one| call(&program, settings, std::slice::from_ref(one), content, deadline, &mut log).1;
            let results = to.iter().map(&mut alone).collect();
            Attempt { log, results }
        }
        (_, result) => Attempt::uniform(log, to.len(), &result),
    }
}

/// Calls the program once. Returns its exit status, if it had one, and the result.
fn call(
    program: &str,
    settings: &Sendmail,
    to: &[String],
    content: &[u8],
    deadline: Instant,
    log: &mut StepLog,
) -> (Option<i32>, SendResult) {
    let limit = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
    let arguments: Vec<String> =
        settings.arguments.iter().cloned().chain(["--".to_string()]).chain(to.iter().cloned()).collect();
    let done = match subprocess::run(program, &arguments, content.to_vec(), limit) {
        Ok(done) => done,
        Err(error) => return (None, Err(Failure::configuration(format!("could not start {program}: {error}")))),
    };
    log.record("start", program);
    let stderr = clean_bytes(done.stderr.trim_ascii(), 300);
    let stderr = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
    let (kind, reason) = match (done.timed_out, done.code) {
        (false, Some(0)) => {
            log.record("exit", "status 0: message accepted");
            return (Some(0), Ok(format!("handed over to {program}")));
        }
        (true, _) => {
            (FailureKind::Unconfirmed, format!("{program} did not finish within {} s{stderr}", limit.as_secs()))
        }
        (false, Some(code)) => {
            (failure_kind(code), format!("{program} refused with exit status {code} ({}){stderr}", meaning(code)))
        }
        (false, None) => (
            FailureKind::Unconfirmed,
            format!("{program} was killed by signal {}{stderr}", done.signal.unwrap_or_default()),
        ),
    };
    log.record("exit", reason.clone());
    (done.code, Err(Failure::new(kind, reason)))
}

fn not_found() -> String {
    format!("no mail program found ({}); set [alert.smtp] host, or install msmtp", CANDIDATES.join(", "))
}

/// A sentence that names the missing program; `None` when it exists. A name without a path is not looked up.
pub fn missing(settings: &Sendmail) -> Option<String> {
    match find_program(settings) {
        None => Some(not_found()),
        Some(program) if program.contains('/') && !Path::new(&program).exists() => {
            Some(format!("{program} does not exist"))
        }
        Some(_) => None,
    }
}

/// The program that takes mails; `None` when none is set and none of the usual ones is there.
pub fn find_program(settings: &Sendmail) -> Option<String> {
    if !settings.program.is_empty() {
        return Some(settings.program.clone());
    }
    CANDIDATES.iter().find(|path| Path::new(path).exists()).map(ToString::to_string)
}

/// Classifies an exit status by sysexits.h. Other codes count as transient.
fn failure_kind(code: i32) -> FailureKind {
    match code {
        67 | 68 => FailureKind::Rejected,
        64..=66 | 70 | 72..=73 | 76..=78 | 126 | 127 => FailureKind::Configuration,
        _ => FailureKind::Temporary,
    }
}

fn meaning(code: i32) -> &'static str {
    match code {
        64 => "usage error",
        65 => "bad data",
        66 => "no input",
        67 => "unknown recipient",
        68 => "unknown host",
        69 => "service unavailable",
        70 => "internal error",
        71 => "system error",
        72 => "a system file is missing",
        73 => "cannot create file",
        74 => "input/output error",
        75 => "temporary failure",
        76 => "protocol error",
        77 => "not permitted: login refused?",
        78 => "configuration error",
        126 | 127 => "cannot be executed",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses_of_sysexits_are_classified() {
        for (codes, expected) in [
            (&[69, 71, 74, 75, 1][..], FailureKind::Temporary),
            (&[67, 68], FailureKind::Rejected),
            (&[64, 65, 66, 70, 72, 73, 76, 77, 78, 126, 127], FailureKind::Configuration),
        ] {
            for code in codes {
                assert_eq!(failure_kind(*code), expected, "{code}");
                assert!(*code == 1 || meaning(*code) != "unknown", "{code}");
            }
        }
    }
}
