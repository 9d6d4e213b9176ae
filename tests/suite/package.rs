//! The Debian package on a booted Debian: installed, upgraded under load, removed, purged, and nothing is left.
//! `contrib/release/build package` makes it in target/dist.

use super::harness::{Done, repository, skip, tool, wait};
use super::host::Debian;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// Largest package and installation, in bytes.
const PACKAGE_MAX: u64 = 6_000_000;
const INSTALLED_MAX: u64 = 15_000_000;
/// Names, modes, owners, links and contents of all files, without the bookkeeping of dpkg, of the account database and of
/// systemd, and without logs and caches.
const FILES: &str = r#"cd /; skip="^(/var/lib/dpkg|/var/log|/var/cache|/var/lib/systemd|/var/tmp|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|/root|/tmp)"
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /dev \) -prune -o -printf '%p %y %m %u:%g %l\n' | grep -vE "$skip" | sort
find /etc /usr /var -xdev -type f | grep -vE "$skip" | sort | xargs -d '\n' sha256sum
find /run -name '*osmon*'"#;

/// The newest package that was built for this processor.
fn package() -> Option<PathBuf> {
    let files = fs::read_dir(repository("target/dist")).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_package = |path: &PathBuf| path.to_string_lossy().ends_with("_amd64.deb") && cfg!(target_arch = "x86_64");
    let time = |path: &PathBuf| path.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let newest = files.filter(is_package).max_by_key(time);
    if newest.is_none() {
        skip("the Debian package", "target/dist has none (contrib/release/build package target/release)");
    }
    newest
}

fn boot(purpose: &str) -> Option<(Debian, PathBuf)> {
    let package = package()?;
    let debian = Debian::boot_as(purpose, "the Debian package on a booted Debian")?;
    debian.put(package.to_str().unwrap(), "/root/osmon.deb");
    Some((debian, package))
}

#[track_caller]
fn ok(debian: &Debian, script: &str) -> String {
    let Done { code, out, err } = debian.sh(script);
    assert_eq!(code, 0, "{script}: {out}{err}");
    out
}

fn minute(debian: &Debian) -> String {
    let shown = ok(debian, "osmon schedule --json");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let minutes = shown["schedule"].as_array().unwrap().iter().filter(|found| found["role"] == "minute");
    minutes.map(|found| format!("{} {}", found["kind"].as_str().unwrap(), found["when"].as_str().unwrap())).collect()
}

#[test]
fn a_package_is_small_and_clean() {
    let Some(package) = package() else { return };
    let size = package.metadata().unwrap().len();
    assert!(size <= PACKAGE_MAX, "{size} bytes");
    let file = package.to_str().unwrap();
    let installed = tool("dpkg-deb", &["--field", file, "Installed-Size"]).ok().out;
    assert!(installed.trim().parse::<u64>().unwrap() * 1024 <= INSTALLED_MAX, "{installed} KiB");
    let strict = ["--fail-on", "error,warning,info", "--display-info"];
    let lintian = tool("lintian", &[&["--allow-root", file], strict.as_slice()].concat());
    match lintian.code {
        127 => skip("lintian on the package", "it is missing (apt-get install lintian)"),
        code => assert_eq!(code, 0, "{}{}", lintian.out, lintian.err),
    }
    for script in ["build", "install.sh", "uninstall.sh", "debian/postinst", "debian/prerm", "debian/postrm"] {
        let path = repository("contrib/release").join(script);
        let checked = tool("shellcheck", &[path.to_str().unwrap()]);
        match checked.code {
            127 => return skip("shellcheck", "it is missing (apt-get install shellcheck)"),
            code => assert_eq!(code, 0, "{}", checked.out),
        }
    }
}

#[test]
fn installed_it_runs_by_itself_and_purged_it_leaves_nothing() {
    let Some((debian, _)) = boot("package") else { return };
    ok(&debian, "useradd --no-create-home reader");
    let before = ok(&debian, FILES);
    let said = ok(&debian, "dpkg --install /root/osmon.deb 2>/root/err; cat /root/err >&2");
    let own: Vec<&str> = said.lines().filter(|line| line.starts_with("osmon: ")).collect();
    assert!(own.len() == 2 && own[0].contains("is measured") && own[1].contains("osmon init"), "{said}");
    assert_eq!(minute(&debian), "cron * * * * *");
    let modes = "stat -c '%a %U:%G' /var/lib/osmon /etc/osmon /usr/bin/osmon; readlink /usr/bin/osmon-graph /usr/bin/osmon-restore";
    assert_eq!(ok(&debian, modes), "2750 root:osmon\n750 root:osmon\n755 root:root\nosmon\nosmon\n");
    assert_eq!(ok(&debian, "getent passwd osmon").trim().rsplit(':').next(), Some("/usr/sbin/nologin"));
    ok(&debian, "test -s /usr/share/man/man1/osmon-run.1.gz -a -s /usr/share/bash-completion/completions/osmon");
    // Repairs as a step of their own: shipped, and started by nobody.
    let heal = "cd /usr/share/doc/osmon/examples && test -s polkit/50-osmon-heal.rules -a -s sudoers/osmon-heal && systemctl is-enabled osmon-heal.timer";
    assert_eq!(debian.sh(heal).out, "disabled\n");
    ok(&debian, "systemctl enable --quiet --now osmon-heal.timer");

    // The first minute comes by itself; a member of the group reads what it recorded, nobody else does.
    let first = wait(75, || (debian.sh("test -s /var/lib/osmon/report.html").code == 0).then_some(()));
    assert!(first.is_some(), "no minute: {}", debian.sh("osmon schedule; journalctl -u cron").out);
    let others = ok(&debian, "find /var/lib/osmon ! -group osmon -o -perm /007 -o -type f ! -perm -640");
    assert_eq!(others, "", "every file is for the group, and for nobody else");
    let status = "runuser -u reader -- osmon status";
    assert_ne!(debian.sh(status).code, 0);
    ok(&debian, &format!("usermod -aG osmon reader; {status}"));

    // An upgrade changes neither configuration nor schedule, a removal keeps the history, an installation goes on.
    ok(
        &debian,
        "printf 'language = \"fr\"\\n' > /etc/osmon/osmon.toml; chmod 640 /etc/osmon/osmon.toml; osmon schedule timer --every 10s -q",
    );
    let said = ok(&debian, "dpkg --install /root/osmon.deb 2>/dev/null");
    assert!(!said.contains("osmon: "), "nothing to say: {said}");
    assert_eq!(minute(&debian), "timer *:*:0/10");
    assert_eq!(ok(&debian, "cat /etc/osmon/osmon.toml"), "language = \"fr\"\n");
    let removal = "flock /var/lib/osmon/run.lock sleep 4 & flock /var/lib/osmon/heal.lock sleep 8 & sleep 1; \
                   date +%s; dpkg --remove osmon >&2; date +%s";
    let times: Vec<i64> = ok(&debian, removal).lines().map(|line| line.parse().unwrap()).collect();
    assert!(times[1] - times[0] >= 6, "a running minute and a repair are waited for: {times:?}");
    assert_eq!(ok(&debian, "ls /etc/cron.d /etc/systemd/system/timers.target.wants | grep osmon; true"), "");
    assert_ne!(debian.sh("systemctl is-active --quiet osmon-heal.timer").code, 0);
    ok(
        &debian,
        "test -s /etc/osmon/osmon.toml && ls /var/lib/osmon/snapshots/*.jsonl && ! test -e /usr/bin/osmon-probe",
    );
    ok(&debian, "dpkg --install /root/osmon.deb");
    assert_eq!(minute(&debian), "timer *:*:0/10", "as it was before the removal");

    ok(&debian, "mkdir -p /var/lib/osmon.before-restore-1 /var/lib/osmon.restoring /run/osmon/x; dpkg --purge osmon");
    let after = ok(&debian, FILES);
    let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let more: Vec<&&str> = after.iter().filter(|line| !before.contains(line)).collect();
    let less: Vec<&&str> = before.iter().filter(|line| !after.contains(line)).collect();
    assert!(more.is_empty() && less.is_empty(), "left: {more:?}, gone: {less:?}");
}

/// The package with an earlier version number; `OSMON_FORMER_PACKAGE` names a real former one.
fn former(debian: &Debian, package: &str) {
    if let Some(given) = std::env::var_os("OSMON_FORMER_PACKAGE") {
        return debian.put(given.to_str().unwrap(), "/root/former.deb");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_string();
    tool("dpkg-deb", &["--raw-extract", package, &path("tree")]).ok();
    tool("sed", &["-i", "s/^Version: .*/Version: 0.0.9/", &path("tree/DEBIAN/control")]).ok();
    tool("dpkg-deb", &["-Zgzip", "--root-owner-group", "--build", &path("tree"), &path("former.deb")]).ok();
    debian.put(&path("former.deb"), "/root/former.deb");
}

#[test]
fn an_upgrade_and_the_way_back_lose_no_run() {
    let Some((debian, package)) = boot("upgrade") else { return };
    former(&debian, package.to_str().unwrap());
    ok(
        &debian,
        "dpkg --install /root/former.deb; rm -f /etc/cron.d/osmon; systemctl disable --now osmon-watch.timer; sleep 1",
    );
    // Runs start 1.2 s apart; what any of them prints or fails with is kept.
    let runs = "while ! [ -e /root/stop ]; do osmon run >>/root/said 2>&1 || echo \"exit $?\" >>/root/said; echo >>/root/runs; sleep 1.2; done";
    ok(&debian, &format!("systemd-run --quiet --unit=runs sh -c '{runs}'; sleep 4"));
    for deb in ["osmon", "former", "osmon", "former", "osmon"] {
        ok(&debian, &format!("dpkg --install /root/{deb}.deb >/dev/null 2>&1; rm -f /etc/cron.d/osmon; sleep 4"));
    }
    ok(&debian, "touch /root/stop; while systemctl is-active --quiet runs; do sleep 0.2; done");
    assert_eq!(debian.sh("cat /root/said").out, "", "every run is silent");
    let count = |script: &str| -> usize { ok(&debian, script).trim().parse().unwrap() };
    let (runs, stored) = (count("wc -l </root/runs"), count("cat /var/lib/osmon/snapshots/*.jsonl | wc -l"));
    eprintln!("{runs} runs under five changes of version, {stored} snapshots");
    assert!(runs >= 15 && stored == runs, "{runs} runs, {stored} snapshots");
    assert_eq!(ok(&debian, "osmon verify -q; echo $?"), "0\n", "{}", debian.sh("osmon verify -v").out);
}
