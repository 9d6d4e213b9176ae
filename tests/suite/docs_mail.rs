//! The complete examples of docs/alerts.md, with a real Postfix and a real msmtp instead of the servers they name.

use super::harness::{Host, repository, skip, tool};
use super::init::{command, done, init, text};
use super::send_alert_smtp::Server;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The blocks of the section: kind (`toml`, or empty) and text.
fn blocks() -> Vec<(String, String)> {
    let page = fs::read_to_string(repository("docs/alerts.md")).unwrap();
    let section = page.split("## Complete examples\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let inside = section.split("```").skip(1).step_by(2);
    let block = |text: &str| text.split_once('\n').map(|(kind, text)| (kind.to_string(), text.to_string()));
    inside.filter_map(block).collect()
}

fn private(path: &str, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The port of the test server that does what an example wants.
fn port(server: &Server, example: &str) -> u16 {
    match () {
        () if example.contains("\"none\"")
            || example.contains("--security none")
            || example.contains("localhost\n") =>
        {
            server.port()
        }
        () if example.contains("465") => server.port() + 2,
        () => server.port() + 1,
    }
}

#[test]
fn every_configuration_sends() {
    let Some(server) = Server::start("the examples of docs/alerts.md") else { return };
    private(&server.file("password"), "secret\n");
    let mut sent = 0;
    for (kind, example) in blocks() {
        if kind != "toml" || !example.contains("[alert.smtp]") {
            continue;
        }
        let named = example
            .replace("mail.example.org", "localhost")
            .replace("relay.example.org", "localhost")
            .replace("user = \"you@example.org\"", "user = \"osmon\"")
            .replace("/etc/osmon/smtp-password", &server.file("password"));
        let lines = named.lines().filter(|line| !line.starts_with("port = "));
        let mut host = Host::recorded("vm");
        host.config = lines.collect::<Vec<_>>().join("\n")
            + &format!("\nport = {}\nca_file = \"{}\"\n", port(&server, &example), server.file("cert.pem"));
        let done = host.osmon(&["send-alert", "--test"]).ok();
        assert!(done.out.contains("test message accepted by localhost:"), "{example}\n{}", done.out);
        sent += 1;
    }
    assert_eq!(sent, 4);
}

/// Each command writes the configuration below it.
#[test]
fn every_command_writes_its_configuration() {
    let Some(server) = Server::start("the commands of docs/alerts.md") else { return };
    if tool("msmtp", &["--version"]).code != 0 {
        return skip("the commands of docs/alerts.md", "msmtp is not installed");
    }
    let blocks = blocks();
    let mut written = 0;
    let mut account = String::new();
    for pair in blocks.windows(2) {
        let [(_, line), (kind, example)] = pair else { continue };
        if line.starts_with("defaults") {
            account.clone_from(line);
        }
        if kind != "toml" {
            continue;
        }
        let host = Host::recorded("vm");
        fs::create_dir_all(host.root().join("usr/bin")).unwrap();
        fs::create_dir_all(host.path("home")).unwrap();
        fs::write(host.root().join("usr/bin/msmtp"), "").unwrap();
        private(&server.file("password"), "secret\n");
        let rc = account
            .replace("mail.example.org", "localhost")
            .replace("587", &(server.port() + 1).to_string())
            .replace("user           you@example.org", "user osmon")
            .replace("/etc/osmon/smtp-password", &server.file("password"))
            .replace("/etc/ssl/certs/ca-certificates.crt", &server.file("cert.pem"))
            .replace("syslog         LOG_MAIL", "");
        private(host.path("home/.msmtprc").to_str().unwrap(), &rc);
        let (variables, flags) = line.trim().split_once("osmon init ").unwrap();
        let mut arguments: Vec<&str> = flags.split(' ').collect();
        arguments.extend(["--no-test", "--daily-status", "none", "--watch", "none"]);
        let mut command = command(&host, &arguments);
        command.env("OSMON_ALERT_SMTP_PASSWORD", "secret");
        if let Some((name, value)) = variables.trim().split_once('=') {
            command.env(name, value);
        }
        done(command).ok();
        let directory = host.path("etc");
        let plain = |text: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim().to_string());
            let mut lines: Vec<String> = lines
                .filter(|line| !(line.is_empty() || line.starts_with('#') || line.starts_with("data_dir")))
                .collect();
            lines.sort();
            lines
        };
        let expected = example.replace("/etc/osmon", directory.to_str().unwrap());
        assert_eq!(plain(&text(&host)), plain(&expected), "{line}");
        if line.contains("--sendmail") {
            let done = init(&host, &["--yes"]).ok();
            assert!(done.out.contains("handed over to /usr/bin/msmtp"), "{}", done.out);
        }
        written += 1;
    }
    assert_eq!(written, 6);
}
