//! Metrics under watch: those that a rule judges, their open incidents, and breaches that have not lasted long enough.

use crate::base::sort::SmallSort;
use crate::config::Rule;
use crate::config::rule::{Limit, Measure};
use crate::crisis::State;
use crate::crisis::state::{Alert, Stamp};
use crate::model::event::is_flag;
use crate::model::incident::{Lifecycle, Severity};
use crate::model::locale::Locale;
use crate::model::metric::{Selector, SeriesKey};
use crate::model::title;

/// How a metric stands with the rules, least urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// No rule judges it.
    Unwatched,
    /// Within its limits.
    Fine,
    /// Over a limit, not yet for long enough.
    Pending,
    /// An incident is open that is within its limits again, but not yet for long enough.
    Recovering(Severity),
    /// An incident is open.
    Open(Severity),
}

/// A breach that becomes an incident if it lasts.
#[derive(Debug, Clone, PartialEq)]
pub struct Upcoming {
    /// The rule.
    pub rule: String,
    /// Metric with labels.
    pub metric: String,
    /// Title in English, or as written by the user.
    pub title: String,
    /// Value, and the limit it is beyond; `None` where the rule judges something else than the value itself.
    pub beyond: Option<(f64, f64)>,
    /// The limit is a ceiling.
    pub above: bool,
    /// How long it has lasted, in seconds.
    pub lasted_seconds: f64,
    /// Severity of the next incident, and seconds until then; `None`: it does not depend on time alone.
    pub next: Option<(Severity, f64)>,
}

impl Upcoming {
    /// The title in a language.
    pub fn title_in(&self, locale: Locale) -> String {
        title::in_language(locale, None, &self.rule, &self.metric, &self.title)
    }

    /// Name of the metric, without labels.
    pub fn name(&self) -> &str {
        self.metric.split('{').next().unwrap_or_default()
    }
}

/// The rules on the metrics of the newest snapshot.
#[derive(Debug, Default)]
pub struct Watch {
    selectors: Vec<Selector>,
    alarms: Vec<(SeriesKey, Level)>,
    /// Breaches that have not lasted long enough, the next incident first.
    pub upcoming: Vec<Upcoming>,
}

/// Assesses the state after the last evaluation. Rules whose incidents are information watch nothing.
pub fn assess(rules: &[Rule], state: &State) -> Watch {
    let judging: Vec<&Rule> = rules.iter().filter(|rule| !rule.is_information()).collect();
    let alarms = state.alerts.values().filter(|alert| !alert.information);
    let levels = alarms.clone().filter_map(|alert| Some((SeriesKey::parse(&alert.metric), level(alert)?)));
    let rule_of = |alert: &Alert| judging.iter().find(|rule| rule.name == alert.rule).copied();
    let pending = alarms.filter(|alert| alert.lifecycle == Lifecycle::Pending);
    let mut upcoming: Vec<Upcoming> =
        pending.filter_map(|alert| Some(upcoming(rule_of(alert)?, alert, state.last?))).collect();
    let order = |one: &Upcoming| one.next.map_or(f64::INFINITY, |(_, seconds)| seconds);
    upcoming.arrange_by(|a, b| order(a).total_cmp(&order(b)));
    Watch {
        selectors: judging.iter().map(|rule| rule.metric.clone()).collect(),
        alarms: levels.filter(|(series, _)| !series.name.is_empty()).collect(),
        upcoming,
    }
}

impl Watch {
    /// How one series stands.
    pub fn level(&self, series: &SeriesKey) -> Level {
        let alarms = self.alarms.iter().filter(|(known, _)| known == series).map(|(_, level)| *level);
        let is_watched = || self.selectors.iter().any(|selector| selector.selects(series));
        alarms.max().unwrap_or_else(|| if is_watched() { Level::Fine } else { Level::Unwatched })
    }

    /// How all metrics stand whose names begin with one of the prefixes; the worst counts.
    pub fn level_below(&self, prefixes: &[&str]) -> Level {
        let is_meant = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let alarms = self.alarms.iter().filter(|(series, _)| is_meant(&series.name)).map(|(_, level)| *level);
        let is_watched = || self.selectors.iter().any(|selector| is_meant(&selector.name));
        alarms.max().unwrap_or_else(|| if is_watched() { Level::Fine } else { Level::Unwatched })
    }
}

fn level(alert: &Alert) -> Option<Level> {
    match alert.lifecycle {
        Lifecycle::Ok => None,
        Lifecycle::Pending => Some(Level::Pending),
        Lifecycle::Firing => alert.severity.map(Level::Open),
        Lifecycle::Recovering => alert.severity.map(Level::Recovering),
    }
}

fn upcoming(rule: &Rule, alert: &Alert, now: Stamp) -> Upcoming {
    let since = |stamp: Option<Stamp>| stamp.map(|stamp| (now.boottime_seconds - stamp.boottime_seconds).max(0.0));
    // Just started, it does not fire, however long a breach lasts.
    let grace = rule.boot_grace.as_secs_f64() - now.boottime_seconds;
    let left = |limit: Option<Limit>, begun: Option<Stamp>| {
        let hold = limit?.hold.as_secs_f64();
        Some((hold - since(begun)?).max(grace).max(0.0))
    };
    let critical = left(rule.critical, alert.critical_since).map(|left| (Severity::Critical, left));
    let warning = left(rule.warning, alert.warning_since).map(|left| (Severity::Warning, left));
    let next = match (critical, warning) {
        (Some(critical), Some(warning)) if warning.1 < critical.1 => Some(warning),
        (critical, warning) => critical.or(warning),
    };
    let limit = match next {
        Some((Severity::Critical, _)) => rule.critical,
        _ => rule.warning.or(rule.critical),
    };
    let name = alert.metric.split('{').next().unwrap_or_default();
    let limit = limit.filter(|limit| rule.measure == Measure::Value && !is_flag(name, limit.raise));
    Upcoming {
        rule: alert.rule.clone(),
        metric: alert.metric.clone(),
        title: alert.title.clone(),
        beyond: limit.map(|limit| (alert.value, limit.raise)),
        above: rule.above,
        lasted_seconds: since(alert.since).unwrap_or_default(),
        next: next.filter(|_| rule.samples.is_none() && !rule.is_unusual()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rule::Samples;
    use chrono::DateTime;
    use std::time::Duration;

    fn rule(name: &str, metric: &str, limits: [Option<f64>; 2]) -> Rule {
        let limit = |raise| Limit { raise, clear: raise, hold: Duration::from_secs(300) };
        let [warning, critical] = limits.map(|raise| raise.map(limit));
        Rule {
            name: name.to_string(),
            title: name.to_string(),
            metric: Selector::parse(metric).unwrap(),
            above: true,
            warning,
            critical,
            only_if: None,
            critical_only_if: None,
            samples: None,
            clear_for: Duration::ZERO,
            measure: Measure::Value,
            boot_grace: Duration::ZERO,
            message: String::new(),
            window: None,
            notify_if: None,
            mutes_usual: false,
            notifies: true,
        }
    }

    fn rules() -> Vec<Rule> {
        let both = [Some(80.0), Some(95.0)];
        let unusual = Rule {
            measure: Measure::Unusual { floor: 0.0, either: true },
            notifies: false,
            ..rule("processes_unusual", "process.total", both)
        };
        vec![
            rule("cpu", "cpu.busy_percent", both),
            rule("memory", "memory.used_percent", both),
            rule("disk", "disk.used_percent", both),
            rule("service", "service.failed", [None, Some(1.0)]),
            unusual,
        ]
    }

    fn at(second: f64) -> Stamp {
        Stamp { wall: DateTime::from_timestamp(1_795_210_800, 0).unwrap(), boottime_seconds: second }
    }

    fn state(alerts: Vec<Alert>) -> State {
        let alerts = alerts.into_iter().map(|alert| (format!("{}{}", alert.rule, alert.metric), alert)).collect();
        State { last: Some(at(1000.0)), alerts, ..State::default() }
    }

    /// A breach that began at these times, boot time in seconds.
    fn breach(rule: &str, metric: &str, warning: Option<f64>, critical: Option<f64>) -> Alert {
        Alert {
            rule: rule.to_string(),
            metric: metric.to_string(),
            lifecycle: Lifecycle::Pending,
            value: 97.0,
            above: true,
            warning_since: warning.map(at),
            critical_since: critical.map(at),
            since: warning.map(at),
            ..Alert::default()
        }
    }

    #[test]
    fn the_next_incident_is_the_one_whose_time_is_up_first() {
        let mut rules = rules();
        let cpu = |warning, critical| breach("cpu", "cpu.busy_percent", Some(warning), critical);
        let next = |rules: &[Rule], alert: Alert| assess(rules, &state(vec![alert])).upcoming.remove(0);
        for (alert, limit, expected) in [
            (cpu(940.0, None), 80.0, (Severity::Warning, 240.0)),
            (cpu(940.0, Some(1000.0)), 80.0, (Severity::Warning, 240.0)),
            (cpu(940.0, Some(940.0)), 95.0, (Severity::Critical, 240.0)),
            (cpu(100.0, None), 80.0, (Severity::Warning, 0.0)),
        ] {
            let found = next(&rules, alert);
            assert_eq!((found.beyond, found.next), (Some((97.0, limit)), Some(expected)));
        }
        assert_eq!(next(&rules, cpu(940.0, None)).lasted_seconds, 60.0);
        // A service is down or not: no number; and it has no limit for a warning.
        let service = next(&rules, breach("service", "service.failed{service=\"x\"}", Some(990.0), Some(990.0)));
        assert!(
            service.beyond.is_none() && service.next.is_some_and(|next| next.0 == Severity::Critical),
            "{service:?}"
        );
        let rule = rules.iter_mut().find(|rule| rule.name == "cpu").unwrap();
        rule.boot_grace = Duration::from_secs(1600);
        assert_eq!(next(&rules, cpu(940.0, None)).next, Some((Severity::Warning, 600.0)), "not soon after a boot");
        let rule = rules.iter_mut().find(|rule| rule.name == "cpu").unwrap();
        rule.samples = Some(Samples { breaches: 3, of: 5 });
        assert_eq!(next(&rules, cpu(940.0, None)).next, None, "not a matter of time");
    }

    #[test]
    fn a_series_stands_as_its_own_worst_alert_does() {
        let rules = rules();
        let open = |mount: &str, severity, lifecycle| Alert {
            severity: Some(severity),
            lifecycle,
            ..breach("disk", &format!("disk.used_percent{{mount=\"{mount}\"}}"), Some(1.0), None)
        };
        let watch = assess(
            &rules,
            &state(vec![
                open("/var", Severity::Critical, Lifecycle::Firing),
                open("/srv", Severity::Warning, Lifecycle::Recovering),
                breach("memory", "memory.used_percent", Some(990.0), None),
                Alert { information: true, ..breach("cpu_unusual", "cpu.busy_percent", Some(1.0), None) },
            ]),
        );
        for (series, level) in [
            ("disk.used_percent{mount=\"/var\"}", Level::Open(Severity::Critical)),
            ("disk.used_percent{mount=\"/srv\"}", Level::Recovering(Severity::Warning)),
            ("disk.used_percent{mount=\"/\"}", Level::Fine),
            ("memory.used_percent", Level::Pending),
            ("cpu.busy_percent", Level::Fine),
            ("process.total", Level::Unwatched),
        ] {
            assert_eq!(watch.level(&SeriesKey::parse(series)), level, "{series}");
        }
        assert_eq!(watch.level_below(&["disk."]), Level::Open(Severity::Critical));
        assert_eq!(watch.level_below(&["service."]), Level::Fine);
        assert_eq!(watch.upcoming.len(), 1, "what is only unusual raises no alarm");
    }
}
