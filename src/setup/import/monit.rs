//! `monitrc`: mail server, recipients, and the limits of system, file systems and processes.

use super::draft::Draft;
use super::mail_server::MailServer;
use super::monit_limits::{Subject, test};
use super::monit_tokens::{Word, words};

/// Seconds between the checks of monit unless set.
const USUAL_INTERVAL: u64 = 30;

/// Reads it.
pub fn read(text: &str, draft: &mut Draft) {
    let words = words(text);
    let begins = |word: &Word| word.is_first && ["set", "check", "include"].iter().any(|name| word.is(name));
    let mut statements: Vec<&[Word]> = Vec::new();
    let starts: Vec<usize> = words.iter().enumerate().filter(|(_, word)| begins(word)).map(|(at, _)| at).collect();
    for (at, start) in starts.iter().enumerate() {
        let end = starts.get(at + 1).copied().unwrap_or(words.len());
        statements.extend(words.get(*start..end));
    }
    let interval = statements.iter().find_map(|words| match words {
        [set, daemon, seconds, ..] if set.is("set") && daemon.is("daemon") => seconds.text.parse().ok(),
        _ => None,
    });
    let interval: u64 = interval.filter(|seconds| (1..86_400).contains(seconds)).unwrap_or(USUAL_INTERVAL);
    for statement in statements {
        match statement {
            [set, name, rest @ ..] if set.is("set") => setting(name, rest, interval, draft),
            [check, kind, rest @ ..] if check.is("check") => checked(kind, rest, interval, draft),
            [first, ..] => draft.note(first.line, &first.text, "is not followed; import that file too"),
            [] => {}
        }
    }
}

fn setting(name: &Word, rest: &[Word], interval: u64, draft: &mut Draft) {
    let line = name.line;
    match name.text.to_ascii_lowercase().as_str() {
        "daemon" if interval == 60 => {}
        "daemon" => {
            let advice = if interval < 60 {
                format!("; osmon schedule timer --every {}s is the nearest", interval.max(10))
            } else {
                String::new()
            };
            draft.note(line, "set daemon", format!("osmon measures once a minute, not every {interval} s{advice}"));
        }
        "mailserver" => {
            let end = second_server(rest);
            if let Some(other) = rest.get(end) {
                draft.note(other.line, "set mailserver", format!("osmon uses the first mail server, not {}; add a route of kind \"smtp\" with fallback_for = \"mail\"", other.text));
            }
            let rest = rest.get(..end).unwrap_or(rest);
            let value = |key: &str| value_in(rest, key);
            let has = |words: &[&str]| rest.iter().any(|word| words.iter().any(|name| word.is(name)));
            let server = MailServer {
                host: rest.first().map(|word| (word.line, word.text.clone())),
                port: value("port"),
                usual_port: Some(25),
                tls: Some(has(&["ssl", "tls", "starttls", "tlsv1", "tlsv11", "tlsv12", "tlsv13", "sslauto", "auto"])),
                from_first_byte: value("port").is_some_and(|(_, port)| port == "465").then_some(true),
                user: value("username"),
                password: value("password"),
            };
            if draft.get("alert.smtp", "host").is_some() {
                return draft.note(
                    line,
                    "set mailserver",
                    "osmon uses the first mail server; add a route of kind \"smtp\" with fallback_for = \"mail\"",
                );
            }
            server.finish(draft);
        }
        "alert" => {
            let Some(address) = rest.first() else { return };
            draft.recipients(&address.text, address.line, "set alert");
            if rest.len() > 1 && !rest.get(1).is_some_and(|word| word.is("with")) {
                draft.note(
                    line,
                    "set alert",
                    "osmon sends every event; min_severity, between and notify = false of rules limit that",
                );
            }
        }
        "mail-format" => {
            if let Some((line, address)) = rest
                .iter()
                .position(|word| word.text.trim_end_matches(':').eq_ignore_ascii_case("from"))
                .and_then(|at| rest.get(at + 1))
                .map(|word| (word.line, word.text.clone()))
            {
                if address.contains('$') {
                    draft.note(line, "from", "has a variable in it; without from under [alert] osmon@ and the name of the host is the sender");
                } else {
                    draft.sender(&address, line, "from");
                }
            }
            if rest
                .iter()
                .any(|word| ["subject:", "message:"].iter().any(|key| word.text.to_ascii_lowercase().starts_with(key)))
            {
                draft.note(
                    line,
                    "set mail-format",
                    "subject and text of mails cannot be changed; rules have title and message",
                );
            }
        }
        "httpd" | "mmonit" => {
            draft.note(line, &format!("set {}", name.text), "there is no server: the page is a file ([report] path)");
        }
        "logfile" | "log" | "pidfile" | "idfile" | "statefile" | "eventqueue" => {
            draft.note(
                line,
                &format!("set {}", name.text),
                "is not needed: osmon keeps state, events and undelivered mails in its data directory",
            );
        }
        other => draft.note(line, &format!("set {other}"), "has no counterpart"),
    }
}

/// The word behind a keyword, with its line.
fn value_in(words: &[Word], key: &str) -> Option<(usize, String)> {
    let at = words.iter().position(|word| word.is(key))?;
    words.get(at + 1).map(|word| (word.line, word.text.clone()))
}

/// The index of the second server in a list of mail servers, or the number of words.
fn second_server(words: &[Word]) -> usize {
    let with_value = ["port", "username", "password", "timeout", "certificate", "checksum", "hostname"];
    let alone = ["using", "with", "and", "seconds", "second", "ssl", "tls", "starttls", "auto", "sslauto", "enable"];
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let is_known = alone.iter().any(|name| word.is(name)) || word.text.to_ascii_lowercase().starts_with("tlsv1");
        at += match () {
            () if with_value.iter().any(|name| word.is(name)) => 2,
            () if is_known => 1,
            () => return at,
        };
    }
    words.len()
}

fn checked(kind: &Word, rest: &[Word], interval: u64, draft: &mut Draft) {
    let Some(name) = rest.first() else { return };
    let what = format!("check {} {}", kind.text.to_ascii_lowercase(), name.text);
    let after = |keys: &[&str]| {
        let at = rest.iter().position(|word| keys.iter().any(|key| word.is(key)))?;
        rest.get(at + 1).map(|word| word.text.clone())
    };
    let subject = match kind.text.to_ascii_lowercase().as_str() {
        "system" => Subject::System,
        "filesystem" | "device" => match after(&["path"]) {
            Some(path) if path.starts_with('/') && !path.starts_with("/dev/") => Subject::Mount(path),
            _ => {
                return draft.note(
                    name.line,
                    &what,
                    "names a device; osmon names file systems by mount point: write a rule with {mount=\"/…\"}",
                );
            }
        },
        "process" => {
            let service = name.text.trim_end_matches(".service");
            draft.add("probe", "services", service, name.line);
            draft.note(name.line, &what, format!("is watched as the systemd service {service}; correct [probe] services if its unit has another name (systemctl list-units)"));
            Subject::Process
        }
        "host" | "network" => {
            return draft.note(name.line, &what, "osmon does not check hosts and ports yet; keep monit for it");
        }
        "program" => return draft.note(name.line, &what, "osmon does not run programs yet; keep monit for it"),
        _ => return draft.note(name.line, &what, "has no counterpart; keep monit for it"),
    };
    // The first clause is the header.
    let begins = |word: &Word| {
        word.is("if")
            || (word.is_first
                && ["start", "stop", "restart", "depends", "every", "alert", "noalert", "group", "mode", "onreboot"]
                    .iter()
                    .any(|key| word.is(key)))
    };
    let mut clause: Vec<Word> = Vec::new();
    let mut clauses = Vec::new();
    for word in rest.iter().skip(1) {
        if begins(word) && !clause.last().is_some_and(|last: &Word| last.is("else")) {
            clauses.push(std::mem::take(&mut clause));
        }
        clause.push(word.clone());
    }
    clauses.push(clause);
    for clause in clauses.iter().skip(1) {
        match clause.as_slice() {
            [word, rest @ ..] if word.is("if") => test(&subject, rest, interval, draft),
            [word, address, ..] if word.is("alert") => draft.recipients(&address.text, address.line, "alert"),
            [word, ..] if word.is("group") || word.is("mode") || word.is("onreboot") => {}
            [word, ..] => draft.note(
                word.line,
                &format!("{what}: {}", word.text),
                "osmon notifies; it starts, stops and orders nothing",
            ),
            [] => {}
        }
    }
}
