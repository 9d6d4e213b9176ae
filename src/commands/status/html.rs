//! The status as a fragment of HTML: plain elements with classes, no style, no script, everything escaped.

use super::line;
use crate::base::clock::stamp;
use crate::base::html::escape;
use crate::base::text::clean;
use crate::base::units::metric_value;
use crate::context::Context;
use crate::model::event::is_flag;
use crate::model::incident::Incident;
use crate::model::locale::{Locale, key};
use crate::query::health::{Health, Recorded, seconds_between};

/// Longest text of one item, in characters.
const TEXT_MAX: usize = 200;

/// The fragment, in the language of the page (`[report] language`). Titles and reasons that people wrote, and errors of the
/// system, stay as they are.
pub fn fragment(recorded: &Recorded, context: &Context) -> String {
    let locale = Locale::from_tag(&context.config.report.language);
    let health = &recorded.health;
    let verdict = health.verdict;
    let class = verdict.status_word().to_lowercase();
    let items: String = health.open.iter().map(|incident| item(incident, health, locale)).collect();
    let list = if items.is_empty() { String::new() } else { format!("<ul>{items}</ul>") };
    let time = health.taken.map(stamp).map(|time| format!(" <time datetime=\"{time}\">{time}</time>"));
    let (tag, word) = match locale {
        Locale::En => (String::new(), verdict.status_word()),
        _ => (format!(" lang=\"{}\"", locale.tag()), locale.text(verdict.key())),
    };
    format!(
        "<section class=\"osmon osmon-{class}\"{tag}><p><strong>{word}</strong> <b>{}</b>{}{}{}</p>{list}</section>",
        escape(&clean(&recorded.host, 80)),
        locale.text(key::MAIL_COLON),
        escape(&clean(&line::text(context, health, locale), TEXT_MAX)),
        time.unwrap_or_default(),
    )
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
