//! Facts about the host, and the footer: cost of osmon itself, and sources it could not measure.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use crate::base::clock::zone_name;
use crate::base::text::clean;
use crate::model::locale::key;
use crate::report::page::data::PageData;
use serde_json::Value;

/// Longest text of one part, in characters.
const TEXT_MAX: usize = 300;

/// Uptime, system, size and sessions of the host, for the header.
pub fn facts(input: &PageData, snapshot: &Value) -> String {
    let locale = input.options.locale;
    let text = |key: &str| snapshot["system"][key].as_str().filter(|text| !text.is_empty()).map(|text| clean(text, 60));
    let number = |path: &str| snapshot.pointer(path).and_then(Value::as_f64);
    let sessions = snapshot["session"].as_array().filter(|sessions| !sessions.is_empty() && !input.options.is_public);
    let parts = [
        number("/uptime/seconds").map(|seconds| locale.with(key::PAGE_UP, &locale.duration(seconds))),
        text("distribution"),
        // A public page does not help attackers to choose an exploit.
        text("kernel").filter(|_| !input.options.is_public).map(|kernel| format!("Linux {kernel}")),
        number("/cpu/cores").map(|cores| locale.count(key::COUNT_CORES, cores as usize)),
        number("/memory/total_bytes").map(|size| locale.bytes(size)),
        sessions.map(|sessions| format!("{} {}", sessions.len(), locale.text(key::PAGE_LOGGED_IN))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The lines of the footer.
pub fn footer(input: &PageData, snapshot: &Value) -> Vec<String> {
    let locale = input.options.locale;
    let cost = snapshot["probe"]["cpu_ms"].as_f64();
    let spent = cost.map(|ms| locale.with(key::PAGE_PROBE_COST, &locale.short(ms)));
    let page = (input.cost_ms > 0.0).then(|| locale.with(key::PAGE_PAGE_COST, &locale.short(input.cost_ms.round())));
    let stored =
        (input.stored_bytes > 0).then(|| locale.with(key::PAGE_ON_DISK, &locale.bytes(input.stored_bytes as f64)));
    let year = input.ranges.iter().any(|range| range.id == "1y");
    let first = [
        Some(format!("osmon {}", env!("CARGO_PKG_VERSION"))),
        input
            .snapshots
            .map(|count| locale.with(key::PAGE_LAST_24_H, &locale.count(key::COUNT_SNAPSHOTS, count as usize))),
        spent,
        page,
        input.history_since.as_ref().map(|day| locale.with(key::PAGE_HISTORY_SINCE, day)),
        stored,
        Some(locale.with(key::PAGE_ZONE, &zone_name(input.now))),
        year.then(|| locale.text(key::PAGE_DAYS_ARE_UTC).to_string()),
    ];
    let failed = snapshot["probe"]["failed"].as_object().into_iter().flatten();
    let absent: Vec<String> =
        failed.map(|(name, reason)| format!("{name}: {}", reason.as_str().unwrap_or_default())).collect();
    let remarks = snapshot["probe"]["remark"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut lines = vec![first.into_iter().flatten().collect::<Vec<_>>().join(" · ")];
    if !absent.is_empty() {
        lines.push(clean(&locale.with(key::PAGE_NOT_MEASURED_LIST, &absent.join("; ")), TEXT_MAX));
    }
    lines.extend(remarks.map(|remark| clean(remark, TEXT_MAX)));
    lines
}

/// CPU and memory that none of the listed processes account for; empty if unknown.
pub fn unexplained(input: &PageData, record: &Value) -> String {
    let part = &record["unexplained"];
    let locale = input.options.locale;
    let cpu = part["cpu_percent"]
        .as_f64()
        .map(|cpu| format!("{}{}{}", locale.short(cpu), locale.space(), locale.text(key::CONSUMERS_OF_A_CORE)));
    let memory = part["memory_bytes"].as_f64().map(|size| locale.bytes(size));
    let parts: Vec<String> = cpu.into_iter().chain(memory).collect();
    if parts.is_empty() { String::new() } else { locale.with(key::CONSUMERS_UNEXPLAINED, &parts.join(", ")) }
}
