//! Network namespaces of processes (namespaces(7)).

use super::Root;
use std::fs;

impl Root {
    /// Identity of the network namespace of a process, such as `net:[4026531840]`; `None`: it has ended, or may not be
    /// looked at.
    pub fn network_namespace(&self, pid: u32) -> Option<String> {
        let link = fs::read_link(self.base.join(format!("proc/{pid}/ns/net"))).ok()?;
        Some(link.to_string_lossy().into_owned())
    }
}
