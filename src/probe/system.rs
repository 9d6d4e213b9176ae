//! What the host is: facts that do not change while it runs, so they are asked once per boot.

use super::Root;
use super::measure::Measure;
use crate::base::text::{NAME_MAX, clean, clean_bytes};
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, Product, RefreshKind, System};

/// The section `system`: information only, no metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// `Debian GNU/Linux 12 (bookworm)`
    #[serde(default, skip_serializing_if = "String::is_empty")]
    distribution: String,
    /// Release of the running kernel.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) kernel: String,
    /// Model of the processor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    processor: String,
    /// Product name of the machine, as its firmware tells it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    machine: String,
    /// `docker`, `lxc`, `kvm`, `vmware`, …: what runs this host; empty: nothing, or nothing that can be told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    virtualization: String,
}

/// What the vendor in the firmware of a virtual machine is called by its users.
const VENDORS: [(&str, &str); 8] = [
    ("QEMU", "kvm"),
    ("KVM", "kvm"),
    ("VMware", "vmware"),
    ("innotek", "virtualbox"),
    ("Microsoft", "hyper-v"),
    ("Xen", "xen"),
    ("Amazon EC2", "amazon"),
    ("Google", "google"),
];

fn virtualization(root: &Root) -> String {
    // systemd tells its own containers; Docker and Podman leave a file.
    if let Ok(container) = root.run("systemd/container") {
        return clean_bytes(container.trim_ascii(), NAME_MAX);
    }
    for (file, engine) in [(".dockerenv", "docker"), ("run/.containerenv", "podman")] {
        if root.has(file) {
            return engine.to_string();
        }
    }
    if let Ok(hypervisor) = root.sys_line("hypervisor/type") {
        return hypervisor;
    }
    let vendor = root.sys_line("class/dmi/id/sys_vendor").unwrap_or_default();
    VENDORS.iter().find(|(word, _)| vendor.contains(word)).map(|(_, name)| (*name).to_string()).unwrap_or_default()
}

/// The facts kept since the first snapshot of this boot, or asked now.
pub fn facts(measure: &mut Measure<'_>) -> Facts {
    let kept = measure.before.and_then(|(previous, _)| previous.get::<Facts>("system"));
    let ask = || {
        let facts = if measure.root.is_recorded() { recorded(measure) } else { live() };
        Facts { virtualization: virtualization(measure.root), ..facts }
    };
    let facts = kept.unwrap_or_else(ask);
    measure.counters.keep("system", &facts);
    facts
}

fn live() -> Facts {
    let cpu = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let processor = System::new_with_specifics(cpu)
        .ok()
        .and_then(|system| system.cpus().first().map(|cpu| cpu.brand().to_string()));
    let word = |text: Option<String>| text.map(|text| clean(text.trim(), NAME_MAX)).unwrap_or_default();
    Facts {
        distribution: word(System::long_os_version().ok())
            .trim_start_matches("Linux (")
            .trim_end_matches(')')
            .to_string(),
        kernel: word(System::kernel_version().ok()),
        processor: word(processor),
        machine: word(Product::name().ok()),
        ..Facts::default()
    }
}

/// What a recording has of it.
fn recorded(measure: &Measure<'_>) -> Facts {
    let release = measure.root.etc("os-release").unwrap_or_default();
    let text = String::from_utf8_lossy(&release);
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    Facts {
        distribution: clean(name.trim_matches('"'), NAME_MAX),
        kernel: measure.root.proc_line("sys/kernel/osrelease").unwrap_or_default(),
        ..Facts::default()
    }
}
