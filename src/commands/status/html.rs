//! The status as a fragment of HTML: plain elements with classes, no style, no script, everything escaped.

use crate::base::clock::stamp;
use crate::base::text::clean;
use crate::base::units::metric_value;
use crate::cli::Exit;
use crate::model::event::is_flag;
use crate::model::incident::Incident;
use crate::model::locale::{Key, Locale, key};
use crate::query::status::{Status, word};
use chrono::{DateTime, Utc};

/// Longest text of one item, in characters.
const TEXT_MAX: usize = 200;

/// `language`: of the page (`[report] language`). What rules and people wrote stays as it is.
pub fn fragment(status: &Status, language: &str, now: DateTime<Utc>) -> String {
    let words = Locale::from_tag(language);
    let class = word(status.exit).to_lowercase();
    let items: String = status.open.iter().map(|incident| item(incident, words, now)).collect();
    let list = if items.is_empty() { String::new() } else { format!("<ul>{items}</ul>") };
    let time = status.taken.map(stamp).unwrap_or_default();
    let time =
        if time.is_empty() { String::new() } else { format!(" <time datetime=\"{time}\">{}</time>", &escape(&time)) };
    let (tag, said, text) = match words.tag() {
        "en" => (String::new(), word(status.exit), status.text.clone()),
        tag => (format!(" lang=\"{tag}\""), words.text(verdict(status.exit)), text(status, words)),
    };
    format!(
        "<section class=\"osmon osmon-{class}\"{tag}><p><strong>{said}</strong> <b>{}</b>: {}{time}</p>{list}</section>",
        escape(&clean(&status.host, 80)),
        escape(&clean(&text, TEXT_MAX)),
    )
}

/// What the page calls it.
fn verdict(exit: Exit) -> Key {
    match exit {
        Exit::Done => key::VERDICT_HEALTHY,
        Exit::Warning => key::VERDICT_DEGRADED,
        Exit::Critical => key::VERDICT_CRITICAL,
        _ => key::VERDICT_UNKNOWN,
    }
}

/// The sentence in another language than English, as far as the page has words for it.
fn text(status: &Status, words: Locale) -> String {
    match (status.exit, status.open.len()) {
        (Exit::Done, _) => words.text(key::VERDICT_NO_OPEN_PROBLEMS).to_string(),
        (Exit::Warning | Exit::Critical, count) => words.count(key::COUNT_OPEN_PROBLEMS, count),
        _ => status.text.clone(),
    }
}

fn item(incident: &Incident, words: Locale, now: DateTime<Utc>) -> String {
    let value = match is_flag(&incident.metric, incident.limit) {
        true => String::new(),
        false => format!(" {}", words.figures(&metric_value(&incident.metric, incident.value))),
    };
    let lasted = words.duration((now - incident.since).num_milliseconds() as f64 / 1e3);
    let severity = incident.severity.word().to_lowercase();
    let since = words.with(key::PAGE_SINCE, &lasted);
    let text = clean(&format!("{}{value} {since}", words.title(&incident.title)), TEXT_MAX);
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
