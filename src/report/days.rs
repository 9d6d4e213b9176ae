//! The last 90 days: a bar for each day, of the host and of what it is made of.

mod row;

pub use row::Row;

use super::words::Words;
use crate::base::text::clean;
use crate::base::when::midnight;
use crate::model::incident::Severity;
use crate::model::metric::read_labels;
use chrono::{DateTime, TimeDelta, Utc};
use row::row;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many days are shown.
pub const DAYS: usize = 90;
/// So many rows at most; and of services with problems so many whatever else is shown.
const ROWS_MAX: usize = 12;
const WRONG_MAX: usize = 24;

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
    let service = labels.into_iter().find(|(key, _)| key == "service").map(|(_, name)| name);
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

/// What is shown of the days.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// The rows: the host, its resources, services; those with problems first.
    pub rows: Vec<Row>,
    /// So many services have no row.
    pub more: usize,
}

/// A unit, as `[probe] services` and metrics name it: `nginx` and `nginx.service` are one.
pub fn unit(name: &str) -> &str {
    name.strip_suffix(".service").unwrap_or(name)
}

/// The rows: the host, its resources, and each service that had a problem or must run. `recorded`: the days there is
/// anything of; `services`: `None` where they are not looked at.
pub fn rows(
    troubles: &[Trouble],
    recorded: &Days,
    services: Option<&Watched>,
    now: DateTime<Utc>,
    words: Words,
) -> Bars {
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
    // By unit: the days it was looked at, what was wrong, and what it is called: as configured.
    let mut units: BTreeMap<String, (&str, Option<&Days>, Vec<&Trouble>)> = BTreeMap::new();
    for (name, days) in &known.each {
        units.insert(unit(name).to_string(), (name, Some(days), Vec::new()));
    }
    let labelled: Vec<_> = troubles.iter().filter_map(|trouble| Some((group(&trouble.metric).1?, trouble))).collect();
    for (name, trouble) in &labelled {
        units.entry(unit(name).to_string()).or_insert((name, None, Vec::new())).2.push(trouble);
    }
    // Of one that need not run there is a record while it fails only: then all days count.
    let of_units = units
        .into_values()
        .map(|(name, known, of_it)| row(&clean(name, 40), &of_it, &days, known.unwrap_or(recorded), now, words));
    let (wrong, well): (Vec<Row>, Vec<Row>) = of_units.partition(|row| !row.bad.is_empty());
    let count = wrong.len() + well.len();
    let (fixed, room) = (rows.len(), ROWS_MAX.saturating_sub(rows.len() + wrong.len()));
    rows.extend(wrong.into_iter().take(WRONG_MAX));
    rows.extend(well.into_iter().take(room));
    let more = count + fixed - rows.len();
    Bars { rows, more }
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
        let rows = rows(&troubles, &recorded, Some(&services), now, Words::new(Language::English)).rows;
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
        assert_eq!(row::percent(99.999), "99.99 %");
    }

    #[test]
    fn a_service_that_is_down_is_one_row_and_never_cut() {
        let now = parse("2026-11-20T12:00:00Z").unwrap();
        let troubles: Vec<Trouble> = ["nginx.service", "zzz.service"]
            .map(|name| Trouble {
                metric: format!("service.failed{{service=\"{name}\"}}"),
                title: name.to_string(),
                severity: Severity::Critical,
                since: now - TimeDelta::hours(6),
                until: now,
            })
            .into();
        let recorded: Days = ["2026-11-20".to_string()].into();
        let names = (0..10).map(|number| format!("a{number}")).chain(["nginx".to_string()]);
        let each = names.map(|name| (name, recorded.clone())).collect();
        let watched = Watched { any: recorded.clone(), each };
        let bars = rows(&troubles, &recorded, Some(&watched), now, Words::new(Language::English));
        let shown: Vec<_> = bars.rows.iter().skip(7).map(|row| (row.name.as_str(), row.share.as_str())).collect();
        let expected =
            [("nginx", "50.00 %"), ("zzz.service", "50.00 %"), ("a0", "100 %"), ("a1", "100 %"), ("a2", "100 %")];
        assert_eq!((shown.as_slice(), bars.more), (expected.as_slice(), 7));
        // However many fail: those are shown.
        let many: Vec<Trouble> = (0..20)
            .map(|number| Trouble { metric: format!("service.failed{{service=\"b{number}\"}}"), ..troubles[0].clone() })
            .collect();
        let bars = rows(&many, &recorded, Some(&watched), now, Words::new(Language::English));
        assert_eq!((bars.rows.len(), bars.more), (27, 11));
    }
}
