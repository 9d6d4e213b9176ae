//! sendmail-compatible programs: msmtp, and the sendmail of Postfix, Exim, OpenSMTPD, …

use crate::base::net::attempt::{Attempt, Failure, Fate};
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use crate::config::Sendmail;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where such programs are, in the order of preference. cron's PATH is too short to find them.
const USUAL: [&str; 3] = ["/usr/bin/msmtp", "/usr/sbin/sendmail", "/usr/lib/sendmail"];

/// Hands one mail over.
pub fn send(to: &[String], content: &[u8], settings: &Sendmail, until: Instant) -> Attempt {
    let mut log = Attempt::default();
    let Some(program) = choose(settings) else {
        let why = format!("no mail program found ({}); set [alert.smtp] host, or install msmtp", USUAL.join(", "));
        return log.rest(to.len(), &Err(Failure::new(Fate::Settings, why)));
    };
    match hand_over(&program, settings, to, content, until, &mut log) {
        // 65 to 68: about the message or a recipient, not about the way. Then each by itself, so that a wrong address
        // silences nobody else.
        (Some(65..=68), Err(_)) if to.len() > 1 => {
            for one in to {
                let result = hand_over(&program, settings, std::slice::from_ref(one), content, until, &mut log).1;
                log.results.push(result);
            }
            log
        }
        (_, result) => log.rest(to.len(), &result),
    }
}

/// One call of the program, with its exit status.
fn hand_over(
    program: &str,
    settings: &Sendmail,
    to: &[String],
    content: &[u8],
    until: Instant,
    log: &mut Attempt,
) -> (Option<i32>, Result<String, Failure>) {
    let limit = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
    let arguments: Vec<String> =
        settings.arguments.iter().cloned().chain(["--".to_string()]).chain(to.iter().cloned()).collect();
    let done = match subprocess::run(program, &arguments, content.to_vec(), limit) {
        Ok(done) => done,
        Err(error) => return (None, Err(Failure::new(Fate::Settings, format!("could not start {program}: {error}")))),
    };
    log.step("start", program);
    let said = clean_bytes(done.stderr.trim_ascii(), 300);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let (fate, why) = match (done.timed_out, done.code) {
        (false, Some(0)) => {
            log.step("exit", "status 0: it has the message now");
            return (Some(0), Ok(format!("handed over to {program}")));
        }
        (true, _) => (Fate::Unknown, format!("{program} did not finish within {} s{said}", limit.as_secs())),
        (false, Some(code)) => {
            (fate(code), format!("{program} refused with exit status {code} ({}){said}", meaning(code)))
        }
        (false, None) => {
            (Fate::Unknown, format!("{program} was ended by signal {}{said}", done.signal.unwrap_or_default()))
        }
    };
    log.step("exit", why.clone());
    (done.code, Err(Failure::new(fate, why)))
}

fn choose(settings: &Sendmail) -> Option<String> {
    if !settings.program.is_empty() {
        return Some(settings.program.clone());
    }
    USUAL.iter().find(|path| Path::new(path).exists()).map(ToString::to_string)
}

/// What an exit status of sysexits.h asks for. What is not in it is no statement about the mail: it may pass.
fn fate(code: i32) -> Fate {
    match code {
        67 | 68 => Fate::Recipient,
        64..=66 | 70 | 72..=73 | 76..=78 | 126 | 127 => Fate::Settings,
        _ => Fate::Later,
    }
}

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
        72 => "a system file is missing",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exit_status_says_what_to_do() {
        for (codes, expected) in [
            (&[69, 71, 74, 75, 1][..], Fate::Later),
            (&[67, 68], Fate::Recipient),
            (&[64, 65, 66, 70, 72, 73, 76, 77, 78, 126, 127], Fate::Settings),
        ] {
            for code in codes {
                assert_eq!(fate(*code), expected, "{code}");
                assert!(*code == 1 || meaning(*code) != "unknown", "{code}");
            }
        }
    }
}
