//! Arrays, pools, disks, timers, watched processes and other things that can fail by themselves, as a table.

use super::view::View;
use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean};
use crate::cli::output::Style;
use crate::cli::table::{Column, WIDTH, fold_to, head, row};
use crate::model::catalogue::{self, COMPONENTS, Component};
use crate::model::locale::Locale;
use serde_json::Value;

/// Width of the kinds, and largest one of the names, in characters.
const KIND: usize = 16;
const NAME_WIDEST: usize = 28;
/// Largest number of rows.
const ROWS: usize = 20;
/// Of what a limit leaves enough room, nothing is shown: nearly every unit has one. In percent.
const LIMIT_FROM: f64 = 50.0;

struct Row {
    kind: String,
    name: String,
    state: String,
    style: Option<Style>,
}

/// The table, what has a problem first; empty: there is nothing of the kind.
pub fn table(view: &View) -> String {
    let mut rows: Vec<Row> = COMPONENTS.iter().flat_map(|component| of_section(view, component)).collect();
    if rows.is_empty() {
        return String::new();
    }
    // Stable: kinds keep their order.
    rows.arrange_by_key(|row| match row.style {
        Some(Style::Bad) => 0,
        Some(_) => 1,
        None => 2,
    });
    let more = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    let name = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).clamp(4, NAME_WIDEST);
    let state = WIDTH - KIND - name - 4;
    let columns: [Column; 3] = [("Watched", KIND, false), ("Name", name, false), ("State", state, false)];
    let mut lines = vec![view.out.paint(Style::Bold, &head(&columns))];
    for Row { kind, name, state: text, style } in rows {
        let mut parts = fold_to(&text, state).into_iter().map(|line| line.trim_start().to_string());
        let mut cells = vec![kind, name, parts.next().unwrap_or_default()];
        lines.push(view.painted(style, &row(&columns, &cells)));
        for part in parts {
            cells = vec![String::new(), String::new(), part];
            lines.push(view.painted(style, &row(&columns, &cells)));
        }
    }
    lines.extend((more > 0).then(|| format!("… and {more} more: osmon probe --json")));
    lines.join("\n")
}

fn of_section(view: &View, component: &'static Component) -> Vec<Row> {
    let label = catalogue::label_of(component.section).unwrap_or_default();
    let elements = view.snapshot.get(component.section).and_then(Value::as_array).into_iter().flatten();
    let row = |element: &Value| {
        let of = |metric: &str| element.get(metric.strip_prefix(component.section)?.strip_prefix('.')?);
        let is_set = |value: &Value| value.as_bool().unwrap_or_else(|| value.as_f64().is_some_and(|it| it != 0.0));
        let name = element.get(label)?.as_str()?;
        let has_problem = component.warn.iter().any(|metric| of(metric).is_some_and(is_set));
        let style = view.style(component.section, name).or_else(|| has_problem.then_some(Style::Warn));
        let values: Vec<(&str, &str, f64)> = component
            .values
            .iter()
            .filter_map(|(metric, name)| Some((*metric, *name, of(metric)?.as_f64()?)))
            .collect();
        let is_quiet = component.section == "limit" && values.iter().all(|(_, _, value)| *value < LIMIT_FROM);
        if is_quiet && style.is_none() {
            return None;
        }
        let state = element.get(component.state).and_then(Value::as_str).unwrap_or_default();
        let values = values.into_iter().map(|(metric, name, value)| {
            let value = Locale::En.value(metric, value);
            if name.is_empty() { value } else { format!("{name} {value}") }
        });
        let parts: Vec<String> =
            std::iter::once(state.to_string()).filter(|state| !state.is_empty()).chain(values).collect();
        Some(Row { kind: capital(component.title), name: clean(name, NAME_MAX), state: parts.join(" · "), style })
    };
    elements.filter_map(row).collect()
}

/// The text with a capital letter at its beginning.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}
