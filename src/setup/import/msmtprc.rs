//! `msmtprc`: becomes `[alert.smtp]`, or msmtp stays the program where it can do more.

use super::draft::Draft;
use super::mail_server::MailServer;

/// A command with its line, name and value.
type Command = (usize, String, String);

/// An account: line, name, and commands, those of the defaults and of other accounts first.
type Account = (usize, String, Vec<Command>);

/// Settings that only msmtp has; with one of them msmtp stays the program.
const ONLY_MSMTP: [&str; 11] = [
    "passwordeval",
    "proxy_host",
    "tls_key_file",
    "tls_cert_file",
    "tls_fingerprint",
    "tls_crl_file",
    "tls_priorities",
    "protocol",
    "source_ip",
    "socket",
    "ntlmdomain",
];
/// Files with the certificate authorities of the system.
const SYSTEM_TRUST: [&str; 4] =
    ["system", "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Reads it.
pub fn read(text: &str, draft: &mut Draft) {
    let accounts = accounts(text, draft);
    let default = accounts.iter().rfind(|(_, name, _)| name == "default").or(accounts.first());
    let Some((_, chosen, commands)) = default else {
        return draft.note(1, "account", "there is none; osmon looks for msmtp and sendmail itself");
    };
    // `account default : univ` is another name of that one.
    let is_same = |other: &[Command]| other.iter().all(|command| commands.contains(command));
    let chosen = accounts.iter().find(|(_, _, other)| is_same(other)).map_or(chosen, |(_, name, _)| name);
    for (line, name, _) in accounts.iter().filter(|(_, _, other)| !is_same(other)) {
        draft.note(*line, name, format!("osmon sends through the account {chosen}; this one is left out"));
    }
    let last = |name: &str| commands.iter().rfind(|(_, command, _)| command == name);
    let is_odd = |(_, name, value): &&Command| match name.as_str() {
        "auth" => ["gssapi", "scram-sha-1", "scram-sha-256", "digest-md5", "cram-md5", "external", "ntlm"]
            .contains(&value.as_str()),
        "tls_certcheck" => value == "off",
        "protocol" => value == "lmtp",
        name => ONLY_MSMTP.contains(&name) && !value.is_empty(),
    };
    if let Some((line, _, address)) = last("from") {
        if address.contains('%') {
            draft.note(
                *line,
                "from",
                "has a pattern in it; set from under [alert], else osmon@ and the name of the host is the sender",
            );
        } else {
            draft.sender(address, *line, "from");
        }
    }
    if let Some((line, name, _)) = commands.iter().find(is_odd) {
        draft.note(*line, name, "only msmtp can do that: it stays the program that sends ([alert.sendmail])");
        let file = draft.file().to_string();
        draft.set("alert", "transport", "sendmail", *line);
        draft.set("alert.sendmail", "program", "/usr/bin/msmtp", *line);
        if file != "/etc/msmtprc" {
            let arguments = ["-C", file.as_str(), "-i"].map(|word| toml::Value::String(word.to_string()));
            draft.set("alert.sendmail", "arguments", toml::Value::Array(arguments.to_vec()), *line);
        }
    } else {
        server(commands, draft);
    }
    if draft.get("alert", "to").is_none() {
        draft.note(1, "to", "this file names no recipient; set to = [\"you@example.org\"] under [alert]");
    }
}

/// The accounts, each with the commands in force.
fn accounts(text: &str, draft: &mut Draft) -> Vec<Account> {
    let (mut defaults, mut accounts): (Vec<Command>, Vec<Account>) = (Vec::new(), Vec::new());
    let mut is_account = false;
    for (line, bare) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let (name, value) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value).to_string();
        match name {
            "defaults" => {
                is_account = false;
                defaults.clear();
            }
            "account" => {
                is_account = true;
                let (name, bases) = value.split_once(':').unwrap_or((&value, ""));
                let mut commands = defaults.clone();
                for base in bases.split(',').map(str::trim).filter(|base| !base.is_empty()) {
                    match accounts.iter().find(|(_, name, _)| name == base) {
                        Some((_, _, inherited)) => commands.extend(inherited.clone()),
                        None => draft.note(line, "account", format!("there is no account {base} before it")),
                    }
                }
                accounts.push((line, name.trim().to_string(), commands));
            }
            "eval" => draft.note(line, name, "the output of a program is not read; write the settings themselves"),
            _ => {
                let command = (line, name.to_string(), value);
                match accounts.last_mut().filter(|_| is_account) {
                    Some((_, _, commands)) => commands.push(command),
                    // Without an account msmtp refuses them; people mean one.
                    None => defaults.push(command),
                }
            }
        }
    }
    if accounts.is_empty() && !defaults.is_empty() {
        accounts.push((1, "default".to_string(), defaults));
    }
    accounts
}

fn server(commands: &[Command], draft: &mut Draft) {
    let (mut server, mut has_login) = (MailServer::default(), true);
    let (mut tls, mut starttls) = (false, true);
    for (line, name, value) in commands {
        let given = Some((*line, value.clone()));
        let is_on = value.is_empty() || value == "on";
        match name.as_str() {
            "host" => server.host = given,
            "port" => server.port = given,
            "user" => server.user = given,
            "password" => server.password = given,
            "tls" => tls = is_on,
            "tls_starttls" => starttls = is_on,
            "auth" => {
                has_login = value != "off";
                let method = match value.as_str() {
                    "plain" | "login" => Some(value.as_str()),
                    "xoauth2" | "oauthbearer" => Some("xoauth2"),
                    _ => None,
                };
                if let Some(method) = method {
                    draft.set("alert.smtp", "mechanism", method, *line);
                }
            }
            "tls_trust_file" if !SYSTEM_TRUST.contains(&value.as_str()) => {
                draft.set("alert.smtp", "ca_file", value.as_str(), *line);
            }
            "domain" if !value.contains('%') => draft.set("alert.smtp", "helo_name", value.as_str(), *line),
            "timeout" => match value.parse::<i64>() {
                Ok(seconds @ 1..=15) => draft.set("alert.smtp", "timeout_seconds", seconds, *line),
                _ => draft.note(*line, name, "osmon waits 1 to 15 seconds; 10 is the default"),
            },
            "logfile" | "syslog" => {
                draft.note(*line, name, "osmon alerts shows what was sent; a route of kind \"syslog\" logs it too");
            }
            "aliases" => draft.note(*line, name, "names are not replaced; write addresses under [alert] to"),
            "from" | "tls_trust_file" | "tls_certcheck" | "protocol" => {}
            _ => draft.note(*line, name, "has no counterpart"),
        }
    }
    if !has_login {
        server.user = None;
        server.password = None;
    }
    server.tls = Some(tls);
    server.from_first_byte = Some(tls && !starttls);
    server.usual_port = Some(if tls && !starttls { 465 } else { 25 });
    server.finish(draft);
}
