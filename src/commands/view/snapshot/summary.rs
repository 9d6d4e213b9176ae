//! The host at a glance: heading, verdict and the values of the host itself.

#![expect(clippy::indexing_slicing, reason = "a serde_json::Value is Null where there is nothing, and never panics")]

use super::view::{View, text};
use crate::base::clock::{local_minute, parse, zone_name};
use crate::base::text::{fit, plural};
use crate::base::units::{bytes, duration, short};
use crate::cli::output::Style;
use crate::cli::table::fold_behind;
use crate::pipeline::detect::ESSENTIAL;

/// Width of the verdict, in characters.
const VERDICT: usize = 10;
/// Most values that are named.
const NAMED: usize = 8;

/// `WARNING   2 values over limit: CPU 93 % (limit 80 %), …`: at this moment, whatever the rules wait for.
pub fn verdict(view: &View) -> String {
    let failed = view.snapshot["probe"]["failed"].as_object();
    let missing: Vec<&str> =
        ESSENTIAL.into_iter().filter(|name| failed.is_some_and(|failed| failed.contains_key(*name))).collect();
    let (style, word, text) = match (view.beyond, &missing[..]) {
        ([], []) => (Style::Good, "OK", "no value over limit".to_string()),
        ([], missing) => (Style::Warn, "UNKNOWN", format!("not measured: {}", missing.join(", "))),
        (all @ [worst, ..], _) => {
            let named: Vec<String> = all.iter().take(NAMED).map(|beyond| beyond.text.clone()).collect();
            let more = all.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let text = format!("{} over limit: {}{more}", plural(all.len(), "value"), named.join(", "));
            (worst.style(), worst.severity.word(), text)
        }
    };
    fold_behind(&view.out.paint(style, &format!("{word:<VERDICT$}")), &text)
}

/// Host, time, uptime and system.
pub fn heading(view: &View) -> String {
    let time = parse(&text(view.snapshot, "time"));
    let uptime = view.number("/uptime/seconds").map(|seconds| format!("up {}", duration(seconds)));
    let cores = view.number("/cpu/cores").map(|cores| plural(cores as usize, "core"));
    let parts = [
        time.map(|time| format!("{} {}", local_minute(time), zone_name(time))),
        uptime,
        cores,
        Some(text(&view.snapshot["system"], "distribution")).filter(|name| !name.is_empty()),
    ];
    let host = view.out.paint(Style::Bold, &text(view.snapshot, "host"));
    fold_behind(&format!("{host}  "), &parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
}

/// The values of the host, one line each.
pub fn summary(view: &View) -> String {
    let share =
        |name: &str| view.number(&format!("/cpu/{name}_percent")).map(|value| format!("{name} {}", short(value)));
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String, rest: String| {
        let section = match name {
            "Services" => "service".to_string(),
            "Hottest" => "temperature".to_string(),
            name => name.to_lowercase(),
        };
        let text = format!("{name:<10}{value:>9}   {rest}");
        lines.push(view.painted(view.style(&section, ""), text.trim_end()));
    };
    let shares: Vec<String> = ["user", "system", "iowait", "steal"].into_iter().filter_map(share).collect();
    line("CPU", percent_of(view, "/cpu/busy_percent"), shares.join("  "));
    let load: Vec<String> =
        ["one", "five", "fifteen"].iter().filter_map(|name| view.number(&format!("/load/{name}"))).map(short).collect();
    line(
        "Load",
        view.number("/load/one_per_core").map(short).unwrap_or_default(),
        match view.snapshot.pointer("/load/of") {
            Some(_) => format!("of the whole host: {} over 1, 5, 15 min", load.join(", ")),
            None => format!("per core; {} over 1, 5, 15 min", load.join(", ")),
        },
    );
    if let Some(total) = view.number("/memory/total_bytes") {
        let get = |name: &str| view.number(&format!("/memory/{name}")).map_or_else(|| "–".to_string(), bytes);
        let huge = view.number("/memory/huge_pages_bytes").filter(|huge| *huge > 0.0);
        let huge = huge.map(|huge| format!(", {} in huge pages", bytes(huge))).unwrap_or_default();
        line(
            "Memory",
            percent_of(view, "/memory/used_percent"),
            format!("{} of {}, {} available{huge}", get("used_bytes"), bytes(total), get("available_bytes")),
        );
    }
    if let Some(total) = view.number("/swap/total_bytes") {
        line(
            "Swap",
            percent_of(view, "/swap/used_percent"),
            view.number("/swap/used_bytes")
                .map_or_else(|| bytes(total), |used| format!("{} of {}", bytes(used), bytes(total))),
        );
    }
    let stall = |name: &str| {
        view.number(&format!("/pressure/{name}/some_avg10_percent")).map(|value| format!("{name} {}", short(value)))
    };
    let stalls: Vec<String> = ["cpu", "memory", "io"].into_iter().filter_map(stall).collect();
    if !stalls.is_empty() {
        line("Pressure", String::new(), format!("{}   % of 10 s spent waiting", stalls.join("  ")));
    }
    if let Some(services) = view.number("/systemd/services") {
        line("Services", short(services), troubled(view));
    }
    if let Some((celsius, sensor)) = hottest(view) {
        line("Hottest", format!("{} °C", short(celsius)), sensor);
    }
    lines.join("\n")
}

/// Services that failed or restart in a loop.
fn troubled(view: &View) -> String {
    let services = view.snapshot["service"].as_array().into_iter().flatten();
    let failed: Vec<String> = services
        .filter(|service| service["failed"] == true)
        .map(|service| format!("{} ({})", text(service, "service"), text(service, "state")))
        .collect();
    if failed.is_empty() { "none failed".to_string() } else { fit(&format!("failed: {}", failed.join(", ")), 56) }
}

fn hottest(view: &View) -> Option<(f64, String)> {
    let sensors = view.snapshot["temperature"].as_array().into_iter().flatten();
    let values = sensors.filter_map(|sensor| Some((sensor["celsius"].as_f64()?, text(sensor, "sensor"))));
    values.max_by(|a, b| a.0.total_cmp(&b.0))
}

fn percent_of(view: &View, path: &str) -> String {
    view.number(path).map_or_else(|| "–".to_string(), |value| format!("{} %", short(value)))
}
