//! The content of the page as JSON: `report.json`.

use crate::base::clock::{parse, stamp};
use crate::base::text::clean;
use crate::model::incident::Incident;
use crate::report::page::attention::attention;
use crate::report::page::data::PageData;
use crate::report::page::repairs;
use crate::report::page::services::services;
use crate::report::page::tiles::tiles;
use crate::report::page::timeline;
use crate::report::page::verdict::verdict;
use serde_json::{Value, json};

/// Largest number of events.
const EVENTS_MAX: usize = 30;

/// The object on one line. `now` is the time at which the page was rendered.
pub fn of(input: &PageData, now: &str) -> String {
    let snapshot = &input.snapshot;
    let taken = snapshot.get("time").and_then(Value::as_str).and_then(parse);
    let headline = verdict(input);
    let services = services(snapshot, input.options.locale);
    let list = |incident: &Incident| {
        let shown = attention(incident, input);
        json!({
            "id": shown.id, "severity": incident.severity, "title": shown.title, "metric": metric(input, &incident.metric),
            "value": incident.value, "limit": incident.limit, "since": stamp(incident.since), "who": shown.who,
            "recovering": incident.recovering, "hushed": input.health.suppressed.get(&incident.id).map(|suppressed| suppressed.kind.word()),
        })
    };
    let open = input.health.open.iter().map(list);
    let unusual = input.health.unusual.iter().map(list);
    let tiles = if snapshot.is_null() { Vec::new() } else { tiles(input, snapshot, &services) };
    let tiles = tiles.into_iter().map(
        |tile| json!({ "label": tile.label, "value": tile.value, "unit": tile.unit, "note": tile.note, "state": tile.state, "word": tile.word }),
    );
    let changed = timeline::list(input, EVENTS_MAX).into_iter().map(|event| {
        let time = chrono::DateTime::from_timestamp(event.seconds, 0).map(stamp);
        json!({ "time": time, "state": event.state, "word": event.word, "text": event.text })
    });
    let days = input.days.rows.iter().map(|row| json!({ "name": row.name, "share": row.share, "bad": row.bad }));
    let named = services.iter().filter(|_| !input.options.is_public);
    let services =
        named.map(|service| json!({ "service": service.name, "state": service.state, "word": service.word }));
    let repairs = repairs::rows(input).into_iter().map(|row| {
        let time = chrono::DateTime::from_timestamp(row.seconds, 0).map(stamp);
        json!({ "time": time, "what": row.what, "target": row.target, "state": row.state, "result": row.result,
            "details": row.details, "verified": row.verified })
    });
    let delivery = input.delivery.iter().map(|problem| problem.text(input.options.locale));
    let problems: Vec<String> = input.problems.iter().cloned().chain(delivery).collect();
    json!({
        "schema": 1, "time": now, "host": clean(&input.title, 80), "taken": taken.map(stamp),
        "verdict": { "word": headline.word, "state": headline.state, "text": headline.rest },
        "incident": open.collect::<Vec<_>>(), "unusual": unusual.collect::<Vec<_>>(),
        "tile": tiles.collect::<Vec<_>>(), "changed": changed.collect::<Vec<_>>(),
        "day": days.collect::<Vec<_>>(), "service": services.collect::<Vec<_>>(), "repair": repairs.collect::<Vec<_>>(), "problem": if input.options.is_public { Vec::new() } else { problems },
    })
    .to_string()
}

/// A metric with its labels; on a public page without them.
fn metric(input: &PageData, metric: &str) -> String {
    let shown = if input.options.is_public { metric.split('{').next().unwrap_or_default() } else { metric };
    clean(shown, 120)
}
