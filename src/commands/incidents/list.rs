//! Incidents as a table of 80 columns, the worst first.

use crate::base::clock::local_form;
use crate::base::sort::SmallSort;
use crate::base::units::{duration, metric_value};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::cli::table::{Column, WIDTH, fold_to, head, row};
use crate::context::Context;
use crate::model::event::is_flag;
use crate::model::incident::Severity;
use crate::query::incidents::IncidentRecord;
use std::cmp::Reverse;

const HEADS: [&str; 7] = ["Worst", "What", "Since", "Lasted", "Peak", "Notified", "ID"];
/// Positions of the columns that share what the others leave.
const WHAT: usize = 1;
const ID: usize = 6;
/// Space that a title keeps beside a long id, in characters.
const WHAT_LEAST: usize = 20;
/// Indent of an id on a line of its own: where the titles begin.
const INDENT: usize = 7;

/// The table of incidents with their names. Sorts them: open ones by severity, the oldest first, then past ones, the
/// newest first.
pub fn lines(out: &Output, records: &mut [(IncidentRecord, String)], context: &Context) -> Vec<String> {
    records.arrange_by_key(|(record, _)| match &record.open {
        Some(open) => {
            let since = record.since.timestamp();
            (false, record.is_information(), Reverse(Some(open.severity)), since, record.id.clone())
        }
        None => (true, false, Reverse(None), -record.since.timestamp(), String::new()),
    });
    let form = form(records, context);
    let rows: Vec<[String; 7]> = records.iter().map(|(record, name)| cells(record, name, form, context)).collect();
    let columns = columns(&rows);
    let mut lines = vec![out.paint(Style::Bold, &head(&columns))];
    for ((record, _), cells) in records.iter().zip(rows) {
        let style = match &record.open {
            Some(open) if !record.is_information() => match open.severity {
                Severity::Critical => Some(Style::Bad),
                Severity::Warning => Some(Style::Warn),
            },
            _ => None,
        };
        lines.extend(incident(&columns, cells).into_iter().map(|line| match style {
            Some(style) => out.paint(style, &line),
            None => line,
        }));
    }
    lines
}

/// The shortest form of a time that tells these apart.
fn form(records: &[(IncidentRecord, String)], context: &Context) -> &'static str {
    let are_same = |form: &str| {
        let now = local_form(context.now.wall, form);
        records.iter().all(|(record, _)| local_form(record.since, form) == now)
    };
    match (are_same("%Y-%m-%d"), are_same("%Y")) {
        (true, _) => "%H:%M",
        (false, true) => "%m-%d %H:%M",
        (false, false) => "%Y-%m-%d %H:%M",
    }
}

fn cells(record: &IncidentRecord, name: &str, form: &str, context: &Context) -> [String; 7] {
    let lasted = duration(record.lasted).replace(" min", "m").replace(" h", "h").replace(" d", "d").replace(" s", "s");
    let peak = record.peak.filter(|_| !is_flag(record.name(), record.limit));
    let word = if record.is_information() { "info" } else { record.severity.word() };
    let notified = record.notified(context);
    [
        word.chars().take(4).collect(),
        record.title.clone(),
        local_form(record.since, form),
        if record.open.is_some() { format!("{lasted}…") } else { lasted },
        peak.map_or_else(|| "–".to_string(), |value| metric_value(record.name(), value)),
        if notified == "waits" { "queued".to_string() } else { notified.to_string() },
        name.to_string(),
    ]
}

/// Columns as wide as their cells; title and id share the rest, so that as many ids as possible stand on their lines.
fn columns(rows: &[[String; 7]]) -> [Column; 7] {
    let length = |text: &str| text.chars().count();
    let widest = |at: usize| rows.iter().filter_map(|cells| cells.get(at)).map(|cell| length(cell)).max().unwrap_or(0);
    let mut at = 0;
    let mut columns = HEADS.map(|name| {
        let column = (name, widest(at).max(length(name)), matches!(name, "Lasted" | "Peak"));
        at += 1;
        column
    });
    let fixed = columns.iter().enumerate().filter(|(at, _)| *at != WHAT && *at != ID).map(|(_, column)| column.1);
    let rest = WIDTH.saturating_sub(fixed.sum::<usize>() + 2 * (HEADS.len() - 1));
    let most = rest.saturating_sub(widest(WHAT).min(WHAT_LEAST));
    let ids = rows.iter().map(|cells| length(&cells[ID])).filter(|length| *length <= most).max().unwrap_or(0);
    for (at, column) in columns.iter_mut().enumerate() {
        match at {
            ID => column.1 = ids.max(2),
            WHAT => column.1 = rest.saturating_sub(ids.max(2)).min(widest(WHAT).max(4)),
            _ => {}
        }
    }
    columns
}

/// The lines of one incident: a title that is too long goes on below, an id that is too long has a line of its own and is
/// never cut, since it is typed.
fn incident(columns: &[Column; 7], mut cells: [String; 7]) -> Vec<String> {
    let width = |at: usize| columns.get(at).map_or(0, |column| column.1);
    let is_long = cells[ID].chars().count() > width(ID);
    let id = if is_long { Some(std::mem::take(&mut cells[ID])) } else { None };
    let mut title = if cells[WHAT].chars().count() > width(WHAT) {
        fold_to(&cells[WHAT], width(WHAT)).into_iter()
    } else {
        vec![std::mem::take(&mut cells[WHAT])].into_iter()
    };
    cells[WHAT] = title.next().unwrap_or_default();
    let more = title.chain(id).map(|line| format!("{:INDENT$}{line}", ""));
    std::iter::once(row(columns, &cells)).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_and_an_id_of_any_length_stay_within_80_columns_and_whole() {
        let of = |title: &str, id: &str| {
            ["CRIT", title, "11-20 21:40", "23h 59m…", "1023 KiB/s", "queued", id].map(ToString::to_string)
        };
        let long = format!("disk:/srv/{}", "x".repeat(60));
        let rows = [
            of("CPU", "cpu"),
            of("Service nginx.service failed", "service:nginx.service"),
            of(&format!("File system /srv/{}", "x".repeat(60)), &long),
        ];
        let columns = columns(&rows);
        let lines: Vec<String> = rows.into_iter().flat_map(|cells| incident(&columns, cells)).collect();
        let text = lines.join("\n");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
        assert!(lines[0].starts_with("CRIT   CPU ") && lines[0].ends_with("queued    cpu"), "{text}");
        assert!(lines.contains(&format!("       {long}")), "{text}");
        let words = ["Service", "nginx.service", "failed", "File", "system"];
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
}
