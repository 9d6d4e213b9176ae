//! `osmon init` with a real Postfix, with and without login and TLS, and with a real msmtp.

use super::harness::{Host, skip, tool};
use super::init::{command, config, done, init, osmon, text};
use super::send_alert_smtp::{Server, subject};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn private(path: &str, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn the_test_mail_arrives_with_every_security() {
    let Some(server) = Server::start("init by SMTP") else { return };
    private(&server.file("password"), "secret\n");
    for (security, port) in [("none", server.port()), ("starttls", server.port() + 1), ("tls", server.port() + 2)] {
        let host = Host::recorded("vm");
        let (to, smtp) = (format!("{security}@example.org"), format!("localhost:{port}"));
        let (ca_file, password) = (server.file("cert.pem"), server.file("password"));
        let mut arguments = vec!["--daily-status", "none", "--to", &to, "--smtp", &smtp, "--security", security];
        if security != "none" {
            arguments.extend(["--user", "osmon", "--password-file", &password, "--ca-file", &ca_file]);
        }
        let done = init(&host, &arguments).ok();
        assert!(done.out.contains(&format!("test mail {to}: accepted by localhost:{port}")), "{}", done.out);
        assert_eq!(subject(&server.wait_for(security, 1)[0]), "TEST web-01: osmon can reach you");
        assert!(!text(&host).contains("secret"));
        init(&host, &["--yes"]).ok();
        assert_eq!(server.wait_for(security, 2).len(), 2, "the present values work");
    }
}

#[test]
fn a_password_from_the_environment_gets_a_file_of_its_own() {
    let Some(server) = Server::start("init with a password") else { return };
    let host = Host::recorded("vm");
    let (smtp, ca_file) = (format!("localhost:{}", server.port() + 1), server.file("cert.pem"));
    let arguments = [
        "--to",
        "env@example.org",
        "--smtp",
        &smtp,
        "--user",
        "osmon",
        "--ca-file",
        &ca_file,
        "--daily-status",
        "none",
    ];
    let with = |password: &str| {
        let mut command = command(&host, &arguments);
        command.env("OSMON_ALERT_SMTP_PASSWORD", password);
        done(command)
    };
    let file = config(&host).with_file_name("smtp-password");
    let refused = with("hunter2-hunter2");
    assert_eq!(refused.code, 74);
    assert!(refused.err.contains("(535)") && refused.err.contains("check --user and the password"), "{}", refused.err);
    assert!(!refused.err.contains("hunter2") && !refused.out.contains("hunter2"));
    let status = || done(osmon(&host, &["status"]));
    assert!(status().out.contains("nobody can be notified"), "{}", status().out);
    with("secret").ok();
    assert!(!status().out.contains("notified"), "{}", status().out);
    assert_eq!(fs::read_to_string(&file).unwrap(), "secret\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        text(&host).contains(&format!("password_file = \"{}\"", file.display())) && !text(&host).contains("secret")
    );
    // A wrong one does not replace one that works.
    let refused = with("hunter2-hunter2");
    assert_eq!((refused.code, fs::read_to_string(&file).unwrap().as_str()), (74, "secret\n"));
}

#[test]
fn what_is_wrong_is_said_with_the_flag_to_change() {
    let Some(server) = Server::start("init that fails") else { return };
    private(&server.file("password"), "secret\n");
    let (plain, encrypted) = (format!("localhost:{}", server.port()), format!("localhost:{}", server.port() + 1));
    let password = server.file("password");
    for (arguments, reason, advice) in [
        (&["--to", "a@example.org", "--smtp", "localhost:1"][..], "refused", "--smtp HOST:PORT"),
        (&["--to", "a@wrong.example", "--smtp", &plain, "--security", "none"], "Relay access denied", "--to"),
        (&["--to", "a@example.org", "--smtp", &plain], "STARTTLS", "--security"),
        (
            &["--to", "a@example.org", "--smtp", &encrypted, "--user", "osmon", "--password-file", &password],
            "certificate",
            "--ca-file",
        ),
        (
            &["--to", "a@example.org", "--smtp", &plain, "--security", "none", "--helo-name", "short"],
            "fully-qualified",
            "--helo-name",
        ),
    ] {
        let host = Host::recorded("vm");
        let done = init(&host, arguments);
        assert_eq!(done.code, 74, "{arguments:?}: {}", done.err);
        let last = done.err.lines().last().unwrap_or_default();
        assert!(last.contains("nobody can be notified") && last.contains(reason), "{arguments:?}: {}", done.err);
        assert!(last.contains(advice), "{arguments:?} without {advice}: {last}");
        assert!(done.out.contains("first run"), "the host is watched all the same: {}", done.out);
    }
    // One of two is enough, and the other is named.
    let host = Host::recorded("vm");
    let arguments = ["--to", "a@wrong.example,two@example.org", "--smtp", &plain, "--security", "none"];
    let done = init(&host, &arguments);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("a@wrong.example: not accepted"), "{}", done.out);
}

#[test]
fn an_installed_msmtp_is_used_as_it_is() {
    let Some(server) = Server::start("init with msmtp") else { return };
    if tool("msmtp", &["--version"]).code != 0 {
        return skip("init with msmtp", "it is not installed");
    }
    let host = Host::recorded("vm");
    fs::create_dir_all(host.path("home")).unwrap();
    fs::create_dir_all(host.root().join("usr/bin")).unwrap();
    fs::write(host.root().join("usr/bin/msmtp"), "").unwrap();
    let done = init(&host, &["--to", "m@example.org"]);
    assert_eq!(done.code, 64, "without a configuration it can send nothing: {}", done.err);
    let account = format!(
        "account default\nhost localhost\nport {}\nfrom osmon@example.org\nauth on\nuser osmon\npassword secret\ntls on\ntls_trust_file {}\n",
        server.port() + 1,
        server.file("cert.pem")
    );
    private(host.path("home/.msmtprc").to_str().unwrap(), &account);
    let done = init(&host, &["--to", "m@example.org", "--daily-status", "none"]).ok();
    assert!(done.out.contains("handed over to /usr/bin/msmtp"), "{}", done.out);
    assert!(text(&host).contains("program = \"/usr/bin/msmtp\""), "{}", text(&host));
    assert_eq!(subject(&server.wait_for("m", 1)[0]), "TEST web-01: osmon can reach you");
}

#[test]
fn a_mail_server_on_this_host_is_found() {
    let host = Host::recorded("vm");
    host.write(
        "proc/net/tcp",
        "  sl  local_address rem_address   st\n   0: 0100007F:0019 00000000:0000 0A 0:0 0:0 0\n",
    );
    let done = init(&host, &["--to", "a@example.org", "--dry-run"]).ok();
    let section = "[alert.smtp]\n# The mail server.\nhost = \"localhost\"\n";
    assert!(done.out.contains(section) && done.out.contains("security = \"none\""), "{}", done.out);
}
