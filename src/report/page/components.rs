//! The tables of components: arrays, pools, disks, timers and other things that can fail by themselves.

use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::catalogue::{self, Component};
use crate::model::incident::{Incident, Severity};
use crate::model::locale::Locale;
use crate::model::metric::read_labels;
use serde_json::{Map, Value};

/// Components of kinds that belong together: a table.
pub struct Group {
    /// Title, such as "Disks and pools".
    pub title: String,
    /// Its rows, worst first.
    pub rows: Vec<Row>,
}

/// A row of the table.
pub struct Row {
    /// What it is, such as "RAID array".
    pub kind: String,
    /// Its name.
    pub name: String,
    /// `ok`, `warn` or `bad`.
    pub class: &'static str,
    /// Its state in words; may be empty.
    pub state: String,
    /// Its values, with names and units; may be empty.
    pub values: String,
}

/// Longest text, in characters, and largest number of rows.
const TEXT_MAX: usize = 120;
const MOST: usize = 40;

/// The components of the newest snapshot, groups with problems first, and the number of components left out.
pub fn groups(snapshot: &Value, open: &[Incident], locale: Locale) -> (Vec<Group>, usize) {
    let of_section = |component: &'static Component| {
        let elements = snapshot[component.section].as_array().into_iter().flatten().filter_map(Value::as_object);
        elements.filter_map(move |element| Some((component.group, row(component, element, open, locale)?)))
    };
    let mut rows: Vec<(&str, Row)> = catalogue::COMPONENTS.iter().flat_map(of_section).collect();
    // Stable: kinds keep their order.
    rows.arrange_by_key(|(_, row)| ["bad", "warn", "ok"].iter().position(|known| *known == row.class));
    let more = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let mut groups: Vec<Group> = Vec::new();
    for (group, row) in rows {
        let title = locale.label(group);
        match groups.iter_mut().find(|known| known.title == title) {
            Some(known) => known.rows.push(row),
            None => groups.push(Group { title: title.to_string(), rows: vec![row] }),
        }
    }
    (groups, more)
}

fn row(component: &Component, element: &Map<String, Value>, open: &[Incident], locale: Locale) -> Option<Row> {
    let identity = element.get(label(component.section)?)?.as_str()?;
    let of = |metric: &str| element.get(metric.strip_prefix(component.section)?.strip_prefix('.')?);
    let is_set = |value: &Value| value.as_bool().unwrap_or_else(|| value.as_f64().is_some_and(|number| number != 0.0));
    let worst = open.iter().filter(|incident| is_about(incident, component, identity)).map(|it| it.severity).max();
    let class = match worst {
        Some(Severity::Critical) => "bad",
        Some(Severity::Warning) => "warn",
        None if component.warn.iter().any(|metric| of(metric).is_some_and(is_set)) => "warn",
        None => "ok",
    };
    let values = component.values.iter().filter_map(|(metric, name)| {
        let value = locale.value(metric, of(metric)?.as_f64()?);
        Some(if name.is_empty() { value } else { format!("{} {value}", locale.label(name)) })
    });
    let state = element.get(component.state).and_then(Value::as_str).unwrap_or_default();
    Some(Row {
        kind: locale.label(component.title).to_string(),
        name: clean(identity, TEXT_MAX),
        class,
        state: clean(&locale.state(state), TEXT_MAX),
        values: values.collect::<Vec<_>>().join(" · "),
    })
}

/// The member that identifies the elements of a section. Members have no order here.
fn label(section: &str) -> Option<&'static str> {
    let is_of_section = |name: &str| name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
    catalogue::METRICS.iter().find(|metric| is_of_section(metric.name)).map(|metric| metric.label)
}

/// Returns whether an incident is about an element.
fn is_about(incident: &Incident, component: &Component, identity: &str) -> bool {
    let (metric, labels) = read_labels(&incident.metric);
    let is_of_section = metric.strip_prefix(component.section).is_some_and(|rest| rest.starts_with('.'));
    is_of_section && !incident.information && labels.iter().any(|(_, value)| value == identity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const RAID: Component = Component {
        section: "raid",
        group: "Disks and pools",
        title: "RAID array",
        state: "state",
        warn: &["raid.degraded"],
        values: &[("raid.synced_percent", "synced"), ("raid.missing_devices", "")],
    };

    fn incident(metric: &str, severity: Severity) -> Incident {
        Incident {
            id: "raid-1".to_string(),
            short_id: "raid".to_string(),
            rule: "raid".to_string(),
            severity,
            title: "RAID".to_string(),
            title_localized: None,
            metric: metric.to_string(),
            value: 1.0,
            limit: 1.0,
            since: chrono::DateTime::UNIX_EPOCH,
            recovering: false,
            information: false,
        }
    }

    #[test]
    fn the_worst_incident_about_it_gives_the_colour_and_a_problem_shows_before_that() {
        let element = json!({"array": "md0", "state": "rebuilding", "degraded": true, "synced_percent": 34.5});
        let cases = [
            (vec![], "warn"),
            (vec![("raid.degraded{array=\"md1\"}", Severity::Critical)], "warn"),
            (vec![("raids.degraded{array=\"md0\"}", Severity::Critical)], "warn"),
            (
                vec![
                    ("raid.degraded{array=\"md0\"}", Severity::Critical),
                    ("raid.x{array=\"md0\"}", Severity::Warning),
                ],
                "bad",
            ),
        ];
        for (open, class) in cases {
            let open: Vec<Incident> = open.into_iter().map(|(metric, severity)| incident(metric, severity)).collect();
            let row = row(&RAID, element.as_object().unwrap(), &open, Locale::default()).unwrap();
            assert_eq!((row.class, row.name.as_str(), row.state.as_str()), (class, "md0", "rebuilding"));
            assert_eq!(row.values, "synced 34.5 %", "what it does not have is left out");
        }
        assert!(
            catalogue::COMPONENTS.iter().all(|component| label(component.section).is_some_and(|it| !it.is_empty()))
        );
        let well = json!({"array": "md0", "degraded": false});
        assert_eq!(row(&RAID, well.as_object().unwrap(), &[], Locale::default()).unwrap().class, "ok");
    }
}
