//! `osmon init` without a terminal: what it finds, writes, keeps, tests and says.

use super::harness::{Done, Host, binary};
use super::web_server::WebServer;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// `osmon init` on a recorded host, with a configuration file that need not exist.
pub fn command(host: &Host, arguments: &[&str]) -> Command {
    osmon(host, &[&["init"], arguments].concat())
}

/// Another command on that host, with that configuration.
pub fn osmon(host: &Host, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("osmon"));
    command.args(arguments);
    for (flag, path) in [("--root", host.root()), ("--data-dir", host.data()), ("--config", config(host))] {
        command.arg(flag).arg(path);
    }
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("TZ", "UTC")
        .env("HOME", host.path("home"))
        .arg("--now")
        .arg(host.now.to_rfc3339())
        .stdin(Stdio::null());
    command
}

pub fn config(host: &Host) -> std::path::PathBuf {
    host.path("etc/osmon.toml")
}

pub fn text(host: &Host) -> String {
    fs::read_to_string(config(host)).unwrap_or_default()
}

pub fn init(host: &Host, arguments: &[&str]) -> Done {
    done(command(host, arguments))
}

pub fn done(mut command: Command) -> Done {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Done { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// A program that takes mails and keeps all.
pub fn mail_program(host: &Host, script: &str) -> String {
    let path = host.root().join("usr/sbin/sendmail");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let kept = host.path("mail");
    fs::write(&path, format!("#!/bin/sh\ncat >> {}\necho \"$@\" >> {}.to\n{script}\n", kept.display(), kept.display()))
        .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    // The path is looked up below the recorded host, and the program is started on this one.
    let here = path.display().to_string();
    let below = host.root().join(here.trim_start_matches('/'));
    fs::create_dir_all(below.parent().unwrap()).unwrap();
    fs::copy(&path, below).unwrap();
    here
}

fn plain(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn a_new_configuration_has_only_what_differs_and_is_valid() {
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    let done = init(&host, &["--to", "ops@example.org, dev@example.org", "--sendmail", &program]).ok();
    let expected = [
        format!("data_dir = \"{}\"", host.data().display()),
        "[alert]".to_string(),
        "to = [\"ops@example.org\", \"dev@example.org\"]".to_string(),
        "sign_of_life = \"08:00\"".to_string(),
        "[alert.sendmail]".to_string(),
        format!("program = \"{program}\""),
        "[probe]".to_string(),
        "services = [\"nginx\", \"postgresql@15-main\"]".to_string(),
    ];
    assert_eq!(plain(&text(&host)), expected);
    let lines: Vec<String> = text(&host).lines().map(ToString::to_string).collect();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ")) {
        assert!(lines[at - 1].starts_with("# "), "no comment above {}", lines[at]);
    }
    assert!(fs::read_to_string(host.path("mail")).unwrap().contains("Subject: TEST web-01: osmon can reach you"));
    assert!(fs::read_to_string(host.path("mail")).unwrap().contains("\nSent 2026-11-20 21:40 (+00:00).\n"));
    let to = fs::read_to_string(host.path("mail.to")).unwrap();
    assert_eq!(to.lines().next(), Some("-i -- ops@example.org dev@example.org"));
    for part in ["test mail ops@example.org: handed over to", "first run ", "report    ", "next      "] {
        assert!(done.out.contains(part), "{part} is not in {}", done.out);
    }
    assert!(done.out.lines().all(|line| line.chars().count() <= 80), "{}", done.out);
    assert_eq!(host.snapshots().len(), 1);
    assert!(host.data().join("report.html").exists());
    assert!(!text(&host).contains("OSMON_"));
    let mode = config(&host).metadata().unwrap().permissions().mode() & 0o777;
    assert!(mode == 0o640 || mode == 0o600, "{mode:o}");
}

#[test]
fn again_without_an_answer_changes_nothing() {
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    init(&host, &["--to", "ops@example.org", "--sendmail", &program, "--watch", "nginx"]).ok();
    let first = text(&host);
    let done = init(&host, &["--yes"]).ok();
    assert_eq!(text(&host), first);
    assert!(done.out.contains("(unchanged)"), "{}", done.out);
    assert!(!host.path("etc/osmon.toml.bak").exists());
    // What was declined stays declined.
    init(&host, &["--yes", "--watch", "none", "--daily-status", "none"]).ok();
    init(&host, &["--yes"]).ok();
    assert!(text(&host).contains("services = []") && text(&host).contains("sign_of_life = \"\""), "{}", text(&host));
}

#[test]
fn an_existing_file_keeps_comments_order_and_foreign_keys() {
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    let before = "# Mine.\n[rule.cpu]   # busy is normal here\nwarning = 90.0\n\n[alert]\nheartbeat_url = \"https://old.example/x\" # hc\nto = [\"a@example.org\"] # me\nper_hour = 3\n\n[report]\ntitle = \"Web\"\n# end\n";
    fs::create_dir_all(config(&host).parent().unwrap()).unwrap();
    fs::write(config(&host), before).unwrap();
    fs::set_permissions(config(&host), fs::Permissions::from_mode(0o604)).unwrap();
    let url = "http://127.0.0.1:1/y";
    let arguments = ["--to", "b@example.org", "--sendmail", &program, "--ping-url", url, "--language", "fr"];
    let done = init(&host, &arguments);
    assert_eq!(done.code, 74, "nothing answers there: {}", done.err);
    assert!(done.err.contains("first run: ping: "), "{}", done.err);
    let after = text(&host);
    for part in [
        "# Mine.\n[rule.cpu]   # busy is normal here\nwarning = 90.0\n\n[alert]\n",
        "heartbeat_url = \"http://127.0.0.1:1/y\" # hc\nto = [\"b@example.org\"] # me\nper_hour = 3\n",
        "[report]\ntitle = \"Web\"\n",
        "language = \"fr\"",
        "# end\n",
    ] {
        assert!(after.contains(part), "{part} is not in {after}");
    }
    assert!(!after.contains("services") && !after.contains("sign_of_life"), "nobody answered that: {after}");
    assert_eq!(fs::read_to_string(host.path("etc/osmon.toml.bak")).unwrap(), before);
    assert_eq!(config(&host).metadata().unwrap().permissions().mode() & 0o777, 0o604);
}

#[test]
fn a_sample_with_nothing_but_comments_stays_above_the_settings() {
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    fs::create_dir_all(config(&host).parent().unwrap()).unwrap();
    fs::write(config(&host), "# Sample.\n#[alert]\n#to = []\n").unwrap();
    init(&host, &["--to", "ops@example.org", "--sendmail", &program]).ok();
    assert!(text(&host).starts_with("# Sample.\n#[alert]\n#to = []\n\n"), "{}", text(&host));
    assert!(text(&host).contains("services = [\"nginx\"") && text(&host).matches("# Sample").count() == 1);
}

#[test]
fn a_webhook_is_tested_and_its_url_gets_a_file_of_its_own() {
    let host = Host::recorded("vm");
    let web = WebServer::start("200 OK");
    let url = format!("http://127.0.0.1:{}/hook/T0K3N", web.port);
    // The test looks first whether the server can be reached.
    let bodies = || -> Vec<String> {
        let asked = web.asked.lock().unwrap();
        asked.iter().map(|(_, _, body)| body.clone()).filter(|body| !body.is_empty()).collect()
    };
    let arguments = ["--to", "none", "--daily-status", "none", "--webhook", &url];
    let done = init(&host, &arguments).ok();
    assert!(done.out.contains("test message webhook: accepted by "), "{}", done.out);
    assert!(bodies()[0].contains("osmon can reach you"));
    let file = config(&host).with_file_name("webhook-url");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{url}\n"));
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(text(&host).contains("webhook_file = ") && !text(&host).contains("T0K3N"), "{}", text(&host));
    init(&host, &["--yes"]).ok();
    assert_eq!(bodies().len(), 2, "it is tested again without being named");
    // A kind makes a route; the mails are in its format.
    init(&host, &["--to", "none", "--webhook", &format!("ntfy={url}")]).ok();
    assert!(text(&host).contains("[alert.route.chat]") && text(&host).contains("kind = \"ntfy\""), "{}", text(&host));
    assert!(bodies().iter().any(|body| body.contains("\"topic\":\"T0K3N\"")), "{:?}", bodies());
    *web.status.lock().unwrap() = "404 Not Found";
    let other = Host::recorded("vm");
    let done = init(&other, &arguments);
    assert_eq!(done.code, 74);
    assert!(done.err.contains("check the URL: --webhook") && !done.err.contains("T0K3N"), "{}", done.err);
    assert!(!text(&other).contains("webhook"), "{}", text(&other));
}

#[test]
fn what_is_missing_is_one_sentence_and_changes_nothing() {
    for (arguments, code, expected) in [
        (&[][..], 64, "--to is missing"),
        (&["--yes"], 64, "--to is missing"),
        (&["--to", "ops@example.org"], 64, "--smtp is missing"),
        (&["--to", "ops@example.org", "--smtp", "mail.example.org", "--user", "me"], 64, "--password-file is missing"),
        (&["--to", "ops"], 64, "--to: \"ops\" is not a mail address: it has no @"),
        (&["--to", "a@example.org", "--smtp", "http://x"], 64, "--smtp: \"http://x\" is not a mail server"),
        (&["--to", "a@example.org", "--watch", "ngnix"], 64, "there is no service \"ngnix\"; did you mean \"nginx\"?"),
        (&["--to", "a@example.org", "--user", "me"], 64, "--user: it belongs to a mail server; give --smtp"),
        (&["--webhook", "chat"], 64, "--webhook: a URL must begin with https://"),
        (&["--to", "a@example.org", "--daily-status", "8 o'clock"], 64, "is not a time of day"),
        (&["--web", "/nowhere"], 64, "there is no directory /nowhere"),
        (
            &["--to", "a@example.org", "--smtp", "x", "--ca-file", "/no/file"],
            64,
            "--ca-file: there is no file /no/file",
        ),
        (&["--web"], 64, "no root of a web server was found"),
        (&["--to", "a@example.org", "--sendmail", "/no/program"], 64, "there is no program /no/program"),
        (
            &["--to", "a@example.org", "--smtp", "mail.example.org", "--security", "none", "--user", "me"],
            64,
            "--password-file is missing",
        ),
    ] {
        let host = Host::recorded("vm");
        let done = init(&host, arguments);
        assert_eq!(done.code, code, "{arguments:?}: {}", done.err);
        assert!(done.err.contains(expected) && done.err.lines().count() == 1, "{arguments:?}: {}", done.err);
        assert!(!config(&host).exists() && !host.data().exists(), "{arguments:?}");
    }
}

#[test]
fn without_anybody_to_notify_it_records_and_does_not_end_well() {
    let host = Host::recorded("vm");
    let done = init(&host, &["--to", "none"]);
    assert_eq!(done.code, 78);
    assert!(done.err.contains("nobody is notified"), "{}", done.err);
    assert_eq!(host.snapshots().len(), 1);
    assert!(!text(&host).contains("to ="));
}

#[test]
fn a_mail_program_that_refuses_is_reported_and_never_replaces_one_that_works() {
    let host = Host::recorded("vm");
    let good = mail_program(&host, "");
    let refusing = mail_program(&host, "").replace("sendmail", "refusing");
    for base in ["", host.root().to_str().unwrap()] {
        let path = format!("{base}{refusing}");
        fs::write(&path, "#!/bin/sh\necho no such user >&2; exit 67\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let done = init(&host, &["--to", "ops@example.org", "--sendmail", &refusing]);
    assert_eq!(done.code, 74);
    assert!(done.err.contains("nobody can be notified: ") && done.err.contains("no such user"), "{}", done.err);
    assert!(done.err.contains("check the address: --to"), "{}", done.err);
    assert!(text(&host).contains("refusing"), "a first configuration is kept, so that the host is watched");
    init(&host, &["--sendmail", &good]).ok();
    let working = text(&host);
    let done = init(&host, &["--sendmail", &refusing]);
    assert_eq!(done.code, 74);
    assert_eq!(text(&host), working);
    init(&host, &["--sendmail", &refusing, "--no-test"]);
    assert!(text(&host).contains("refusing"), "without a test it is taken at its word");
}

#[test]
fn a_dry_run_prints_the_configuration_and_writes_nothing() {
    let host = Host::recorded("vm");
    let arguments =
        ["--to", "ops@example.org", "--smtp", "mail.example.org:465", "--daily-status", "none", "--dry-run"];
    let done = init(&host, &arguments).ok();
    for part in ["to = [\"ops@example.org\"]", "host = \"mail.example.org\"", "security = \"tls\"", "port = 465"] {
        assert!(done.out.contains(part), "{part} is not in {}", done.out);
    }
    assert!(!done.out.contains("sign_of_life"), "{}", done.out);
    assert!(!config(&host).exists() && !host.data().exists());
    let done = init(&host, &[&arguments[..], &["--json"]].concat()).ok();
    assert!(done.json()["configuration"].as_str().unwrap().contains("ops@example.org"));
}

#[test]
fn an_invalid_configuration_is_named_and_left_alone() {
    let host = Host::recorded("vm");
    fs::create_dir_all(config(&host).parent().unwrap()).unwrap();
    for (broken, expected) in [("[alert]\nto = 3\n", "osmon.toml:2:1: alert.to"), ("[alert\n", "not valid TOML")] {
        fs::write(config(&host), broken).unwrap();
        let done = init(&host, &["--to", "ops@example.org", "--smtp", "mail.example.org"]);
        assert_eq!(done.code, 78, "{}", done.err);
        assert!(done.err.contains(expected) && done.err.contains("nothing was changed"), "{}", done.err);
        assert_eq!(text(&host), broken);
    }
}

#[test]
fn json_has_what_was_found_and_done() {
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    let done = init(&host, &["--to", "ops@example.org", "--sendmail", &program, "--json"]).ok();
    let all: Value = done.json();
    assert_eq!(all["found"]["service"], serde_json::json!(["nginx", "postgresql@15-main"]));
    assert_eq!((&all["test"][0]["accepted"], &all["settings"]["changed"]), (&true.into(), &true.into()));
    assert_eq!((all["exit"].as_i64(), all["run"]["verdict"].as_str()), (Some(0), Some("healthy")), "{all}");
    assert!(all["report"].as_str().unwrap().ends_with("report.html"));
}
