//! The last 90 days: a bar for each day, of the host and of what it is made of.

use super::words::Words;
use crate::base::clock::local_form;
use crate::base::text::clean;
use crate::base::when::midnight;
use crate::model::incident::Severity;
use crate::model::metric::read_labels;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many days are shown.
pub const DAYS: usize = 90;
/// So many rows at most, and so many bad days told in words.
const ROWS_MAX: usize = 12;
const TOLD_MAX: usize = 12;

/// A time in which something was wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// Metric with labels.
    pub metric: String,
    /// What it was about.
    pub title: String,
    /// The worst it was.
    pub severity: Severity,
    /// Begin.
    pub since: DateTime<Utc>,
    /// End, or now.
    pub until: DateTime<Utc>,
}

/// One row of bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// Bars as paths, by state.
    pub bars: String,
    /// Share of the recorded time without a problem, in percent.
    pub share: String,
    /// In one sentence, for who does not see the bars.
    pub told: String,
    /// The days with problems, the newest first.
    pub bad: Vec<String>,
}

/// A resource or a service that a metric belongs to.
fn group(metric: &str) -> (&'static str, Option<String>) {
    let (name, labels) = read_labels(metric);
    let section = name.split('.').next().unwrap_or_default();
    let second = name.split('.').nth(1).unwrap_or_default();
    let resource = match (section, second) {
        ("cpu" | "load", _) | ("pressure", "cpu") => "CPU",
        ("memory" | "swap", _) | ("pressure", "memory") => "Memory",
        ("disk", _) => "File systems",
        ("disk_io", _) | ("pressure", "io") => "Disk I/O",
        ("network" | "tcp" | "udp" | "conntrack", _) => "Network",
        ("service" | "systemd", _) => "Services",
        _ => "Host",
    };
    let service = labels.into_iter().find(|(key, _)| key == "service").map(|(_, name)| clean(&name, 40));
    (resource, service)
}

/// Days, `2026-11-20`, UTC.
pub type Days = BTreeSet<String>;

/// On which days services were looked at.
#[derive(Debug, Default)]
pub struct Watched {
    /// Any at all.
    pub any: Days,
    /// Each that must run.
    pub each: BTreeMap<String, Days>,
}

/// The rows: the host, its resources, and each service that had a problem or must run. `recorded`: the days there is
/// anything of; `services`: `None` where they are not looked at.
pub fn rows(
    troubles: &[Trouble],
    recorded: &Days,
    services: Option<&Watched>,
    now: DateTime<Utc>,
    words: Words,
) -> Vec<Row> {
    let days = days(now);
    let of =
        |resource: &str| troubles.iter().filter(|trouble| group(&trouble.metric).0 == resource).collect::<Vec<_>>();
    let mut rows = vec![row(words.of("Host"), &troubles.iter().collect::<Vec<_>>(), &days, recorded, now, words)];
    for resource in ["CPU", "Memory", "File systems", "Disk I/O", "Network"] {
        rows.push(row(words.of(resource), &of(resource), &days, recorded, now, words));
    }
    let none = Watched::default();
    let known = services.unwrap_or(&none);
    if services.is_some() || !of("Services").is_empty() {
        rows.push(row(words.of("Services"), &of("Services"), &days, &known.any, now, words));
    }
    let named = troubles.iter().filter_map(|trouble| group(&trouble.metric).1);
    let names: BTreeSet<String> = named.chain(known.each.keys().map(|name| clean(name, 40))).collect();
    for name in names {
        let of_it: Vec<&Trouble> =
            troubles.iter().filter(|trouble| group(&trouble.metric).1.as_deref() == Some(name.as_str())).collect();
        // Of one that need not run there is a record while it fails only: then all days count.
        rows.push(row(&name, &of_it, &days, known.each.get(&name).unwrap_or(recorded), now, words));
    }
    rows.truncate(ROWS_MAX);
    rows
}

/// Begin and end of each day, the oldest first; in the zone of this host.
fn days(now: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut end = midnight(midnight(now) + TimeDelta::hours(30));
    let mut days = Vec::with_capacity(DAYS);
    for _ in 0..DAYS {
        let begin = midnight(end - TimeDelta::hours(2));
        days.push((begin, end));
        end = begin;
    }
    days.reverse();
    days
}

fn row(
    name: &str,
    troubles: &[&Trouble],
    days: &[(DateTime<Utc>, DateTime<Utc>)],
    recorded: &Days,
    now: DateTime<Utc>,
    words: Words,
) -> Row {
    let mut bars: [(&str, String); 4] = ["none", "ok", "warn", "bad"].map(|state| (state, String::new()));
    let (mut known, mut wrong) = (0.0, 0.0);
    let mut bad = Vec::new();
    for (at, (begin, end)) in days.iter().enumerate() {
        let end = (*end).min(now);
        let seconds = (end - *begin).num_seconds() as f64;
        let hits: Vec<(&Trouble, f64)> = troubles
            .iter()
            .filter(|trouble| trouble.since < end && trouble.until > *begin)
            .map(|trouble| (*trouble, (trouble.until.min(end) - trouble.since.max(*begin)).num_seconds() as f64))
            .collect();
        let utc = |time: DateTime<Utc>| time.format("%Y-%m-%d").to_string();
        let is_known = recorded.contains(&utc(*begin)) || recorded.contains(&utc(end - TimeDelta::seconds(1)));
        let state = match hits.iter().map(|(trouble, _)| trouble.severity).max() {
            Some(Severity::Critical) => 3,
            Some(Severity::Warning) => 2,
            None if is_known => 1,
            None => 0,
        };
        let bar = format!("M{} 0v24", at * 10 + 5);
        if state > 0 {
            known += seconds;
            wrong += covered(&hits, *begin, end).min(seconds);
        }
        if let Some((worst, _)) = hits.iter().max_by(|a, b| a.0.severity.cmp(&b.0.severity).then(a.1.total_cmp(&b.1))) {
            let lasted: f64 = hits.iter().filter(|(other, _)| other.title == worst.title).map(|hit| hit.1).sum();
            let more = if hits.len() > 1 { format!(" (+{})", hits.len() - 1) } else { String::new() };
            let day = local_form(*begin, "%d").trim_start_matches('0').to_string();
            let month = words.month(&local_form(*begin, "%m"));
            let word = words.of(if state == 3 { "critical" } else { "warning" });
            let told = format!("{day} {month}: {} {word}, {}{more}", clean(&worst.title, 60), words.duration(lasted));
            bad.push((state, bar, told));
        } else if let Some((_, path)) = bars.get_mut(state) {
            path.push_str(&bar);
        }
    }
    bad.reverse();
    let count = bad.len();
    for (state, bar, _) in bad.iter().skip(TOLD_MAX) {
        if let Some((_, path)) = bars.get_mut(*state) {
            path.push_str(bar);
        }
    }
    bad.truncate(TOLD_MAX);
    // Under the pointer a bad day says what it was.
    let pointed = bad.iter().map(|(state, bar, told)| {
        let class = if *state == 3 { "bad" } else { "warn" };
        format!("<path class={class} d='{bar}'><title>{}</title></path>", escape(told))
    });
    let pointed = pointed.collect::<String>();
    let share = if known > 0.0 { words.figures(&percent(100.0 * (1.0 - wrong / known))) } else { "–".to_string() };
    let told = format!("{name}: {share}; {} {}", words.of("Days with problems"), count);
    let paths = bars.iter().filter(|(_, path)| !path.is_empty());
    let bars = paths.map(|(state, path)| format!("<path class={state} d='{path}'/>")).collect::<String>() + &pointed;
    Row { name: name.to_string(), bars, share, told, bad: bad.into_iter().map(|(_, _, told)| told).collect() }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Seconds in which at least one of them was there.
fn covered(hits: &[(&Trouble, f64)], begin: DateTime<Utc>, end: DateTime<Utc>) -> f64 {
    let mut spans: Vec<(i64, i64)> = hits
        .iter()
        .map(|(trouble, _)| (trouble.since.max(begin).timestamp(), trouble.until.min(end).timestamp()))
        .collect();
    spans.sort_unstable();
    let (mut sum, mut reached) = (0, i64::MIN);
    for (from, to) in spans {
        sum += (to - from.max(reached)).max(0);
        reached = reached.max(to);
    }
    sum as f64
}

/// Never rounded up to all of it.
fn percent(share: f64) -> String {
    if share >= 100.0 { "100 %".to_string() } else { format!("{:.2} %", (share * 100.0).floor() / 100.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::parse;
    use crate::report::words::Language;

    #[test]
    fn a_day_is_as_bad_as_its_worst_and_what_is_unknown_is_never_well() {
        let now = parse("2026-11-20T12:00:00Z").unwrap();
        let trouble = |since: &str, until: &str, severity| Trouble {
            metric: "service.failed{service=\"nginx\"}".to_string(),
            title: "nginx".to_string(),
            severity,
            since: parse(since).unwrap(),
            until: parse(until).unwrap(),
        };
        let troubles = [
            trouble("2026-11-18T00:00:00Z", "2026-11-18T06:00:00Z", Severity::Warning),
            trouble("2026-11-18T03:00:00Z", "2026-11-18T06:00:00Z", Severity::Critical),
        ];
        let recorded: BTreeSet<String> = (17..=20).map(|day| format!("2026-11-{day}")).collect();
        let today: Days = ["2026-11-20".to_string()].into();
        let each = [("never-seen".to_string(), Days::new()), ("since-today".to_string(), today.clone())].into();
        let services = Watched { any: today, each };
        let rows = rows(&troubles, &recorded, Some(&services), now, Words::new(Language::English));
        let host = &rows[0];
        let share = |name: &str| rows.iter().find(|row| row.name == name).unwrap().share.as_str();
        assert_eq!((share("never-seen"), share("since-today")), ("–", "100 %"), "what nobody measured is never green");
        let count = |state: &str| {
            let path = host.bars.split(&format!("class={state} ")).nth(1).unwrap_or_default();
            path.split('/').next().unwrap().matches('M').count()
        };
        assert_eq!((count("none"), count("ok"), count("warn"), count("bad")), (86, 3, 0, 1));
        // 6 of 84 hours.
        assert_eq!(host.share, "92.85 %");
        assert_eq!(host.bad.len(), 1);
        assert!(host.bars.contains("<title>18 Nov: nginx critical, "), "{}", host.bars);
        assert!(host.bad[0].starts_with("18 Nov: nginx critical, "), "{:?}", host.bad);
        assert!(rows.iter().any(|row| row.name == "nginx"));
        assert_eq!(rows[1].share, "100 %");
        assert_eq!(percent(99.999), "99.99 %");
    }
}
