//! Units of systemd, from `systemctl show`.

use super::Root;
use super::users::Users;
use crate::base::subprocess;
use crate::base::text::clean_bytes;
use std::time::Duration;

/// Time limit of `systemctl show`.
const LIMIT: Duration = Duration::from_secs(2);
/// Longest name of a unit without its suffix, in bytes.
const LONGEST_NAME: usize = 247;
const SETPRIV: &str = "setpriv";
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
    pub fn systemctl_user_failed(&self, properties: &str, uid: u32) -> Result<String, String> {
        if self.recorded {
            return self.recorded_text(&format!("systemctl-show-user-{uid}")).ok_or_else(|| NO_MANAGER.to_string());
        }
        let directory = self.base.join(format!("run/user/{uid}"));
        if !directory.join("systemd/private").exists() {
            return Err(NO_MANAGER.to_string());
        }
        let mut arguments: Vec<String> = Vec::new();
        if self.own_uid() != uid {
            let user = format!("--reuid={uid}");
            arguments.extend([SETPRIV, &user, "--regid=65534", "--clear-groups"].map(str::to_string));
        }
        arguments.push("env".to_string());
        arguments.push(format!("XDG_RUNTIME_DIR={}", directory.display()));
        let show = ["systemctl", "--user", "--no-pager", "--state=failed", "--property", properties, "show", "--", "*"];
        arguments.extend(show.map(str::to_string));
        let program = arguments.remove(0);
        printed(&program, &arguments)
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
        printed("systemctl", &arguments)
    }
}

/// What a program that asks systemd prints.
fn printed(program: &str, arguments: &[String]) -> Result<String, String> {
    let done = subprocess::run(program, arguments, Vec::new(), LIMIT).map_err(|error| format!("{program}: {error}"))?;
    match (done.timed_out, done.code) {
        (true, _) => Err(format!("systemctl did not answer within {} s", LIMIT.as_secs())),
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
