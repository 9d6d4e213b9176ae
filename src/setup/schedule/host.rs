//! The host whose schedule is read and changed, and the programs that do it.

use super::found::Kind;
use crate::base::error_kind::ErrorKind;
use crate::base::subprocess::{self, Finished};
use crate::base::text::clean;
use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Time limit of `crontab` and `systemctl`.
const LIMIT: Duration = Duration::from_secs(20);
/// Directory that exists while systemd is process 1.
const SYSTEMD: &str = "run/systemd/system";

/// Runs a program: name, arguments, input.
pub type Programs = dyn Fn(&str, &[String], Vec<u8>) -> io::Result<Finished>;

/// A user other than root, with a schedule of their own.
#[derive(Debug, Clone)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Directory of the units of the user's systemd, usually `~/.config/systemd/user`.
    pub units: PathBuf,
}

/// The host, seen by the user who runs osmon.
pub struct Host {
    /// Root of the file system.
    pub base: PathBuf,
    /// The user; `None` for root, whose schedule is the host's.
    pub user: Option<User>,
    /// The program to schedule: `/usr/bin/osmon`.
    pub program: String,
    /// Names of the running processes.
    pub processes: Vec<String>,
    /// The present.
    pub now: DateTime<Utc>,
    /// `None` on a recorded host, where no program is asked.
    pub programs: Option<Rc<Programs>>,
    /// The crontab behind `crontab -l` belongs to this schedule.
    pub has_own_crontab: bool,
}

impl Host {
    /// This host, or a recorded one in `recorded`, for the user `uid` with the given environment.
    pub fn new(
        recorded: Option<&Path>,
        uid: u32,
        variable: impl Fn(&str) -> Option<String>,
        processes: Vec<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let user = (uid != 0).then(|| {
            let home = PathBuf::from(variable("HOME").unwrap_or_default());
            let config = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
            let name = variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| uid.to_string());
            User { name, units: config.unwrap_or_else(|| home.join(".config")).join("systemd/user") }
        });
        let program = std::env::current_exe().unwrap_or_default().to_string_lossy().into_owned();
        let programs: Rc<Programs> = Rc::new(|name, arguments, input| subprocess::run(name, arguments, input, LIMIT));
        Self {
            base: recorded.unwrap_or(Path::new("/")).to_path_buf(),
            user,
            program,
            processes,
            now,
            programs: recorded.is_none().then_some(programs),
            has_own_crontab: true,
        }
    }

    /// The schedule of the whole host as a normal user sees it; `None` for root, whose own it is.
    pub fn whole(&self) -> Option<Self> {
        self.user.as_ref()?;
        Some(Self {
            base: self.base.clone(),
            user: None,
            program: self.program.clone(),
            processes: self.processes.clone(),
            now: self.now,
            programs: self.programs.clone(),
            has_own_crontab: false,
        })
    }

    /// Returns whether the systemd of a normal user keeps running after logout (`loginctl enable-linger`); true for root.
    pub fn is_lingering(&self) -> bool {
        self.user.as_ref().is_none_or(|user| self.path("var/lib/systemd/linger").join(&user.name).exists())
    }

    /// A path below the root.
    pub fn path(&self, below: &str) -> PathBuf {
        self.base.join(below)
    }

    /// The path as it is on the host.
    pub fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.base).unwrap_or(path);
        if path.starts_with(&self.base) { format!("/{}", below.display()) } else { path.display().to_string() }
    }

    /// Returns whether systemd is process 1.
    pub fn has_systemd(&self) -> bool {
        self.path(SYSTEMD).is_dir()
    }

    /// Runs a program with arguments and input.
    ///
    /// # Errors
    /// It is missing, ends with an error or does not end in time.
    pub fn run(&self, program: &str, arguments: &[&str], input: &str) -> Result<String> {
        let finished = self.attempt(program, arguments, input)?;
        if finished.code == Some(0) {
            return Ok(String::from_utf8_lossy(&finished.stdout).into_owned());
        }
        let command = format!("{program} {}", arguments.join(" "));
        let said = clean(&String::from_utf8_lossy(finished.stderr.trim_ascii()).replace('\n', "; "), 300);
        let reason = match (finished.timed_out, said.is_empty()) {
            (true, _) => format!("no answer within {} s", LIMIT.as_secs()),
            (false, true) => format!("exit status {}", finished.code.unwrap_or(-1)),
            (false, false) => said,
        };
        let is_refused = ["not allowed", "denied", "authentication required"].iter().any(|text| reason.contains(text));
        let text = format!("{command}: {reason}");
        let refused = io::Error::new(io::ErrorKind::PermissionDenied, text.clone());
        Err(if is_refused { refused.into() } else { ErrorKind::CannotCreate(text).into() })
    }

    /// Runs a program, whatever its exit status.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn attempt(&self, program: &str, arguments: &[&str], input: &str) -> Result<Finished> {
        let programs = self.live_programs()?;
        let words: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        programs(program, &words, input.as_bytes().to_vec()).with_context(|| format!("could not start {program}"))
    }

    /// The programs of a host that can be changed.
    ///
    /// # Errors
    /// It is a recorded one.
    pub fn live_programs(&self) -> Result<&Programs> {
        let refused = || ErrorKind::Usage("a recorded host (--root) has no schedule to change".to_string());
        Ok(self.programs.as_deref().ok_or_else(refused)?)
    }

    /// The program to schedule, if its path can stand in a crontab and in a unit as it is.
    ///
    /// # Errors
    /// It has characters that cron or systemd treat specially.
    pub fn plain_program(&self, kind: Kind) -> Result<&str> {
        let is_plain = |c: char| c.is_alphanumeric() || "/._+-~,:@".contains(c);
        if self.program.starts_with('/') && self.program.chars().all(is_plain) {
            return Ok(&self.program);
        }
        let what = if kind == Kind::Cron { "a crontab" } else { "a unit" };
        let advice = "install it, for example to /usr/local/bin/osmon, and run that";
        Err(ErrorKind::CannotCreate(format!("{:?} cannot be written into {what}; {advice}", self.program)).into())
    }
}
