//! The last 90 days: a bar per day for the host, its resources and services.

pub mod coverage;
pub mod incident_span;
pub mod row;

use crate::base::local_time::LocalTime;
use crate::base::text::clean;
use crate::model::catalogue::{RESOURCES, resource};
use crate::model::locale::{Locale, key};
use crate::model::metric::read_labels;
use crate::report::page::status_bars::coverage::{Coverage, Days};
use crate::report::page::status_bars::incident_span::IncidentSpan;
use crate::report::page::status_bars::row::{Row, row};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Number of days shown.
pub const DAYS: usize = 90;
/// Largest number of rows, except that up to so many services with problems are always shown.
const ROWS_MAX: usize = 12;
const WRONG_MAX: usize = 24;

/// Title of the row of all services in `data/metrics.toml`.
const SERVICES: &str = "Services";

/// The value of the label `service`.
fn service(metric: &str) -> Option<String> {
    read_labels(metric).1.into_iter().find(|(key, _)| key == "service").map(|(_, name)| name)
}

/// The days on which services were measured.
#[derive(Debug, Default)]
pub struct Watched {
    /// Any service.
    pub any: Days,
    /// Each service that must run.
    pub each: BTreeMap<String, Days>,
}

/// The status bars.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// Rows: the host, its resources, then services, those with problems first.
    pub rows: Vec<Row>,
    /// Number of services without a row.
    pub more: usize,
}

impl Bars {
    /// As far as a young history allows: within a week, other rows than that of the host only where there was a problem;
    /// within a day, no share. `age`: since the begin of the history.
    #[must_use]
    pub fn young(mut self, age: TimeDelta) -> Self {
        if age < TimeDelta::days(7) {
            let mut is_host = true;
            self.rows.retain(|row| std::mem::take(&mut is_host) || !row.bad.is_empty());
            self.more = 0;
        }
        if age < TimeDelta::days(1) {
            self.rows.iter_mut().for_each(|row| row.share = "–".to_string());
        }
        self
    }
}

/// The name of a service without its suffix: `nginx` and `nginx.service` are the same.
pub fn unit(name: &str) -> &str {
    name.strip_suffix(".service").unwrap_or(name)
}

/// The rows of the host, its resources, and each service that had a problem or must run. `services` is `None` if services
/// are not measured.
pub fn rows(
    troubles: &[IncidentSpan],
    recorded: &Coverage,
    services: Option<&Watched>,
    now: DateTime<Utc>,
    locale: Locale,
) -> Bars {
    let days = days(now);
    let of = |title: &str| -> Vec<_> {
        troubles.iter().filter(|trouble| resource(&trouble.metric).is_some_and(|row| row.title == title)).collect()
    };
    let row = |name: &str, incidents: &[&IncidentSpan], own: &Coverage| {
        row(name, incidents, &days, (own, recorded), now, locale)
    };
    let mut rows = vec![row(locale.text(key::PAGE_HOST), &troubles.iter().collect::<Vec<_>>(), recorded)];
    for title in RESOURCES.iter().map(|resource| resource.title).filter(|title| *title != SERVICES) {
        rows.push(row(locale.label(title), &of(title), recorded));
    }
    let none = Watched::default();
    let known = services.unwrap_or(&none);
    if services.is_some() || !of(SERVICES).is_empty() {
        rows.push(row(locale.text(key::PAGE_SERVICES), &of(SERVICES), &recorded.of_days(&known.any)));
    }
    // By service: its configured name, the days on which it was measured, and its incidents.
    let mut units: BTreeMap<String, (&str, Option<&Days>, Vec<&IncidentSpan>)> = BTreeMap::new();
    for (name, days) in &known.each {
        units.insert(unit(name).to_string(), (name, Some(days), Vec::new()));
    }
    let labelled: Vec<_> = troubles.iter().filter_map(|trouble| Some((service(&trouble.metric)?, trouble))).collect();
    for (name, trouble) in &labelled {
        units.entry(unit(name).to_string()).or_insert((name, None, Vec::new())).2.push(trouble);
    }
    // A service that need not run is recorded only while it fails: all days count.
    let of_units = units.into_values().map(|(name, known, incidents)| match known {
        Some(known) => row(&clean(name, 40), &incidents, &recorded.of_days(known)),
        None => row(&clean(name, 40), &incidents, recorded),
    });
    let (wrong, well): (Vec<Row>, Vec<Row>) = of_units.partition(|row| !row.bad.is_empty());
    let count = wrong.len() + well.len();
    let (fixed, room) = (rows.len(), ROWS_MAX.saturating_sub(rows.len() + wrong.len()));
    rows.extend(wrong.into_iter().take(WRONG_MAX));
    rows.extend(well.into_iter().take(room));
    let more = count + fixed - rows.len();
    Bars { rows, more }
}

/// Begin and end of each day in the local time zone, oldest first.
fn days(now: DateTime<Utc>) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut days = LocalTime::days(now - TimeDelta::days(DAYS as i64 + 1), now);
    days.drain(..days.len().saturating_sub(DAYS));
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::parse;
    use crate::model::incident::Severity;
    use crate::report::page::status_bars::coverage::Span;
    use crate::report::page::status_bars::row::percent;

    /// A number of hours with a number of samples each.
    fn hours(begin: &str, hours: i64, samples: u32) -> Coverage {
        let begin = parse(begin).unwrap().timestamp();
        Coverage::new((0..hours).map(|hour| Span::of(begin + hour * 3600, 3600, samples)).collect())
    }

    #[test]
    fn the_share_is_of_the_time_that_was_recorded() {
        let now = parse("2026-11-20T12:00:00Z").unwrap();
        let memory = |since: &str, until: &str| IncidentSpan {
            metric: "memory.used_percent".to_string(),
            title: "Memory".to_string(),
            severity: Severity::Critical,
            since: parse(since).unwrap(),
            until: parse(until).unwrap(),
        };
        let day = |samples| {
            Coverage::new(vec![Span::of(parse("2026-11-18T00:00:00Z").unwrap().timestamp(), 86_400, samples)])
        };
        let of_18 =
            |from: &str, until: &str| memory(&format!("2026-11-18T{from}:00Z"), &format!("2026-11-18T{until}:00Z"));
        for (recorded, troubles, share, bad) in [
            // One recorded hour, half of it in trouble; more samples than minutes change nothing.
            (hours("2026-11-18T03:00:00Z", 1, 60), vec![of_18("03:00", "03:30")], "50.00 %", 1),
            (hours("2026-11-18T03:00:00Z", 1, 240), vec![of_18("03:00", "03:30")], "50.00 %", 1),
            // Incidents in an hour with few samples, and in one without any.
            (
                hours("2026-11-18T03:00:00Z", 2, 15),
                vec![of_18("03:00", "03:40"), of_18("07:00", "08:00")],
                "50.00 %",
                1,
            ),
            (day(240), vec![of_18("03:00", "04:00")], "75.00 %", 1),
            // A day without samples is grey even during an incident, but not the day on which it began.
            (
                hours("2026-11-19T00:00:00Z", 24, 60),
                vec![memory("2026-11-16T23:00:00Z", "2026-11-19T12:00:00Z")],
                "50.00 %",
                2,
            ),
            (hours("2026-11-18T03:00:00Z", 1, 60), vec![], "100 %", 0),
            (Coverage::default(), vec![], "–", 0),
            // The incident begins now.
            (
                hours("2026-11-20T11:00:00Z", 1, 60),
                vec![memory("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z")],
                "100 %",
                1,
            ),
        ] {
            let row = &rows(&troubles, &recorded, None, now, Locale::En).rows[2];
            assert_eq!((row.share.as_str(), row.bad.len()), (share, bad), "{recorded:?} {troubles:?}");
        }
    }

    #[test]
    fn a_day_is_as_bad_as_its_worst_and_what_is_unknown_is_never_well() {
        let now = parse("2026-11-20T12:00:00Z").unwrap();
        let trouble = |since: &str, until: &str, severity| IncidentSpan {
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
        let recorded = hours("2026-11-17T00:00:00Z", 84, 60);
        let today: Days = ["2026-11-20".to_string()].into();
        let each = [("never-seen".to_string(), Days::new()), ("since-today".to_string(), today.clone())].into();
        let services = Watched { any: today, each };
        let rows = rows(&troubles, &recorded, Some(&services), now, Locale::En).rows;
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

    #[test]
    fn a_service_that_is_down_is_one_row_and_never_cut() {
        let now = parse("2026-11-20T12:00:00Z").unwrap();
        let troubles: Vec<IncidentSpan> = ["nginx.service", "zzz.service"]
            .map(|name| IncidentSpan {
                metric: format!("service.failed{{service=\"{name}\"}}"),
                title: name.to_string(),
                severity: Severity::Critical,
                since: now - TimeDelta::hours(6),
                until: now,
            })
            .into();
        let (recorded, today) = (hours("2026-11-20T00:00:00Z", 12, 60), Days::from(["2026-11-20".to_string()]));
        let names = (0..10).map(|number| format!("a{number}")).chain(["nginx".to_string()]);
        let each = names.map(|name| (name, today.clone())).collect();
        let watched = Watched { any: today.clone(), each };
        let bars = rows(&troubles, &recorded, Some(&watched), now, Locale::En);
        let shown: Vec<_> = bars.rows.iter().skip(7).map(|row| (row.name.as_str(), row.share.as_str())).collect();
        let expected =
            [("nginx", "50.00 %"), ("zzz.service", "50.00 %"), ("a0", "100 %"), ("a1", "100 %"), ("a2", "100 %")];
        assert_eq!((shown.as_slice(), bars.more), (expected.as_slice(), 7));
        // Services with problems are shown even beyond the largest number of rows.
        let many: Vec<IncidentSpan> = (0..20)
            .map(|number| IncidentSpan {
                metric: format!("service.failed{{service=\"b{number}\"}}"),
                ..troubles[0].clone()
            })
            .collect();
        let bars = rows(&many, &recorded, Some(&watched), now, Locale::En);
        assert_eq!((bars.rows.len(), bars.more), (27, 11));
    }
}
