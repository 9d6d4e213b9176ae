//! `osmon init` on a host that is set up already: what it must not take away, and what it moves.

use super::harness::{Host, tool};
use super::init::{command, config, done, init, mail_program, text};
use super::web_server::WebServer;
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

#[test]
fn a_page_that_is_published_names_nobody_and_the_former_one_is_removed() {
    let mut host = Host::recorded("vm");
    let program = mail_program(&host, "");
    let first = init(&host, &["--to", "ops@example.org", "--sendmail", &program]).ok();
    let at = config(&host).display().to_string();
    let next = format!("  next      osmon status --config {at}\n            osmon doctor --config {at}\n");
    assert!(first.out.ends_with(&next), "{}", first.out);
    assert!(first.out.contains("osmon init --yes --from osmon@example.org"), "{}", first.out);
    let (former, beside) = (host.data().join("report.html"), host.data().join("report.json"));
    assert!(former.exists() && beside.exists());
    let (www, other) = (host.path("www"), host.path("other"));
    [&www, &other].into_iter().for_each(|directory| fs::create_dir_all(directory).unwrap());
    let done = init(&host, &["--yes", "--web", www.to_str().unwrap()]).ok();
    let page = www.join("osmon/index.html");
    assert!(done.out.contains("  names     left out of the page, because anyone who can reach"), "{}", done.out);
    assert!(text(&host).contains("public = true") && page.exists() && page.with_extension("json").exists());
    assert!(!former.exists() && !beside.exists() && done.out.contains("  removed   "), "{}", done.out);
    host.advance(60, 5);
    // Whoever wants the names says so, and is told.
    let done = init(&host, &["--yes", "--public", "no"]).ok();
    assert!(done.out.contains("  names     anyone who can reach the web server sees names of"), "{}", done.out);
    init(&host, &["--yes", "--web", www.to_str().unwrap()]).ok();
    assert!(text(&host).contains("public = false"), "{}", text(&host));
    // What osmon did not make stays.
    fs::write(&page, "mine").unwrap();
    host.advance(60, 5);
    init(&host, &["--yes", "--web", other.to_str().unwrap()]).ok();
    assert_eq!(fs::read_to_string(&page).unwrap(), "mine");
    assert!(!page.with_extension("json").exists() && other.join("osmon/index.html").exists());
}

#[test]
fn a_refused_webhook_is_not_saved_and_its_own_flag_is_named() {
    let host = Host::recorded("vm");
    let (program, web) = (mail_program(&host, ""), WebServer::start("404 Not Found"));
    let url = |name: &str| format!("http://127.0.0.1:{}/{name}", web.port);
    let saved = || fs::read_to_string(config(&host).with_file_name("webhook-url")).ok();
    let done = init(&host, &["--to", "ops@example.org", "--sendmail", &program, "--webhook", &url("wrong")]);
    assert_eq!(done.code, 74, "{}{}", done.out, done.err);
    assert!(done.out.contains("  test message webhook: not accepted: "), "{}", done.out);
    let last = done.err.lines().last().unwrap_or_default();
    assert!(last.contains("the webhook is not saved: ") && last.ends_with("check the URL: --webhook"), "{last}");
    assert!(text(&host).contains("ops@example.org") && !text(&host).contains("webhook"), "{}", text(&host));
    assert_eq!(saved(), None);
    *web.status.lock().unwrap() = "200 OK";
    init(&host, &["--yes", "--webhook", &url("right")]).ok();
    *web.status.lock().unwrap() = "404 Not Found";
    assert_eq!(init(&host, &["--yes", "--webhook", &url("wrong")]).code, 74);
    assert_eq!(saved(), Some(format!("{}\n", url("right"))), "the one that worked stays");
}
