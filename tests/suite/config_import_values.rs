//! `osmon config import`: what a value means there and here, and what is no configuration.

use super::config_import::{FILES, fixture, settings};
use super::harness::Host;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// What a value means there and here: format, text, setting.
#[test]
fn values_are_converted() {
    let host = Host::recorded("vm");
    for (text, expected) in [
        ("seuil_cpu = 80 %\n", "rule.cpu.warning = 80.0"),
        ("seuil_disque=99\n", "rule.disk.critical = 99.0"),
        ("CPU_THRESHOLD_WARNING=70\nCPU_THRESHOLD_CRITICAL=90\n", "rule.cpu.critical = 90.0"),
        ("MEMORY_CRITICAL_THRESHOLD=60\n", "rule.memory.warning = 60.0"),
        ("SMTP_HOST=mail.example.org:465\n", "alert.smtp.security = \"tls\""),
        ("SMTP_HOST=mail.example.org\nSMTP_PORT=25\nSMTP_TLS=False\n", "alert.smtp.allow_plain = true"),
        (
            "SMTP_HOST=mail.example.org\nSMTP_TLS=False\nSMTP_USER=u\nSMTP_PASSWORD=p\n",
            "alert.smtp.security = \"starttls\"",
        ),
        ("SMTP_HOST=localhost\n", "alert.smtp.security = \"none\""),
        ("account a\nhost mail.example.org\ntls on\nfrom a@example.org\n", "alert.smtp.port = 25"),
        ("account a\nhost mail.example.org\ntls on\ntls_starttls off\n", "alert.smtp.port = 465"),
        ("account a\nhost mail.example.org\n", "alert.smtp.security = \"none\""),
        ("account a\nhost h.example.org\ntls on\nauth login\nuser u\npassword p\n", "alert.smtp.mechanism = \"login\""),
        (
            "account a\nhost h.example.org\ntls on\ntls_trust_file /etc/ssl/own.pem\n",
            "alert.smtp.ca_file = \"/etc/ssl/own.pem\"",
        ),
        ("account a\nhost h.example.org\ntls on\ntls_certcheck off\n", "alert.transport = \"sendmail\""),
        ("account a\nhost h.example.org\naccount b : a\nport 26\naccount default : b\n", "alert.smtp.port = 26"),
        (
            "set daemon 60\ncheck system x\n if memory > 2 GB for 3 cycles then alert\n",
            "rule.memory_bytes.warning = 2147483648.0",
        ),
        (
            "set daemon 60\ncheck system x\n if memory > 2 GB for 3 cycles then alert\n",
            "rule.memory_bytes.for = \"3m\"",
        ),
        (
            "check system x\n if memory usage greater than 80 percent for 4 cycles then alert\n",
            "rule.memory.for = \"2m\"",
        ),
        (
            "check system x\n if cpu > 60% for 5 cycles then alert\n if cpu > 90% then alert\n",
            "rule.cpu.critical = 90.0",
        ),
        (
            "check system x\n if cpu > 60% for 5 cycles then alert\n if cpu > 90% then alert\n",
            "rule.cpu.critical_for = \"0s\"",
        ),
        ("check filesystem v path /var\n if space free < 15% then alert\n", "rule.disk_var.warning = 85.0"),
        ("check filesystem v path /var\n if inode free < 1000 then alert\n", "rule.inodes_free_var.when = \"below\""),
        ("[df]\nenv.warning :80\n", "rule.disk.warning = 80.0"),
        ("contact.a.command mail a@example.org\n[h]\n load.load.warning 3:9\n", "rule.load_five.warning = 9.0"),
    ] {
        fs::write(host.path("old"), text).unwrap();
        let done = host.osmon(&["config", "import", &host.path("old").display().to_string()]);
        assert_eq!(done.code, 0, "{text}: {}", done.err);
        assert!(settings(&done.out).iter().any(|line| line == expected), "{text}: {expected} is not in\n{}", done.out);
    }
    let cores = std::thread::available_parallelism().unwrap().get() as f64;
    fs::write(host.path("old"), "[h]\ncpu.user.warning 50\n").unwrap();
    let done = host.osmon(&["config", "import", "--from", "munin", &host.path("old").display().to_string()]);
    let value = toml::Value::Float(50.0 / cores);
    assert!(
        settings(&done.out).contains(&format!("rule.cpu_user.warning = {value}")),
        "100 % for each core: {}",
        done.out
    );
}

#[test]
fn what_is_no_configuration_is_refused_with_a_reason() {
    let host = Host::recorded("vm");
    for (content, part) in [
        (&b"\x7fELF\x02\x01\0\0"[..], "binary data"),
        (b"\xff\xfeh\0i\0", "UTF-16"),
        (&vec![b'#'; (1 << 20) + 5], "larger than 1 MiB"),
        (
            b"Dear diary,\ntoday nothing happened\n",
            "of no known format; name it with --from (os-monitoring, env, servers",
        ),
        (b"", "of no known format"),
        (b"{\"devices\": [", "not valid YAML or JSON"),
        (b"servers: [a, {b: ]\n", "not valid YAML or JSON"),
    ] {
        fs::write(host.path("old"), content).unwrap();
        let done = host.osmon(&["config", "import", &host.path("old").display().to_string()]);
        assert_eq!((done.code, done.out.as_str()), (65, ""), "{part}: {}", done.err);
        assert!(done.err.contains(part) && done.err.contains("/old: "), "{part}: {}", done.err);
    }
    let done = host.osmon(&["config", "import", "/nonexistent"]);
    assert!(done.code == 74 && done.err.contains("could not read /nonexistent"), "{}: {}", done.code, done.err);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    /// Damaged files of every format make a valid configuration, or an error.
    #[test]
    fn damaged_files_do_no_harm(which in 0..FILES.len(), from in 0_usize..3000, length in 0_usize..60, with in "[\\PC\n\t]{0,40}", kind in 0_usize..8) {
        use clap::ValueEnum;
        use osmon::setup::import::{Input, Kind, import};
        let mut content = fs::read(fixture(FILES[which].0)).unwrap();
        let at = from % (content.len() + 1);
        let end = (at + length).min(content.len());
        content.splice(at..end, with.bytes());
        let kind = Kind::value_variants().get(kind).copied();
        let result = import(&[Input { name: "old\u{202e}\nfile", content: &content }], kind, Path::new("/etc/osmon"), 4);
        if let Ok(imported) = result {
            let source = osmon::config::location::Source::default();
            let request = osmon::config::Request { source, others: Some(osmon::config::read_others::ALL_SECTIONS) };
            let loaded = osmon::config::load::load_text(&request, imported.text.clone());
            prop_assert!(loaded.is_ok(), "{:?}\n{}", loaded.err(), imported.text);
            prop_assert!(imported.notes.iter().all(|note| note.to_string().lines().count() == 1));
        }
    }
}
