//! The status as a fragment of HTML: plain elements with classes, no style, no script, everything escaped.

use crate::base::clock::stamp;
use crate::base::html::escape;
use crate::base::text::clean;
use crate::base::units::metric_value;
use crate::model::event::is_flag;
use crate::model::incident::Incident;
use crate::model::locale::{Locale, key};
use crate::query::health::{Health, Recorded, Verdict, seconds_between};

/// Longest text of one item, in characters.
const TEXT_MAX: usize = 200;

/// The fragment, in the language of the page (`[report] language`). `text`: the status in English. Titles of rules and
/// everything that people wrote stay as they are.
pub fn fragment(recorded: &Recorded, text: &str, language: &str) -> String {
    let locale = Locale::from_tag(language);
    let health = &recorded.health;
    let verdict = health.verdict;
    let class = verdict.status_word().to_lowercase();
    let items: String = health.open.iter().map(|incident| item(incident, health, locale)).collect();
    let list = if items.is_empty() { String::new() } else { format!("<ul>{items}</ul>") };
    let time = health.taken.map(stamp).map(|time| format!(" <time datetime=\"{time}\">{time}</time>"));
    let (tag, word, text) = match locale.tag() {
        "en" => (String::new(), verdict.status_word(), text.to_string()),
        tag => (format!(" lang=\"{tag}\""), locale.text(verdict.key()), translated(health, text, locale)),
    };
    format!(
        "<section class=\"osmon osmon-{class}\"{tag}><p><strong>{word}</strong> <b>{}</b>: {}{}</p>{list}</section>",
        escape(&clean(&recorded.host, 80)),
        escape(&clean(&text, TEXT_MAX)),
        time.unwrap_or_default(),
    )
}

/// The status in another language than English, as far as there are words for it.
fn translated(health: &Health, text: &str, locale: Locale) -> String {
    match health.verdict {
        Verdict::Healthy => locale.text(key::VERDICT_NO_OPEN_PROBLEMS).to_string(),
        Verdict::Degraded | Verdict::Critical => locale.count(key::COUNT_OPEN_PROBLEMS, health.open.len()),
        Verdict::Unknown => text.to_string(),
    }
}

fn item(incident: &Incident, health: &Health, locale: Locale) -> String {
    let value = match is_flag(&incident.metric, incident.limit) {
        true => String::new(),
        false => format!(" {}", locale.figures(&metric_value(&incident.metric, incident.value))),
    };
    let lasted = locale.duration(seconds_between(incident.since, health.now));
    let severity = incident.severity.word().to_lowercase();
    let since = locale.with(key::PAGE_SINCE, &lasted);
    let text = clean(&format!("{}{value} {since}", incident.title_in(locale)), TEXT_MAX);
    format!("<li class=\"osmon-{severity}\">{}</li>", escape(&text))
}
