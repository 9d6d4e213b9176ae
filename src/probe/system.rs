//! What the host is: facts that do not change while it runs, so they are asked once per boot.

use super::measure::Measure;
use crate::base::text::{NAME_MAX, clean};
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
    kernel: String,
    /// Model of the processor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    processor: String,
    /// Product name of the machine, as its firmware tells it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    machine: String,
}

/// The facts kept since the first snapshot of this boot, or asked now.
pub fn facts(measure: &mut Measure<'_>) -> Facts {
    let kept = measure.before.and_then(|(previous, _)| previous.get::<Facts>("system"));
    let facts = kept.unwrap_or_else(|| if measure.root.is_recorded() { recorded(measure) } else { live() });
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
