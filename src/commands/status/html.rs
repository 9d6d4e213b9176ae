//! The status as a fragment of HTML: plain elements with classes, no style, no script, everything escaped.

use super::{Status, word};
use crate::base::clock::stamp;
use crate::base::text::clean;
use crate::base::units::{duration, metric_value};
use crate::model::event::is_flag;
use crate::model::incident::Incident;
use chrono::{DateTime, Utc};

/// Longest text of one item, in characters.
const TEXT_MAX: usize = 200;

pub fn fragment(status: &Status, now: DateTime<Utc>) -> String {
    let class = word(status.exit).to_lowercase();
    let items: String = status.open.iter().map(|incident| item(incident, now)).collect();
    let list = if items.is_empty() { String::new() } else { format!("<ul>{items}</ul>") };
    let time = status.taken.map(stamp).unwrap_or_default();
    let time =
        if time.is_empty() { String::new() } else { format!(" <time datetime=\"{time}\">{}</time>", &escape(&time)) };
    format!(
        "<section class=\"osmon osmon-{class}\"><p><strong>{}</strong> <b>{}</b>: {}{time}</p>{list}</section>",
        word(status.exit),
        escape(&clean(&status.host, 80)),
        escape(&clean(&status.text, TEXT_MAX)),
    )
}

fn item(incident: &Incident, now: DateTime<Utc>) -> String {
    let value = match is_flag(&incident.metric, incident.limit) {
        true => String::new(),
        false => format!(" {}", metric_value(&incident.metric, incident.value)),
    };
    let lasted = duration((now - incident.since).num_milliseconds() as f64 / 1e3);
    let severity = incident.severity.word().to_lowercase();
    let text = clean(&format!("{}{value} since {lasted}", incident.title), TEXT_MAX);
    format!("<li class=\"osmon-{severity}\">{}</li>", escape(&text))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
