//! `osmon config import`: files of other systems become a valid configuration, and what does not is said.

use super::harness::{Host, repository};
use nix::unistd::geteuid;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::Path;

/// File, settings of the result, and line and key of what is said not to be taken over (all of it).
pub const FILES: [(&str, &[&str], &[&str]); 11] = [
    (
        "config.cfg",
        &[
            "alert.to = [\"admin@example.org\", \"équipe@example.org\"]",
            "rule.cpu.warning = 80.0",
            "rule.cpu.for = \"0s\"",
            "rule.memory.warning = 97.5",
            "rule.memory.critical = 97.5",
            "# language = \"fr\"",
        ],
        &["4: last_alert", "5: mail_alert", "6: seuil_température"],
    ),
    (
        "self-healing.env",
        &[
            "probe.services = [\"cron\", \"dbus\", \"apache2\", \"nginx\"]",
            "alert.to = [\"ops@example.org\", \"admin@example.org\"]",
            "alert.from = \"Surveillance <alerts@example.org>\"",
            "alert.smtp.host = \"smtp.gmail.com\"",
            "alert.smtp.port = 587",
            "alert.smtp.security = \"starttls\"",
            "alert.smtp.user = \"alerts@example.org\"",
            "rule.cpu.warning = 80.0",
            "rule.memory.warning = 85.0",
            "rule.memory.critical = 92.0",
        ],
        &[
            "2: MONITORING_INTERVAL",
            "6: DISK_THRESHOLD",
            "7: NETWORK_THRESHOLD",
            "9: AUTO_HEALING_ENABLED",
            "17: LOG_FILE",
        ],
    ),
    (
        "supervisor.env",
        &[],
        &[
            "1: METRICS_FILE",
            "2: INTERVAL_HEALTH_CHECK",
            "3: INTERVAL_METRICS_CHECK",
            "4: WHITELIST_AGENT",
            "5: HEALTHROOT",
            "6: METRICSROOT",
        ],
    ),
    (
        "buildup.env",
        &[],
        &["1: INFLUXDB_URL", "2: INFLUXDB_TOKEN", "3: INFLUXDB_ORG", "4: INFLUXDB_BUCKET", "5: TICK_INTERVAL"],
    ),
    ("servers.yaml", &[], &["3: servers", "4: servers", "5: servers", "6: interval"]),
    (
        "config.json",
        &[],
        &["2: site_name", "3: site_token", "4: backend_url", "5: sync_interval", "7: devices.name", "8: devices.name"],
    ),
    (
        "msmtprc",
        &[
            "alert.from = \"prenom.nom@example.org\"",
            "alert.smtp.host = \"partage.example.org\"",
            "alert.smtp.port = 465",
            "alert.smtp.security = \"tls\"",
            "alert.smtp.user = \"prenom.nom@example.org\"",
        ],
        &["1: to", "7: logfile", "20: gmail"],
    ),
    (
        "msmtprc-eval",
        &["alert.transport = \"sendmail\"", "alert.sendmail.program = \"/usr/bin/msmtp\""],
        &["1: to", "8: passwordeval"],
    ),
    (
        "monitrc",
        &[
            "probe.services = [\"nginx\"]",
            "alert.to = [\"sysadm@example.org\", \"dba@example.org\"]",
            "alert.from = \"monit@example.org\"",
            "alert.smtp.host = \"mail.example.org\"",
            "alert.smtp.port = 587",
            "rule.load_one.metric = \"load.one\"",
            "rule.load_one.warning = 4.0",
            "rule.load_one.for = \"10m\"",
            "rule.load_five_per_core.metric = \"load.five_per_core\"",
            "rule.memory.warning = 75.0",
            "rule.memory.for = \"8m\"",
            "rule.swap.warning = 25.0",
            "rule.cpu_user.warning = 70.0",
            "rule.cpu.warning = 95.0",
            "rule.cpu.for = \"20m\"",
            "rule.disk_root.metric = 'disk.used_percent{mount=\"/\"}'",
            "rule.inodes_root.warning = 90.0",
            "rule.disk_srv-data.samples = \"10 of 30\"",
            "rule.disk_srv-data.critical = 95.0",
            "rule.disk_free_srv-data.when = \"below\"",
            "rule.disk_free_srv-data.warning = 5368709120.0",
            "rule.disk.metric = 'disk.used_percent{mount!=\"/\", mount!=\"/srv/data\"}'",
        ],
        &[
            "4: set daemon",
            "5: set log",
            "6: set pidfile",
            "11: set mailserver",
            "12: set mail-format",
            "18: set alert",
            "19: set httpd",
            "36: check filesystem datafs: start",
            "37: if space > 80% for 5 times within 15 cycles",
            "38: if space > 95%",
            "40: if changed fsflags",
            "41: check device sdb",
            "44: check process nginx",
            "45: check process nginx: start",
            "46: check process nginx: stop",
            "47: if cpu > 60% for 2 cycles",
            "48: if failed",
            "49: if 3 restarts within 5 cycles",
            "50: check process nginx: depends",
            "51: check file nginx_bin",
            "53: check host gateway",
            "55: check program backup",
            "57: include",
        ],
    ),
    (
        "munin.conf",
        &[
            "alert.to = [\"admin@example.org\", \"ops@example.org\"]",
            "rule.disk.warning = 85.0",
            "rule.disk.critical = 94.0",
            "rule.load_five.warning = 4.0",
            "rule.load_five.critical = 8.0",
            "rule.swap_bytes.warning = 1000000000.0",
        ],
        &[
            "2: dbdir",
            "3: htmldir",
            "5: contact.admin.always_send",
            "6: contact.pipe.command",
            "9: address",
            "10: use_node_name",
            "13: df._dev_sda1.warning",
            "18: postfix_mailqueue.mails.warning",
        ],
    ),
    (
        "munin-node.conf",
        &[
            "rule.disk.warning = 92.0",
            "rule.disk.critical = 98.0",
            "rule.load_five.warning = 10.0",
            "rule.load_five.critical = 20.0",
        ],
        &[
            "1: log_level",
            "2: log_file",
            "3: pid_file",
            "4: background",
            "5: user",
            "6: group",
            "7: host_name",
            "8: allow",
            "9: host",
            "10: port",
            "13: env.exclude",
        ],
    ),
];

pub fn fixture(name: &str) -> String {
    repository("tests/fixtures/import").join(name).display().to_string()
}

/// The settings of a configuration as `section.key = value`, and its proposals.
pub fn settings(text: &str) -> Vec<String> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in text.lines().take_while(|line| *line != "# Not taken over:") {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name.to_string(),
            None if line.starts_with("# language") => found.push(line.to_string()),
            None => found.extend(line.rsplit_once(" # ").map(|(line, _)| format!("{section}.{}", line.trim_end()))),
        }
    }
    found
}

#[test]
fn every_format_becomes_a_valid_configuration() {
    for (name, expected, notes) in FILES {
        let mut host = Host::recorded("vm");
        let target = host.path("new/osmon.toml");
        fs::create_dir(host.path("new")).unwrap();
        let done = host.osmon(&["config", "import", &fixture(name), "--output", &target.display().to_string()]);
        let said = done.err;
        assert_eq!(done.code, 0, "{name}: {said}");
        let text = fs::read_to_string(&target).unwrap();
        let found = settings(&text);
        for setting in expected {
            assert!(found.iter().any(|line| line == setting), "{name}: {setting} is not in\n{text}");
        }
        let begin = format!("osmon config: {}:", fixture(name));
        let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix(&begin)).collect();
        assert_eq!(lines.len(), notes.len(), "{name}: {said}");
        for (line, note) in lines.iter().zip(notes) {
            assert!(line.starts_with(&format!("{note}: ")), "{name}: {note}: {line}");
            assert!(
                text.contains(&format!("# {}:{line}\n", fixture(name))),
                "{name}: {line} is not a comment of\n{text}"
            );
        }
        for secret in ["s3cr3t", "t0k3n"] {
            assert!(!text.contains(secret) && !said.contains(secret), "{name}: a secret is repeated");
        }
        host.config = text.clone();
        let done = host.osmon(&["config", "check"]);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{name}:\n{text}");
        // The same from standard output, with the secret named.
        let done = host.osmon(&["config", "import", &fixture(name)]);
        let path = "/etc/osmon/smtp-password";
        let told = |text: &str| text.replace(&host.path("new/smtp-password").display().to_string(), path);
        assert_eq!(
            settings(&done.out).iter().map(|line| told(line)).collect::<Vec<_>>(),
            found.iter().map(|line| told(line)).collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(
            done.err.contains("a secret, which is not shown"),
            host.path("new/smtp-password").exists(),
            "{name}: {}",
            done.err
        );
    }
}

#[test]
fn secrets_go_into_private_files_and_nothing_is_overwritten() {
    for (name, secret) in
        [("self-healing.env", "s3cr3t-pass # word\n"), ("msmtprc", "s3cr3t-pass\n"), ("monitrc", "s3cr3t-pass\n")]
    {
        let host = Host::recorded("vm");
        let target = host.path("osmon2.toml").display().to_string();
        let import = ["config", "import", &fixture(name), "--output", &target];
        assert_eq!(host.osmon(&import).code, 0);
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(fs::read_to_string(host.path("smtp-password")).unwrap(), secret, "{name}");
        assert_eq!((mode(&host.path("smtp-password")), mode(Path::new(&target))), (0o600, 0o640));
        fs::write(host.path("smtp-password"), "mine\n").unwrap();
        let done = host.osmon(&import);
        assert!(done.code == 73 && done.err.contains("exists; replace it with --force"), "{}", done.err);
        fs::remove_file(&target).unwrap();
        assert_eq!(host.osmon(&import).code, 73, "the secret alone");
        assert_eq!(fs::read_to_string(host.path("smtp-password")).unwrap(), "mine\n");
        assert!(!Path::new(&target).exists());
        assert_eq!(host.osmon(&[&import[..], &["--force"]].concat()).code, 0);
        assert_eq!(fs::read_to_string(host.path("smtp-password")).unwrap(), secret);
    }
}

#[test]
fn what_root_imports_is_read_by_the_group_of_the_directory() {
    if !geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let host = Host::recorded("vm");
    let directory = host.path("etc");
    fs::create_dir(&directory).unwrap();
    lchown(&directory, None, Some(4242)).unwrap();
    let target = directory.join("osmon.toml");
    let import = ["config", "import", &fixture("msmtprc"), "--output", target.to_str().unwrap()];
    assert_eq!(host.osmon(&import).code, 0);
    let owner = |path: &Path| path.metadata().map(|meta| (meta.uid(), meta.gid())).unwrap();
    assert_eq!((owner(&target), owner(&directory.join("smtp-password"))), ((0, 4242), (0, 0)));
    lchown(&target, Some(1), Some(1)).unwrap();
    assert_eq!(host.osmon(&[&import[..], &["--force"]].concat()).code, 0);
    assert_eq!(owner(&target), (1, 1), "one that was there keeps its owner and group");
}

#[test]
fn several_files_make_one_configuration() {
    let host = Host::recorded("vm");
    let done =
        host.osmon(&["config", "import", "--json", &fixture("config.cfg"), &fixture("msmtprc"), &fixture("monitrc")]);
    let text = done.json()["text"].as_str().unwrap().to_string();
    let found = settings(&text);
    for setting in [
        "alert.smtp.host = \"partage.example.org\"",
        "rule.memory.warning = 97.5",
        "rule.cpu.warning = 80.0",
        "rule.swap.warning = 25.0",
    ] {
        assert!(found.iter().any(|line| line == setting), "{setting}: {text}");
    }
    let notes = done.json()["note"].as_array().unwrap().clone();
    let is_of_cpu =
        |note: &&serde_json::Value| note["message"].as_str().unwrap().contains("rule.memory has its own already");
    assert_eq!(notes.iter().filter(is_of_cpu).count(), 1, "{notes:?}");
    assert!(!notes.iter().any(|note| note["key"] == "to"), "the recipients are in another file");
}
