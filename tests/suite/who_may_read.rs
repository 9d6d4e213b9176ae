//! Who may read a system installation: members of group osmon; others are told so. In a mount namespace with its own
//! `/etc`, `/var/lib` and `/run`.

use super::harness::{Done, Host, binary, repository, skip, tool};
use std::fs;

/// A recorded host that root watches: anna is in group osmon, bert is not.
const SET_UP: &str = r#"
mount -t tmpfs -o mode=755 tmpfs /mnt && mkdir -p /mnt/etc/osmon || exit 99
cp "$1" /mnt/osmon; cp -r "$2" /mnt/root; chmod -R a+rX /mnt
printf 'root:x:0:0::/root:/bin/sh\nanna:x:1501:1501::/nonexistent:/bin/sh\nbert:x:1502:1502::/nonexistent:/bin/sh\n' > /mnt/etc/passwd
printf 'root:x:0:\nosmon:x:1500:anna\nanna:x:1501:\nbert:x:1502:\n' > /mnt/etc/group
cat > /mnt/etc/osmon/osmon.toml <<'EOF'
[alert]
to = ["root@example.org"]
from = "osmon@example.org"
[alert.smtp]
host = "127.0.0.1"
user = "osmon"
password_file = "/etc/osmon/smtp-password"
EOF
echo secret > /mnt/etc/osmon/smtp-password
chmod 600 /mnt/etc/osmon/smtp-password; chmod 640 /mnt/etc/osmon/osmon.toml; chmod 750 /mnt/etc/osmon
chgrp 1500 /mnt/etc/osmon /mnt/etc/osmon/osmon.toml
mount --bind /mnt/etc /etc && mount -t tmpfs -o mode=755 tmpfs /var/lib && mount -t tmpfs -o mode=755 tmpfs /run || exit 99
osmon() { /mnt/osmon "$@" --root /mnt/root --now "$NOW"; }
as() { id=$1; groups=$2; shift 2
  NOW=$NOW setpriv --reuid=$id --regid=$id $groups env -i PATH=/usr/bin:/bin HOME=/nonexistent /mnt/osmon "$@" --root /mnt/root --now "$NOW"; }
anna() { as 1501 --groups=1500 "$@"; }
bert() { as 1502 --clear-groups "$@"; }
NOW=2026-11-20T21:40:00Z
(umask 077; osmon run) || exit 98
NOW=2026-11-20T21:41:00Z
"#;

/// Runs a script on that host; `None`: this user may not make namespaces.
fn system(script: &str) -> Option<Done> {
    let root = repository("tests/fixtures/root/vm").display().to_string();
    let all = format!("{SET_UP}{script}");
    let done = tool("unshare", &["-m", "sh", "-c", &all, "sh", binary("osmon"), &root]);
    if done.code == 99 || done.code == 127 || done.err.contains("unshare failed") {
        skip("who may read", &done.err);
        return None;
    }
    Some(done)
}

#[test]
fn members_of_the_group_read_and_others_are_told_how_to_become_one() {
    let Some(done) = system(
        r#"
for command in status incidents history top alerts verify silence "config show" "config check" "status --nagios"; do
  anna $command >/mnt/out 2>/mnt/err || echo "anna $command: $? $(cat /mnt/err)"
  [ -s /mnt/err ] && echo "anna $command: $(cat /mnt/err)"
  bert $command >/mnt/out 2>/mnt/err; echo "bert $command: $?"
  grep -q "for root and group osmon; as root: adduser bert osmon" /mnt/err || echo "not told: $(cat /mnt/err)"
  grep -Eq "no data|never|no alert recipient" /mnt/err /mnt/out && echo "misled: $(cat /mnt/out /mnt/err)"
done
bert status --nagios 2>/dev/null | cut -c1-52
anna status | head -1
anna note hello 2>&1; echo "note $?"
"#,
    ) else {
        return;
    };
    let expected = "bert status: 3\nbert incidents: 77\nbert history: 77\nbert top: 77\nbert alerts: 77\nbert verify: 77\nbert silence: 77\nbert config show: 77\nbert config check: 77\nbert status --nagios: 3\nOSMON UNKNOWN - could not read /etc/osmon/osmon.toml\nOK web-01: no open problems; measured 1 min ago\n";
    assert_eq!(done.out.split("osmon note:").next(), Some(expected), "{}", done.err);
    assert!(done.out.contains("try it with sudo") && done.out.ends_with("note 77\n"), "{}", done.out);
}

#[test]
fn a_user_with_data_of_their_own_sees_it_and_records_there() {
    let Some(done) = system(
        r#"
mkdir -m 777 /mnt/home
own() { NOW=$NOW setpriv --reuid=1502 --regid=1502 --clear-groups env -i PATH=/usr/bin:/bin HOME=/mnt/home /mnt/osmon "$@" --root /mnt/root --now "$NOW"; }
own run && own status | head -1; own config show | grep -c example.org
ls -d /mnt/home/.local/state/osmon/state
"#,
    ) else {
        return;
    };
    assert_eq!(
        (done.out.as_str(), done.err.as_str()),
        ("OK web-01: no open problems; measured 0 s ago\n0\n/mnt/home/.local/state/osmon/state\n", "")
    );
}

#[test]
fn data_that_may_not_be_read_does_not_look_empty() {
    let Some(done) = system(
        r#"
chmod 755 /etc/osmon; chmod 644 /etc/osmon/osmon.toml
bert status; bert history; bert incidents
chmod 755 /var/lib/osmon; chmod 700 /var/lib/osmon/state
bert status; anna status
"#,
    ) else {
        return;
    };
    assert_eq!(done.out, "");
    let lines: Vec<&str> = done.err.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    for line in &lines[..3] {
        assert!(
            line.contains("could not read /var/lib/osmon/; /var/lib/osmon/ is for root and group osmon")
                || line.contains("could not read /var/lib/osmon; /var/lib/osmon is for root and group osmon"),
            "{line}"
        );
    }
    assert!(
        lines[3..].iter().all(|line| line.contains("could not read /var/lib/osmon/state; try it with sudo")),
        "{lines:#?}"
    );
}

/// Every file and directory that root makes is for the group, under any umask, and after a restore too.
#[test]
fn all_that_root_makes_is_readable_by_the_group() {
    let Some(done) = system(
        r#"
umask 077
wrong() { find /var/lib/osmon \( ! -group osmon -o -type d ! -perm 2750 -o -type f ! -perm 640 \) ! -name last-good.toml -printf "$1: %M %g %p\n"; 
  find /var/lib/osmon -name last-good.toml ! -perm 600 -printf "$1: %M %p\n"; }
osmon send-alert --test >/dev/null 2>&1
osmon note hello >/dev/null; osmon run; osmon graph; wrong run
osmon backup /mnt/a.tar.gz; osmon restore /mnt/a.tar.gz; wrong restore; osmon run; wrong "run after restore"
chgrp 33 /var/lib/osmon/report.html; chmod 644 /var/lib/osmon/report.html
osmon restore /mnt/a.tar.gz; osmon run; stat -c "%g %a" /var/lib/osmon/report.html
rm -r /var/lib/osmon*; osmon restore /mnt/a.tar.gz; wrong "restore to nothing"
anna status | head -1 | cut -d: -f1
"#,
    ) else {
        return;
    };
    assert_eq!(done.out, "33 644\nWARNING web-01\n", "{}", done.err);
}

#[test]
fn a_relative_data_directory_is_used_and_named() {
    let host = Host::recorded("vm");
    let run = |variable: &str, config: &str| {
        fs::write(host.path("relative.toml"), config).unwrap();
        let mut command = std::process::Command::new(binary("osmon"));
        command.args(["status", "--root"]).arg(host.root()).args(["--now", "2026-11-20T21:40:00Z", "--config"]);
        command.arg(host.path("relative.toml")).env_clear().env("PATH", "/usr/bin:/bin").current_dir(host.path(""));
        if !variable.is_empty() {
            command.env("OSMON_DATA_DIR", variable);
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let place = host.path("here").display().to_string();
    let (out, err) = run("here", "");
    assert!(out.contains(&format!("no data in {place}")) && err.is_empty(), "{out} {err}");
    let (out, err) = run("", "data_dir = \"here\"\n");
    assert!(out.contains(&format!("no data in {place}")), "{out}");
    assert!(
        err.contains("must be an absolute path") && err.trim_end().ends_with(&format!("going on with {place}")),
        "{err}"
    );
}

/// The recipe of docs/install.md: a page in a directory of the web server's group.
#[test]
fn a_published_page_stays_readable_by_the_web_server_and_by_nobody_else() {
    let Some(done) = system(
        r#"
umask 077
install -d -o root -g 33 -m 2750 /mnt/www
printf '[report]\npath = "/mnt/www/index.html"\n' >> /etc/osmon/osmon.toml
web() { setpriv --reuid=33 --regid=33 --clear-groups head -c 15 /mnt/www/index.html && echo; }
osmon graph; web; stat -c "%g %a" /mnt/www/index.html
osmon backup /mnt/a.tar.gz; osmon restore /mnt/a.tar.gz; osmon graph; web
bert_() { setpriv --reuid=1502 --regid=1502 --clear-groups cat /mnt/www/index.html >/dev/null 2>&1 || echo shut; }
bert_
"#,
    ) else {
        return;
    };
    assert_eq!(done.out, "<!doctype html>\n33 640\n<!doctype html>\nshut\n", "{}", done.err);
}

/// While the data directory cannot be written, members see what is kept in memory.
#[test]
fn members_see_what_is_kept_in_memory_meanwhile() {
    let Some(done) = system(
        r#"
mount -o remount,ro /var/lib
NOW=2026-11-20T22:00:00Z
read boot rest </mnt/root/proc/uptime; echo "$((${boot%.*} + 1200)).00 0.00" >/mnt/root/proc/uptime
osmon run >/dev/null 2>&1
anna status | head -1; anna history >/dev/null && echo history
"#,
    ) else {
        return;
    };
    let warning = "WARNING web-01: the last run failed: the data directory cannot be written";
    assert!(done.out.starts_with(warning) && done.out.contains("\nhistory\n"), "{} {}", done.out, done.err);
}
