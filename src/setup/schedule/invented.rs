//! An invented host with its own `crontab` and `systemctl`, for tests.

use super::change::install;
use super::every::Every;
use super::find::find;
use super::found::Kind;
use super::host::{Host, User};
use crate::base::subprocess::Finished;
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;
use tempfile::TempDir;

/// An invented host.
pub struct Invented {
    /// Its file system.
    pub directory: TempDir,
    /// As the engine sees it.
    pub host: Host,
    /// The crontab behind its `crontab`.
    pub own: Rc<RefCell<String>>,
}

fn answer(code: i32, stdout: &str) -> Finished {
    Finished { code: Some(code), signal: None, timed_out: false, stdout: stdout.into(), stderr: Vec::new() }
}

/// `systemctl` as far as it is used: `enable` and `disable` link and unlink below `units`.
fn systemctl(base: &Path, units: &Path, arguments: &[String]) -> Finished {
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    let name = words.last().copied().unwrap_or_default();
    let link = units.join("timers.target.wants").join(name);
    match words[0] {
        "enable" => {
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            let _ = std::os::unix::fs::symlink("/nowhere", link);
        }
        "disable" => fs::remove_file(link).unwrap(),
        "is-active" => return answer(3, if base.join("cron-runs").exists() { "active\n" } else { "inactive\n" }),
        "show" => return answer(0, "ActiveState=active\nNextElapseUSecRealtime=Fri 2026-11-20 21:41:00 UTC\n"),
        _ => {}
    }
    answer(0, "")
}

impl Invented {
    /// A host with these files, seen by root or by the user `ada`.
    pub fn with(files: &[&str], of_user: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().to_path_buf();
        for file in files.iter().chain(&["opt/osmon"]) {
            fs::create_dir_all(base.join(file).parent().unwrap()).unwrap();
            fs::write(base.join(file), "").unwrap();
        }
        let own = Rc::new(RefCell::new(String::new()));
        let user = of_user.then(|| User { name: "ada".to_string(), units: base.join("home/ada/.config/systemd/user") });
        let units = user.as_ref().map_or_else(|| base.join("etc/systemd/system"), |user| user.units.clone());
        let (kept, root) = (own.clone(), base.clone());
        let programs = move |name: &str, arguments: &[String], input: Vec<u8>| match name {
            "systemctl" => Ok(systemctl(&root, &units, arguments)),
            _ => match arguments[0].as_str() {
                "-l" if kept.borrow().is_empty() => {
                    Ok(Finished { stderr: b"no crontab for ada".to_vec(), ..answer(1, "") })
                }
                "-l" if kept.borrow().starts_with("no spool") => Ok(Finished {
                    stderr: b"crontab: can't change directory to '/var/spool/cron/crontabs': No such file or directory"
                        .to_vec(),
                    ..answer(1, "")
                }),
                "-l" if kept.borrow().starts_with("unreadable") => Ok(answer(1, "")),
                "-l" => Ok(answer(0, &kept.borrow())),
                _ => {
                    *kept.borrow_mut() = String::from_utf8(input).unwrap();
                    Ok(answer(0, ""))
                }
            },
        };
        let now = "2026-11-20T21:40:13Z".parse().unwrap();
        let host = Host {
            base,
            user,
            program: "/opt/osmon".to_string(),
            processes: vec!["cron".to_string()],
            now,
            programs: Some(Rc::new(programs)),
            has_own_crontab: true,
        };
        Self { directory, host, own }
    }

    /// Cron and systemd, as on Debian.
    pub fn debian() -> Self {
        Self::with(&["usr/sbin/cron", "usr/bin/systemctl", "run/systemd/system/x", "cron-runs"], false)
    }

    pub fn write(&self, file: &str, text: &str) {
        let file = self.directory.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.directory.path().join(file)).unwrap_or_default()
    }

    /// The schedules that run osmon: `Minute /etc/cron.d/osmon:3 * * * * *`.
    pub fn found(&self) -> Vec<String> {
        let found = find(&self.host).unwrap().into_iter();
        found.map(|found| format!("{:?} {} {}", found.role, found.place(), found.when)).collect()
    }

    pub fn install(&self, kind: Option<Kind>, seconds: Option<u64>) -> Vec<String> {
        install(&self.host, kind, seconds.map(|seconds| Every::new(Duration::from_secs(seconds)).unwrap())).unwrap()
    }

    /// Installs what is there already: nothing may change.
    pub fn assert_settled(&self, kind: Kind) {
        let before = self.found();
        assert_eq!(self.install(Some(kind), None), Vec::<String>::new());
        assert_eq!(self.install(None, None), Vec::<String>::new());
        assert_eq!(self.found(), before);
    }
}
