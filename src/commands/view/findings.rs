//! Output of verify and repair.

use crate::base::text::plural;
use crate::cli::Call;
use crate::context::Context;
use crate::store::repair::is_beyond_repair;
use crate::store::tier::Tier;
use crate::store::verify::Verified;
use crate::store::verify::finding::Finding;
use chrono::TimeDelta;

/// First day for which rollups of a tier are kept, from `[store]`; `None` when they are kept for ever.
pub fn kept_since(context: &Context, tier: Tier) -> Option<String> {
    let days = match tier {
        Tier::Columns => 1,
        Tier::FiveMinutes => context.config.store.five_minute_days,
        Tier::Hours => context.config.store.hour_days,
        Tier::Days => 0,
    };
    let first = context.now.wall.checked_sub_signed(TimeDelta::days(i64::from(days)))?;
    (days > 0).then(|| first.format("%Y-%m-%d").to_string())
}

/// Findings and summary as JSON.
pub fn json(verified: &Verified) -> String {
    serde_json::json!({
        "schema": 1,
        "records": verified.records,
        "files": verified.files,
        "finding": verified.findings,
        "remark": verified.remarks,
    })
    .to_string()
}

/// Describes the effect of `osmon repair` on the findings.
pub fn advice(verified: &Verified) -> &'static str {
    match verified.findings.iter().all(|finding| is_beyond_repair(finding.kind)) {
        true => "; osmon repair leaves these as they are",
        false => "; osmon repair sets them aside and rebuilds what can be derived",
    }
}

/// Prints the findings: faults always, remarks only on a terminal.
pub fn print_findings(call: &Call, verified: &Verified, advice: &str) {
    if call.out.json {
        return;
    }
    for finding in &verified.findings {
        call.out.print(&line(finding));
    }
    for remark in &verified.remarks {
        call.out.info(&format!("{} (a remark)", line(remark)));
    }
    let records = grouped(verified.records);
    let read = format!(
        "{records} {} in {} {}",
        if verified.records == 1 { "record" } else { "records" },
        grouped(verified.files),
        if verified.files == 1 { "file" } else { "files" }
    );
    match verified.findings.len() {
        0 => call.out.info(&format!("{read}, all intact")),
        count => call.out.print(&format!("{read}, {}{advice}", plural(count, "finding"))),
    }
}

fn line(finding: &Finding) -> String {
    let place = if finding.place.is_empty() { String::new() } else { format!(" {}", finding.place) };
    let since = finding.since.as_ref().map_or(String::new(), |since| format!(" (since {since})"));
    format!("{}{place}: {}{since}", finding.file, finding.text)
}

/// A number in groups of three: `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(super::grouped(number), text);
        }
    }
}
