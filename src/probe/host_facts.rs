//! What a host is: facts that do not change while it runs.

use serde::{Deserialize, Serialize};

/// The section `system`: information, no metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// Name and version, such as `Debian GNU/Linux 12 (bookworm)`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub distribution: String,
    /// Release of the running kernel.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kernel: String,
    /// Model of the processor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub processor: String,
    /// Product name of the machine, from its firmware.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub machine: String,
    /// Hypervisor or container engine: `docker`, `lxc`, `kvm`, `vmware`, …; empty when none is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub virtualization: String,
}

impl HostFacts {
    /// Returns whether LXC gives memory, cores and load their files, as far as it knows them.
    pub fn is_lxc(&self) -> bool {
        self.virtualization.starts_with("lxc")
    }

    /// Returns whether this is a container, which shares the kernel with others.
    pub fn is_container(&self) -> bool {
        !self.virtualization.is_empty() && !HYPERVISORS.contains(&self.virtualization.as_str())
    }
}

/// What a virtual machine may run on, which has a kernel of its own.
const HYPERVISORS: [&str; 7] = ["kvm", "vmware", "virtualbox", "hyper-v", "xen", "amazon", "google"];
