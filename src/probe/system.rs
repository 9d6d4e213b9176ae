//! Facts about the host that do not change while it runs; read once per boot.

use super::host_facts::HostFacts;
use super::measurement::Measurement;
use crate::base::text::{NAME_MAX, clean};
use crate::host::Root;
use sysinfo::{CpuRefreshKind, Product, RefreshKind, System};

/// Hypervisors by the vendor in the firmware of a virtual machine.
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
    if let Some(engine) = root.container() {
        return engine;
    }
    if let Ok(hypervisor) = root.sys_line("hypervisor/type") {
        return hypervisor;
    }
    let vendor = root.sys_line("class/dmi/id/sys_vendor").unwrap_or_default();
    VENDORS.iter().find(|(word, _)| vendor.contains(word)).map(|(_, name)| (*name).to_string()).unwrap_or_default()
}

/// The facts read at the first snapshot of this boot, or read now.
pub fn facts(run: &mut Measurement<'_>) -> HostFacts {
    let kept = run.previous("system").map(|(facts, _)| facts);
    let ask = || {
        let facts = if run.root.is_recorded() { recorded(run.root) } else { live() };
        HostFacts { virtualization: virtualization(run.root), ..facts }
    };
    let facts = kept.unwrap_or_else(ask);
    run.counters.keep("system", &facts);
    facts
}

/// Facts of this host. sysinfo knows the names of ARM processors, which only report part numbers.
fn live() -> HostFacts {
    let cpu = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let processor = System::new_with_specifics(cpu)
        .ok()
        .and_then(|system| system.cpus().first().map(|cpu| cpu.brand().to_string()));
    let word = |text: Option<String>| text.map(|text| clean(text.trim(), NAME_MAX)).unwrap_or_default();
    HostFacts {
        distribution: word(System::long_os_version().ok())
            .trim_start_matches("Linux (")
            .trim_end_matches(')')
            .to_string(),
        kernel: word(System::kernel_version().ok()),
        processor: word(processor),
        machine: word(Product::name().ok()),
        ..HostFacts::default()
    }
}

fn recorded(root: &Root) -> HostFacts {
    let release = root.etc("os-release").unwrap_or_default();
    let text = String::from_utf8_lossy(&release);
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    HostFacts {
        distribution: clean(name.trim_matches('"'), NAME_MAX),
        kernel: root.proc_line("sys/kernel/osrelease").unwrap_or_default(),
        ..HostFacts::default()
    }
}
