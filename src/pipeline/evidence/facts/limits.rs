//! Facts about limits and hardware: how much of a limit is used, which memory module has errors, what hung processes
//! wait for.

use crate::host::Root;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::model::metric::{Metric, read_labels};
use crate::probe::blocked_processes::{blocked_processes, is_calm};
use crate::probe::memory_modules::memory_modules;

/// Largest number of modules or processes named.
const NAMED_MAX: usize = 3;
/// Largest number of blocked processes that are read.
const READ_MAX: usize = 50;

/// The facts about a metric, by its name and label; `values` are those of the snapshot.
pub fn of(root: &Root, metric: &str, values: &[Metric]) -> Vec<Message> {
    let (name, labels) = read_labels(metric);
    let label = labels.first().map(|(_, value)| value.as_str()).unwrap_or_default();
    match name {
        "limit.memory_used_percent" => used(label, values),
        "process.hung" => blocked(root),
        _ => modules(root, label),
    }
}

fn used(unit: &str, values: &[Metric]) -> Vec<Message> {
    let value = |name: &str| {
        let is_it = |metric: &&Metric| metric.name == name && metric.labels.iter().any(|(_, value)| value == unit);
        values.iter().find(is_it).map(|metric| metric.value)
    };
    let (Some(used), Some(limit)) = (value("limit.memory_bytes"), value("limit.memory_limit_bytes")) else {
        return Vec::new();
    };
    let bytes = |message: Message, name: &str, value: f64| message.with_value(name, "limit.memory_bytes", value);
    let mut facts = vec![bytes(bytes(Message::new(key::FACT_OF_LIMIT), "used", used), "limit", limit)];
    if let Some(killed) = value("limit.oom_kills").filter(|killed| *killed > 0.0) {
        facts.push(Message::named("fact.killed_by_limit").with("count", killed as usize));
    }
    facts
}

fn modules(root: &Root, controller: &str) -> Vec<Message> {
    let modules = memory_modules(root, controller).into_iter().take(NAMED_MAX);
    let fact = |module: crate::probe::memory_modules::MemoryModule| {
        let message = Message::new(key::FACT_MODULE).with("name", module.name);
        message.with("corrected", module.corrected.to_string()).with("uncorrected", module.uncorrected.to_string())
    };
    modules.map(fact).collect()
}

fn blocked(root: &Root) -> Vec<Message> {
    let fact = |process: crate::probe::blocked_processes::BlockedProcess| {
        let key = if process.place.is_empty() { key::FACT_BLOCKED } else { key::FACT_BLOCKED_IN };
        let message = Message::new(key).with("name", process.name).with("pid", process.pid.to_string());
        message.with("place", process.place)
    };
    let hung = blocked_processes(root, READ_MAX).into_iter().filter(|process| !is_calm(&process.place));
    hung.take(NAMED_MAX).map(fact).collect()
}
