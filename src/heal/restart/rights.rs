//! The right to restart a unit: root has it, polkit may grant it, or sudo.

use crate::base::subprocess;
use crate::host::Root;
use nix::unistd::geteuid;
use std::time::Duration;

/// Time limit of a question.
const LIMIT: Duration = Duration::from_secs(3);

/// The line of sudoers, as shipped in contrib/sudoers. Without it sudo is not asked: it would mail root about each question
/// of a user whom it does not know.
const SUDOERS: &str = "etc/sudoers.d/osmon-heal";

/// The way to call systemctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Directly: as root, or with the permission of polkit.
    Direct,
    /// By sudo, which asks for no password.
    Sudo,
}

impl Way {
    /// The program and arguments of a call of systemctl.
    pub fn command(self, systemctl: &str, arguments: &[&str]) -> (String, Vec<String>) {
        let arguments = arguments.iter().map(|word| (*word).to_string());
        match self {
            Self::Direct => (systemctl.to_string(), arguments.collect()),
            Self::Sudo => {
                let words = ["-n", "--", systemctl].map(str::to_string);
                ("sudo".to_string(), words.into_iter().chain(arguments).collect())
            }
        }
    }
}

/// The arguments of a restart, as a line of sudoers has them.
pub fn restart(unit: &str) -> [&str; 5] {
    ["--no-ask-password", "--no-block", "restart", "--", unit]
}

/// The arguments of the reset of a start limit.
pub fn reset(unit: &str) -> [&str; 4] {
    ["--no-ask-password", "reset-failed", "--", unit]
}

/// The way in which this process may restart a unit; `None`: it may not. Asks for no password, and changes nothing.
pub fn way(root: &Root, unit: &str) -> Option<Way> {
    if geteuid().is_root() || root.is_recorded() {
        return Some(Way::Direct);
    }
    if may_reference(unit) {
        return Some(Way::Direct);
    }
    if !root.has(SUDOERS) {
        return None;
    }
    let (_, words) = Way::Sudo.command("systemctl", &restart(unit));
    // The words of the call itself with -l: would sudo run it?
    let words = std::iter::once("-l".to_string()).chain(words);
    is_granted("sudo", words.collect()).then_some(Way::Sudo)
}

/// systemd asks polkit for `manage-units` also before a unit is referenced, which has no effect and ends with the
/// connection.
fn may_reference(unit: &str) -> bool {
    let manager = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"];
    let (options, method) = (["--allow-interactive-authorization=no", "--quiet", "call"], ["RefUnit", "s", unit]);
    let words = options.iter().chain(&manager).chain(&method);
    is_granted("busctl", words.map(|word| (*word).to_string()).collect())
}

fn is_granted(program: &str, arguments: Vec<String>) -> bool {
    subprocess::run(program, &arguments, Vec::new(), LIMIT).is_ok_and(|done| done.code == Some(0) && !done.timed_out)
}
