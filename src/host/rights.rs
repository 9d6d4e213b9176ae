//! Rights of this process: capabilities(7) and permissions of files.

use super::Root;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat, geteuid};

/// A capability, by its bit in `CapEff` (proc_pid_status(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// `CAP_KILL`: signals to processes of other users.
    Kill = 5,
    /// `CAP_SYS_PTRACE`: facts about processes of other users.
    SysPtrace = 19,
}

impl Root {
    /// Returns whether osmon has a capability; false where it cannot be known.
    pub fn has_capability(&self, capability: Capability) -> bool {
        let status = Self::new(None).proc("self/status").unwrap_or_default();
        effective(&status).is_some_and(|set| set >> (capability as u32) & 1 == 1)
    }

    /// Returns whether osmon may write to a file or directory; `file` is relative to the root.
    pub fn may_write(&self, file: &str) -> bool {
        faccessat(AT_FDCWD, &self.base.join(file), AccessFlags::W_OK, AtFlags::AT_EACCESS).is_ok()
    }

    /// Returns whether osmon may write a setting of the kernel.
    pub fn may_set_kernel_value(&self, name: &str) -> bool {
        self.may_write(&format!("proc/sys/{name}"))
    }

    /// Effective user id of osmon.
    pub fn own_uid(&self) -> u32 {
        geteuid().as_raw()
    }
}

fn effective(status: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(status);
    let word = text.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(word.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_bits() {
        assert_eq!(effective(b"Name:\tx\nCapEff:\t0000000000080020\n"), Some(0x80020));
        assert_eq!(effective(b"CapEff:\tx\n"), None);
    }
}
