//! Units of systemd, from `systemctl show`.

use super::Root;
use super::users::Users;
use crate::base::subprocess::{self, Finished};
use crate::base::text::clean_bytes;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Time limit of `systemctl show`.
const LIMIT: Duration = Duration::from_secs(2);
/// Longest name of a unit without its suffix, in bytes.
const LONGEST_NAME: usize = 247;
/// systemd prints times in UTC then: the abbreviation of another zone is ambiguous, as is the hour when the clocks are set back.
const ZONE: (&str, &str) = ("TZ", "UTC");
/// Group of a user that `/etc/passwd` does not have.
const NO_GROUP: u32 = 65_534;
/// Begin of the reason when systemctl exceeded its time limit.
pub const LATE: &str = "systemctl did not answer";
const NO_MANAGER: &str = "no systemd of this user runs";
const NO_SYSTEMD: &str = "this host does not run systemd";

impl Root {
    /// Properties of all loaded services, of those named and of `more` units or patterns, from `systemctl show`, or from the
    /// file `systemctl-show` of a recorded host. systemctl prints those that are named first, in their order.
    ///
    /// # Errors
    /// When the host does not run systemd, or systemctl fails or does not answer in time.
    pub fn systemctl_show(&self, properties: &str, named: &[String], more: &[String]) -> Result<String, String> {
        let units = named.iter().filter(|name| can_be_asked(name));
        let units = units.map(|name| if name.contains('.') { name.clone() } else { format!("{name}.service") });
        self.show(properties, units.chain(std::iter::once("*.service".to_string())).chain(more.iter().cloned()))
    }

    /// Users whose services run without a login and whose managers osmon may ask: all of them for root, else itself.
    pub fn lingering_users(&self, users: &Users) -> Vec<u32> {
        let named = self.list("var/lib/systemd/linger");
        let all = named.iter().filter_map(|name| users.uid(name));
        let may_ask = |uid: &u32| self.recorded || matches!(self.own_uid(), 0) || self.own_uid() == *uid;
        all.filter(may_ask).collect()
    }

    /// Properties of the failed units of a user, or the file `systemctl-show-user-UID` of a recorded host. Root asks as that
    /// user: its manager is a program of the user.
    ///
    /// # Errors
    /// When no manager of the user runs, or systemctl fails or does not answer in time.
    pub fn systemctl_user_failed(&self, properties: &str, uid: u32, users: &Users) -> Result<String, String> {
        if self.recorded {
            return self.recorded_text(&format!("systemctl-show-user-{uid}")).ok_or_else(|| NO_MANAGER.to_string());
        }
        let directory = self.base.join(format!("run/user/{uid}"));
        if !directory.join("systemd/private").exists() {
            return Err(NO_MANAGER.to_string());
        }
        let limit = self.time_for(LIMIT)?;
        let show = ["systemctl", "--user", "--no-pager", "--state=failed", "--property", properties, "show", "--", "*"];
        let gid = users.gid(uid).unwrap_or(NO_GROUP);
        let user = (self.own_uid() != uid).then_some((uid, gid));
        printed(&as_user(user, &directory, &show, limit), limit)
    }

    /// Properties of these units, from `systemctl show`; of all in the file `systemctl-show` of a recorded host.
    ///
    /// # Errors
    /// As [`Root::systemctl_show`].
    pub fn systemctl_units(&self, properties: &str, units: &[String]) -> Result<String, String> {
        self.show(properties, units.iter().cloned())
    }

    fn show(&self, properties: &str, units: impl Iterator<Item = String>) -> Result<String, String> {
        if self.recorded {
            return self.recorded_text("systemctl-show").ok_or_else(|| NO_SYSTEMD.to_string());
        }
        if !self.base.join("run/systemd/system").exists() {
            return Err(NO_SYSTEMD.to_string());
        }
        let arguments = ["show", "--no-pager", "--property", properties, "--"].map(str::to_string);
        let arguments: Vec<String> = arguments.into_iter().chain(units).collect();
        let limit = self.time_for(LIMIT)?;
        printed(&ask("systemctl", &arguments, limit), limit)
    }
}

/// Runs a program that asks the manager of the system.
fn ask(program: &str, arguments: &[String], limit: Duration) -> io::Result<Finished> {
    subprocess::run_with(program, arguments, &[ZONE], Vec::new(), limit)
}

/// Runs a program that asks the manager of a user, as this user and group (`None`: as osmon). Its environment, which the user
/// can read, has nothing of that of osmon, and it cannot get rights of anybody else.
fn as_user(user: Option<(u32, u32)>, runtime: &Path, command: &[&str], limit: Duration) -> io::Result<Finished> {
    let mut words: Vec<String> = Vec::new();
    if let Some((uid, gid)) = user {
        words.extend(["setpriv".to_string(), format!("--reuid={uid}"), format!("--regid={gid}")]);
        words.extend(["--clear-groups", "--no-new-privs"].map(str::to_string));
    }
    words.extend(command.iter().map(ToString::to_string));
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let runtime = runtime.display().to_string();
    let variables = [ZONE, ("XDG_RUNTIME_DIR", runtime.as_str())];
    subprocess::run_confined_with(program, arguments, &variables, Vec::new(), limit)
}

/// Output of systemctl.
fn printed(done: &io::Result<Finished>, limit: Duration) -> Result<String, String> {
    let done = done.as_ref().map_err(|error| format!("systemctl: {error}"))?;
    match (done.timed_out, done.code) {
        (true, _) => Err(format!("{LATE} within {:.1} s", limit.as_secs_f64())),
        (false, Some(0)) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        _ => Err(format!("systemctl: {}", clean_bytes(done.stderr.trim_ascii(), 200))),
    }
}

/// Returns whether systemctl accepts a name: one that it refuses, such as that of a template, would cost the answers to all
/// others.
fn can_be_asked(name: &str) -> bool {
    let is_template = name.ends_with('@') || name.contains("@.");
    !is_template && !name.starts_with(['@', '.', '-']) && !name.is_empty() && name.len() <= LONGEST_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell script of a program that asks systemd.
    fn script(text: &str) -> [&str; 3] {
        ["/bin/sh", "-c", text]
    }

    #[test]
    fn times_are_asked_for_in_utc() {
        let limit = Duration::from_secs(10);
        let asked = ask("/bin/sh", &["-c", "date -d @1792890000 '+%F %T %Z'"].map(str::to_string), limit);
        assert_eq!(printed(&asked, limit).as_deref(), Ok("2026-10-25 01:00:00 UTC\n"));
        let asked = as_user(None, Path::new("/run/user/1"), &script("date -d @1792890000 +%Z"), limit);
        assert_eq!(printed(&asked, limit).as_deref(), Ok("UTC\n"));
    }

    #[test]
    fn a_program_of_a_user_gets_nothing_of_root() {
        let limit = Duration::from_secs(10);
        let show = script("env | cut -d= -f1 | sort; id -u; id -g; grep NoNewPrivs /proc/self/status");
        let is_root = Root::new(None).own_uid() == 0;
        let done = as_user(is_root.then_some((4242, 4343)), Path::new("/run/user/4242"), &show, limit);
        let text = printed(&done, limit).unwrap();
        let shown: Vec<&str> = text.lines().filter(|line| !["PWD", "SHLVL", "_", "OLDPWD"].contains(line)).collect();
        assert_eq!(shown[..5], ["HOME", "LC_ALL", "PATH", "TZ", "XDG_RUNTIME_DIR"]);
        if is_root {
            assert_eq!(shown[5..], ["4242", "4343", "NoNewPrivs:\t1"]);
        }
    }

    #[test]
    fn what_systemctl_refuses_is_not_asked_for() {
        for (name, expected) in [
            ("nginx", true),
            ("getty@tty1", true),
            ("srv-my\\x2ddata.mount", true),
            ("getty@", false),
            ("getty@.service", false),
            ("", false),
            (".service", false),
            ("--state=failed", false),
            (&"x".repeat(300), false),
        ] {
            assert_eq!(can_be_asked(name), expected, "{name}");
        }
    }
}
