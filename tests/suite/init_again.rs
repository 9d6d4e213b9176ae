//! `osmon init` on a host that is set up already: what it must not take away, and what it moves.

use super::harness::{Host, tool};
use super::init::{command, config, done, init, mail_program, text};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

/// A configuration that is there before.
fn written(host: &Host, content: &str) {
    fs::create_dir_all(config(host).parent().unwrap()).unwrap();
    fs::write(config(host), content).unwrap();
}

#[test]
fn watch_auto_adds_services_of_ones_own_and_removes_none() {
    let host = Host::recorded("vm");
    let before = host.read("systemctl-show");
    let shop = "Id=shop.service\nUnitFileState=enabled\nType=simple\nWantedBy=multi-user.target\n\
                FragmentPath=/etc/systemd/system/shop.service\n";
    host.write("systemctl-show", &before.replace("Id=shop.service\n", shop));
    written(&host, "[probe]\nservices = [\"ghost\", \"postgresql@15-main\"]\n");
    let done = init(&host, &["--yes", "--to", "none", "--watch", "auto"]);
    let expected = "services = [\"ghost\", \"postgresql@15-main\", \"nginx\", \"shop\"]";
    assert!(text(&host).contains(expected), "{}{}{}", text(&host), done.out, done.err);
    let said = done.out.lines().find(|line| line.starts_with("  services")).unwrap_or_default();
    assert_eq!(said, "  services  ghost, postgresql@15-main, nginx, shop", "{}", done.out);
    // A service that is not named any more is said to be left out.
    let done = init(&host, &["--yes", "--to", "none", "--watch", "nginx,shop"]);
    assert!(done.out.contains("nginx, shop; no longer: ghost, postgresql@15-main"), "{}", done.out);
    host.write("systemctl-show", &before);
    init(&host, &["--yes", "--to", "none", "--watch", "auto"]);
    assert!(text(&host).contains("services = [\"nginx\", \"shop\", \"postgresql@15-main\"]"), "{}", text(&host));
}

#[test]
fn an_empty_flag_deletes_nothing() {
    let host = Host::recorded("vm");
    let before = "[alert]\nto = [\"ops@example.org\"]\nfrom = \"o@example.org\"\nsign_of_life = \"08:00\"\n\
                  ping_url = \"https://ping.example.org/x\"\nwebhook = \"https://chat.example.org/x\"\n\
                  [alert.smtp]\nhost = \"localhost\"\nsecurity = \"none\"\nuser = \"me\"\npassword = \"x\"\n\
                  helo_name = \"h.example.org\"\n[probe]\nservices = [\"nginx\"]\n";
    written(&host, before);
    fs::set_permissions(config(&host), fs::Permissions::from_mode(0o600)).unwrap();
    for flag in [
        "to",
        "smtp",
        "security",
        "user",
        "password-file",
        "ca-file",
        "helo-name",
        "from",
        "sendmail",
        "webhook",
        "watch",
        "daily-status",
        "ping-url",
        "web",
        "language",
    ] {
        for value in ["", " ", ","] {
            let done = init(&host, &["--yes", "--no-test", &format!("--{flag}"), value]);
            assert_eq!(done.code, 64, "--{flag} {value:?}: {}{}", done.out, done.err);
            assert!(done.err.contains(&format!("--{flag}")), "--{flag} {value:?}: {}", done.err);
            assert_eq!(text(&host), before, "--{flag} {value:?}");
        }
    }
    let done = init(&host, &["--yes", "--to", ""]);
    assert!(done.err.contains("--to none is the word for nobody; nothing was changed"), "{}", done.err);
    init(&host, &["--yes", "--no-test", "--from", "none", "--user", "none", "--helo-name", "none"]);
    for part in ["from = \"\"", "user = \"\"", "helo_name = \"\""] {
        assert!(text(&host).contains(part), "{part} is not in {}", text(&host));
    }
}

#[test]
fn the_former_file_has_the_readers_of_the_configuration() {
    if tool("id", &["-u"]).out.trim() != "0" {
        return super::harness::skip("the readers of the former file", "this is no root");
    }
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    written(&host, "[alert]\nto = [\"old@example.org\"]\n");
    let backup = config(&host).with_file_name("osmon.toml.bak");
    // Also one that an earlier version left to root alone.
    fs::write(&backup, "").unwrap();
    chown(config(&host), Some(0), Some(4242)).unwrap();
    fs::set_permissions(config(&host), fs::Permissions::from_mode(0o640)).unwrap();
    done(command(&host, &["--to", "new@example.org", "--sendmail", &program])).ok();
    for file in [backup, config(&host)] {
        let meta = file.metadata().unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o777), (0, 4242, 0o640), "{}", file.display());
    }
}
