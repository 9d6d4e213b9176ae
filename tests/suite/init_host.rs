//! `osmon init` on a booted Debian: its cron and timers, the group of readers, a normal user.

use super::harness::{binary, wait};
use super::host::Debian;
use super::send_alert_smtp::Server;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// From an installed binary to a watched host: as root with cron, as root with timers only, as a normal user.
#[test]
fn it_is_a_minute_from_nothing_to_watched() {
    let Some(debian) = Debian::boot_as("init", "osmon init on a booted Debian") else { return };
    let Some(server) = Server::start("osmon init on a booted Debian") else { return };
    debian.put(binary("osmon"), "/usr/bin/osmon");
    debian.put(&server.file("cert.pem"), "/srv/ca.pem");
    let password = server.file("password");
    fs::write(&password, "secret\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    debian.put(&password, "/root/password");
    let flags = format!(
        "--yes --smtp localhost:{} --user osmon --ca-file /srv/ca.pem --daily-status none --password-file",
        server.port() + 1
    );
    // Root, with cron.
    debian.sh("addgroup --system osmon; install -d -m 750 -o root -g osmon /etc/osmon"); // as the package does
    let begun = std::time::Instant::now();
    let done = debian.sh(&format!("osmon init --to root@example.org {flags} /root/password")).ok();
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    assert!(done.out.contains("schedule  /etc/cron.d/osmon:") && done.out.contains("first run "), "{}", done.out);
    assert_eq!(server.wait_for("root", 1).len(), 1);
    let modes = debian.sh("stat -c '%U:%G %a' /etc/osmon/osmon.toml /var/lib/osmon").ok();
    assert_eq!(modes.out, "root:osmon 640\nroot:osmon 2750\n");
    let snapshots = || debian.sh("cat /var/lib/osmon/snapshots/* | wc -l").out.trim().parse::<usize>().unwrap_or(0);
    let first = snapshots();
    // A normal user beside it.
    debian.sh("useradd -m anna; install -o anna -m 600 /root/password /home/anna/password").ok();
    let done = debian.sh(&format!("su - anna -c 'osmon init --to anna@example.org {flags} password'")).ok();
    assert!(done.out.contains("schedule  crontab of anna:1"), "{}", done.out);
    assert!(debian.sh("crontab -u anna -l").out.contains("/usr/bin/osmon run"));
    assert_eq!(debian.sh("stat -c %a /home/anna/.config/osmon/osmon.toml").out, "600\n");
    assert_eq!(server.wait_for("anna", 1).len(), 1);
    // cron does record.
    wait(75, || (snapshots() > first).then_some(())).expect("cron records nothing");
    // Without cron the timer; an answer that is not asked for stays.
    let done = debian.sh("apt-get -y remove cron >/dev/null 2>&1; rm /etc/cron.d/osmon; osmon init --yes --watch none");
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(done.out.contains("schedule  /etc/systemd/system/osmon.timer"), "{}", done.out);
    assert!(debian.sh("cat /etc/osmon/osmon.toml").out.contains("to = [\"root@example.org\"]"));
    assert_eq!(debian.sh("systemctl is-active osmon.timer").out, "active\n");
    // A page that the web server may read, and nobody else.
    let done = debian.sh("mkdir -p /var/www/html; osmon init --yes --web /var/www/html");
    assert!(done.out.contains("report    /var/www/html/osmon/index.html"), "{}{}", done.out, done.err);
    let read = |user: &str| debian.sh(&format!("su {user} -s /bin/sh -c 'cat /var/www/html/osmon/index.html'")).code;
    assert_eq!((read("www-data"), read("anna")), (0, 1));
}
