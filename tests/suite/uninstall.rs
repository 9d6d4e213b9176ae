//! `osmon uninstall`: what it shows, asks and removes, for a user's own installation in a home of its own.

use super::harness::{Done, binary, repository, skip, tool};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A user's own installation: the home of a user who is not root, with a crontab program that keeps a file.
struct Home(tempfile::TempDir);

impl Home {
    /// `None` where the tests run as root and cannot become another user.
    fn new() -> Option<Self> {
        if nix::unistd::geteuid().is_root() && tool("setpriv", &["--version"]).code != 0 {
            skip("osmon uninstall of a normal user", "setpriv is missing (apt-get install util-linux)");
            return None;
        }
        let home = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for directory in
            ["home/.local/bin", "home/.config/osmon", "home/.local/state/osmon/snapshots", "tools", "run/osmon"]
        {
            fs::create_dir_all(home.path(directory)).unwrap();
        }
        fs::copy(binary("osmon"), home.path("home/.local/bin/osmon")).unwrap();
        for name in ["osmon-graph", "osmon-backup"] {
            symlink("osmon", home.path("home/.local/bin").join(name)).unwrap();
        }
        fs::write(home.path("home/.local/bin/other"), "").unwrap();
        fs::write(
            home.path("home/.config/osmon/osmon.toml"),
            "[report]\npath = \"PAGE\"\n".replace("PAGE", home.path("home/page.html").to_str().unwrap()),
        )
        .unwrap();
        fs::write(home.path("home/page.html"), "page").unwrap();
        fs::create_dir(home.path("home/.local/state/osmon.before-restore-1")).unwrap();
        let tab = home.path("tab");
        let line = format!("* * * * * {} run", home.path("home/.local/bin/osmon").display());
        fs::write(&tab, format!("# mine\n5 4 * * * /usr/bin/true\n{line}\n")).unwrap();
        let crontab =
            format!("#!/bin/sh\ncase $1 in -l) cat {0} ;; -r) rm {0} ;; -) cat > {0} ;; esac\n", tab.display());
        fs::write(home.path("tools/crontab"), crontab).unwrap();
        fs::set_permissions(home.path("tools/crontab"), fs::Permissions::from_mode(0o755)).unwrap();
        if nix::unistd::geteuid().is_root() {
            tool("chown", &["-R", "12345:12345", home.0.path().to_str().unwrap()]).ok();
        }
        Some(home)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn uninstall(&self, flags: &[&str]) -> Done {
        let program = self.path("home/.local/bin/osmon");
        let path = format!("PATH={}:/usr/bin:/bin", self.path("tools").display());
        let home = format!("HOME={}", self.path("home").display());
        let memory = format!("XDG_RUNTIME_DIR={}", self.path("run").display());
        let command = ["env", "-i", &path, &home, &memory, "USER=somebody", program.to_str().unwrap(), "uninstall"];
        let user = ["--reuid=12345", "--regid=12345", "--clear-groups"];
        if nix::unistd::geteuid().is_root() {
            tool("setpriv", &[&user[..], &command, flags].concat())
        } else {
            tool("env", &[&command[1..], flags].concat())
        }
    }

    /// What there is below the home and beside it, without the tools of the test.
    fn left(&self) -> Vec<String> {
        fn walk(directory: &Path, all: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(directory).unwrap().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), all);
                }
                all.push(entry.path());
            }
        }
        let mut all = Vec::new();
        walk(self.0.path(), &mut all);
        let mut all: Vec<String> =
            all.iter().map(|path| path.strip_prefix(self.0.path()).unwrap().display().to_string()).collect();
        all.retain(|path| !path.starts_with("tools"));
        all.sort();
        all
    }
}

#[test]
fn without_a_terminal_it_wants_every_answer_and_else_changes_nothing() {
    let Some(home) = Home::new() else { return };
    let before = home.left();
    for flags in [&[][..], &["--yes"], &["--purge"], &["--keep-data"], &["--json"], &["--json", "--purge"]] {
        let done = home.uninstall(flags);
        assert_eq!(done.code, 64, "{flags:?}: {}", done.out);
        assert!(done.err.contains("--keep-data or --purge") && done.err.contains("--yes"), "{}", done.err);
    }
    assert_eq!(home.uninstall(&["--keep-data", "--purge", "--yes"]).code, 64, "a contradiction");
    assert_eq!(home.uninstall(&["--yes", "--purge", "--root", "/"]).code, 64, "a recorded host");
    let shown = home.uninstall(&["--dry-run"]).ok().out;
    for part in [".local/bin/osmon", "crontab of somebody:3", ".local/state/osmon", ".config/osmon", "page.html"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let json = home.uninstall(&["--dry-run", "--json"]).ok().json();
    assert_eq!((json["program"].as_array().unwrap().len(), json["account"].as_bool()), (3, Some(false)), "{json}");
    assert_eq!(home.left(), before);
}

#[test]
fn with_its_data_nothing_stays_but_what_is_not_osmons() {
    let Some(home) = Home::new() else { return };
    let done = home.uninstall(&["--purge", "--yes"]).ok();
    assert_eq!(done.out, "osmon was removed with its data\n");
    let left: Vec<String> = [
        "home",
        "home/.config",
        "home/.local",
        "home/.local/bin",
        "home/.local/bin/other",
        "home/.local/state",
        "run",
        "tab",
    ]
    .map(ToString::to_string)
    .to_vec();
    assert_eq!(home.left(), left);
    assert_eq!(fs::read_to_string(home.path("tab")).unwrap(), "# mine\n5 4 * * * /usr/bin/true\n");
}

#[test]
fn the_data_stays_when_it_is_to_be_kept() {
    let Some(home) = Home::new() else { return };
    let done = home.uninstall(&["--keep-data", "--yes"]).ok();
    for part in [".local/state/osmon", ".config/osmon", "page.html", "before-restore-1"] {
        assert!(done.out.contains(part), "{part} is named: {}", done.out);
    }
    let left = home.left();
    for kept in ["home/.local/state/osmon/snapshots", "home/.config/osmon/osmon.toml", "home/page.html"] {
        assert!(left.contains(&kept.to_string()), "{kept}: {left:?}");
    }
    assert!(!left.iter().any(|path| path.contains("bin/osmon") || path == "run/osmon"), "{left:?}");
    assert!(!fs::read_to_string(home.path("tab")).unwrap().contains("osmon"));
}

#[test]
fn a_minute_that_is_running_is_waited_for() {
    let Some(home) = Home::new() else { return };
    let lock = home.path("home/.local/state/osmon/run.lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o666)).unwrap();
    let holder = std::process::Command::new("flock").args([lock.to_str().unwrap(), "sleep", "3"]).spawn();
    let Ok(mut holder) = holder else {
        return skip("a running minute", "flock is missing (apt-get install util-linux)");
    };
    std::thread::sleep(std::time::Duration::from_millis(500));
    let started = std::time::Instant::now();
    home.uninstall(&["--purge", "--yes"]).ok();
    assert!(started.elapsed().as_secs_f64() > 1.5, "{:?}", started.elapsed());
    assert!(!home.path("home/.local/state/osmon").exists());
    holder.wait().unwrap();
}

/// A user's schedule and data with a program of root's, as a package installs it.
#[test]
fn a_program_of_others_stays_and_is_named() {
    let Some(home) = Home::new() else { return };
    if !nix::unistd::geteuid().is_root() {
        return skip("a program of root's", "the tests do not run as root");
    }
    tool("chown", &["-R", "0:0", home.path("home/.local/bin").to_str().unwrap()]).ok();
    let program = home.path("home/.local/bin/osmon");
    let stays = format!("  stays: {}: you may not remove it\n", program.display());
    assert!(home.uninstall(&["--dry-run"]).ok().out.contains("you may not remove it"));
    let done = home.uninstall(&["--purge", "--yes"]).ok();
    assert_eq!(done.out, format!("removed: the schedule and the data\n{stays}"));
    assert!(program.exists() && !home.path("home/.local/state/osmon").exists());
    assert_eq!(
        home.uninstall(&["--purge", "--yes"]).ok().out,
        format!("nothing of osmon here is yours to remove\n{stays}")
    );
    let typed = format!("script -qec '{} uninstall' /dev/null", program.display());
    let asked = tool("sh", &["-c", &format!("echo n | HOME=/nonexistent {typed}")]).out;
    assert!(!asked.contains("Remove the data too?") || asked.contains("Data:"), "{asked}");
}

/// The installer and `osmon uninstall` with a prefix: every file of the list goes, others stay.
#[test]
fn what_the_installer_lists_is_removed() {
    let Some(home) = Home::new() else { return };
    let prefix = home.path("home/.local");
    for (file, text) in
        [("share/man/man1/osmon.1.gz", "x"), ("share/osmon/installed", ""), ("share/man/man1/other.1", "x")]
    {
        fs::create_dir_all(prefix.join(file).parent().unwrap()).unwrap();
        fs::write(prefix.join(file), text).unwrap();
    }
    let line = |file: &str| format!("{}/{file}\n", prefix.display());
    let list = ["share/osmon/", "share/man/man1/", "share/man/man1/osmon.1.gz", "share/osmon/installed"].map(line);
    fs::write(prefix.join("share/osmon/installed"), list.concat() + "/etc/hostname\n").unwrap();
    if nix::unistd::geteuid().is_root() {
        tool("chown", &["-R", "12345:12345", prefix.to_str().unwrap()]).ok();
    }
    home.uninstall(&["--keep-data", "--yes"]).ok();
    assert!(!prefix.join("share/osmon").exists() && !prefix.join("share/man/man1/osmon.1.gz").exists());
    assert!(prefix.join("share/man/man1/other.1").exists(), "it is not osmon's");
    assert!(Path::new("/etc/hostname").exists() || !repository("Cargo.toml").exists());
}
