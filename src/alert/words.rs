//! What messages say, in English and French. A word that one language lacks does not compile.

mod en;
mod fr;

use self::en::EN;
use self::fr::FR;
use crate::base::units::{duration, metric_value};
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use crate::model::message;
use crate::model::title::french;

/// So many open problems are named in a sign of life.
const SIGN_MAX: usize = 5;

/// The words of one language; `{…}` stands for what is put in.
#[derive(Debug)]
pub struct Words {
    /// Code of the language (BCP 47).
    pub language: &'static str,
    /// Severities and what became of an incident, as headings.
    pub critical: &'static str,
    pub warning: &'static str,
    pub recovered: &'static str,
    pub settled: &'static str,
    pub alive: &'static str,
    pub flapping: &'static str,
    pub test: &'static str,
    /// Subjects.
    pub subject_fired: &'static str,
    pub subject_still: &'static str,
    pub subject_recovered: &'static str,
    pub subject_settled: &'static str,
    pub subject_alive: &'static str,
    pub subject_flapping: &'static str,
    pub subject_test: &'static str,
    pub subject_more: &'static str,
    pub subject_down: &'static str,
    pub subject_late: &'static str,
    pub value_and_limit: &'static str,
    pub value_and_left: &'static str,
    pub full: &'static str,
    /// Sentences.
    pub limit_above: &'static str,
    pub limit_below: &'static str,
    pub lasts: &'static str,
    pub just_now: &'static str,
    pub so: &'static str,
    pub it_is_so: &'static str,
    pub gone: &'static str,
    pub unwatched: &'static str,
    pub well_flag: &'static str,
    pub well: &'static str,
    pub was_warning: &'static str,
    pub now_worse: &'static str,
    pub fired: &'static str,
    pub still: &'static str,
    pub comes_and_goes: &'static str,
    pub is_well: &'static str,
    pub settled_well: &'static str,
    pub settled_again: &'static str,
    pub settled_late: &'static str,
    pub still_alive: &'static str,
    pub alive_with_problems: &'static str,
    /// How the host is, in a sign of life.
    pub healthy: &'static str,
    pub degraded: &'static str,
    pub in_crisis: &'static str,
    pub unknown: &'static str,
    pub no_problem: &'static str,
    pub one_problem: &'static str,
    pub problems: &'static str,
    pub not_measured: &'static str,
    pub since: &'static str,
    /// Headings of what is known, what stands behind a heading, and between two things said.
    pub colon: &'static str,
    pub semicolon: &'static str,
    pub trend: &'static str,
    pub who: &'static str,
    pub units: &'static str,
    pub changed: &'static str,
    pub todo: &'static str,
    pub story: &'static str,
    pub host: &'static str,
    pub report: &'static str,
    pub signature: &'static str,
    pub test_title: &'static str,
    pub test_sentence: &'static str,
    /// Digests.
    pub was_down: &'static str,
    pub was_held: &'static str,
    pub was_late: &'static str,
    pub open_now: &'static str,
    pub nothing_open: &'static str,
    pub more_in_history: &'static str,
    pub times: &'static str,
    /// In a story: what happened at a time.
    pub at_fired: &'static str,
    pub at_escalated: &'static str,
    pub at_recovered: &'static str,
    pub at_reminded: &'static str,
    pub at_flapping: &'static str,
    pub at_settled: &'static str,
    pub at_alive: &'static str,
    /// What to do, by the beginning of the metric's name or the rule's name; the first that fits.
    pub hints: &'static [(&'static str, &'static str)],
    /// In them: what stands for a mount point and a service.
    pub place_of_mount: &'static str,
    pub place_of_service: &'static str,
}

/// The words of a language; English when there are none.
pub fn of(language: &str) -> &'static Words {
    if language == "fr" { &FR } else { &EN }
}

/// Puts values in. One pass: what was put in is not looked at again.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
        rest = behind;
    }
    out.push_str(rest);
    out
}

impl Words {
    /// A severity as a heading.
    pub fn severity(&self, severity: Severity) -> &'static str {
        if severity == Severity::Critical { self.critical } else { self.warning }
    }

    /// A value of a metric as people of that language write it.
    pub fn value(&self, metric: &str, value: f64) -> String {
        self.localized(metric_value(metric, value))
    }

    /// A span.
    pub fn duration(&self, seconds: f64) -> String {
        self.localized(duration(seconds))
    }

    fn localized(&self, text: String) -> String {
        if self.language != "fr" {
            return text;
        }
        let units = [("KiB", "Kio"), ("MiB", "Mio"), ("GiB", "Gio"), ("TiB", "Tio"), ("PiB", "Pio")];
        let text = units.iter().fold(text.replace('.', ","), |text, (from, to)| text.replace(from, to));
        text.split(' ').map(|word| if word == "d" { "j" } else { word }).collect::<Vec<_>>().join(" ")
    }

    /// A title, in this language where it is one of those that osmon ships.
    pub fn title(&self, title: &str) -> String {
        let shipped = if self.language == "fr" { french(title) } else { None };
        shipped.unwrap_or_else(|| title.to_string())
    }

    /// What a rule says of a value, in this language where osmon made it.
    pub fn message(&self, message: &str) -> String {
        let own = |value: &str| self.localized(value.to_string());
        let made = if self.language == "fr" { message::french(message, own) } else { None };
        made.unwrap_or_else(|| message.to_string())
    }

    /// What an event is about.
    pub fn title_of(&self, event: &Event) -> String {
        match (event.kind, &event.reason) {
            (EventKind::Alive, Some(word)) => self.sign(word, event.message.as_deref().unwrap_or_default()),
            _ => self.title(&event.title),
        }
    }

    /// How the host is, in a sign of life: the verdict, and the titles of what is open or not measured, a line each.
    fn sign(&self, word: &str, titles: &str) -> String {
        let (how, is_open) = match word {
            "Critical" => (self.in_crisis, true),
            "Degraded" => (self.degraded, true),
            "Unknown" => (self.unknown, false),
            _ => (self.healthy, false),
        };
        let mut shown: Vec<String> = titles.lines().map(|title| self.title(title)).collect();
        let template = match (is_open, shown.len()) {
            (_, 0) => self.no_problem,
            (false, _) => self.not_measured,
            (true, 1) => self.one_problem,
            (true, _) => self.problems,
        };
        let count = shown.len().to_string();
        if shown.len() > SIGN_MAX {
            shown.truncate(SIGN_MAX);
            shown.push("…".to_string());
        }
        fill(template, &[("how", how), ("count", &count), ("titles", &shown.join(self.semicolon))])
    }

    /// What to do about a metric.
    pub fn hint(&self, metric: &str) -> &'static str {
        self.hints.iter().find(|(begin, _)| metric.starts_with(begin)).map_or("", |(_, hint)| hint)
    }

    /// What happened at a time, in a story.
    pub fn at(&self, kind: EventKind, time: &str) -> String {
        let template = match kind {
            EventKind::Fired => self.at_fired,
            EventKind::Escalated => self.at_escalated,
            EventKind::Recovered => self.at_recovered,
            EventKind::Reminded => self.at_reminded,
            EventKind::Flapping => self.at_flapping,
            EventKind::Settled => self.at_settled,
            EventKind::Alive => self.at_alive,
        };
        fill(template, &[("time", time)])
    }
}

#[cfg(test)]
mod tests;
