//! The timeline: events of incidents and annotations, as a list, and the reasons of gaps.

use crate::base::clock::{local_form, parse};
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::base::units::metric_value;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::event::{Event, EventKind, is_flag};
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::report::chart::range::RANGES;
use crate::report::chart::range_charts::RangeCharts;
use crate::report::page::data::PageData;
use crate::report::page::markers::markers;
use crate::report::page::public;
use crate::report::page::verdict::title;
use chrono::{DateTime, Utc};

/// An entry of the timeline.
pub struct Happened {
    /// Day, such as `20 Nov`; empty for what happened on the day of the entry before.
    pub day: String,
    /// Time of day.
    pub time: String,
    /// Unix time in seconds.
    pub seconds: i64,
    /// `ok`, `warn`, `bad` or `plain`.
    pub state: &'static str,
    /// Class for the filter: `al` alerts, `rc` recoveries, `ch` changes, `no` notes.
    pub kind: &'static str,
    /// Kind in words.
    pub word: String,
    /// Description.
    pub text: String,
}

/// Longest description, in characters.
const TEXT_MAX: usize = 240;

/// The newest entries, newest first, at most `most`.
pub fn list(input: &PageData, most: usize) -> Vec<Happened> {
    let events = input.events.iter().filter_map(|event| Some((parse(&event.time)?, Ok(event))));
    let marks = input
        .marks
        .iter()
        .filter(|mark| is_shown(input, mark))
        .filter_map(|mark| Some((parse(&mark.time)?, Err(mark))));
    let mut all: Vec<(DateTime<Utc>, Result<&Event, &Annotation>)> = events.chain(marks).collect();
    all.arrange_by_key(|(time, _)| std::cmp::Reverse(*time));
    let shown = all.into_iter().take(most).map(|(time, what)| match what {
        Ok(event) => of_event(input, event, time),
        Err(mark) => of_mark(input, mark, time),
    });
    let mut shown: Vec<Happened> = shown.collect();
    let days: Vec<String> = shown.iter().map(|entry| entry.day.clone()).collect();
    for (entry, before) in shown.iter_mut().skip(1).zip(days) {
        if entry.day == before {
            entry.day = String::new();
        }
    }
    shown
}

/// Returns whether an annotation is shown: notes may name people, so a public page has none.
pub fn is_shown(input: &PageData, mark: &Annotation) -> bool {
    !input.options.is_public || mark.kind != AnnotationKind::Note
}

fn of_event(input: &PageData, event: &Event, time: DateTime<Utc>) -> Happened {
    let locale = input.options.locale;
    let metric = event.metric.split('{').next().unwrap_or_default();
    let title = title(input, &event.metric, &event.rule, &event.title_in(locale));
    let value = if is_flag(metric, event.limit) {
        String::new()
    } else {
        format!(" {}", locale.figures(&metric_value(metric, event.value)))
    };
    let raised = format!("{title}{value}");
    let lasted = locale.duration(event.duration_seconds);
    let text = match event.kind {
        EventKind::Recovered => format!("{title}, {}", locale.with(key::PAGE_IT_LASTED, &lasted)),
        EventKind::Settled if event.well => locale.with(key::PAGE_SETTLED, &title),
        EventKind::Flapping => locale.with(key::PAGE_FLAPPING, &title),
        EventKind::Reminded => format!("{raised}, {}", locale.with(key::PAGE_STILL_OPEN, &lasted)),
        _ => raised,
    };
    let is_named = input.options.is_public && public::is_private(&event.metric);
    let message = event.message_in(locale).filter(|_| !event.is_over() && !is_named);
    let message = message.map(|message| format!("{}{message}", locale.text(key::MAIL_COLON))).unwrap_or_default();
    let muted = event
        .muted_in(locale)
        .filter(|_| !input.options.is_public)
        .map(|why| format!(" ({})", locale.with(key::PAGE_NOT_NOTIFIED, &why)))
        .unwrap_or_default();
    let word = match (event.kind, event.severity) {
        (EventKind::Recovered, _) => key::STATE_RECOVERED,
        (EventKind::Flapping, _) => key::STATE_FLAPPING,
        (EventKind::Settled, _) if event.well => key::STATE_SETTLED,
        (EventKind::Reminded, _) => key::STATE_REMINDER,
        _ if event.information => key::STATE_UNUSUAL,
        (_, Severity::Critical) => key::STATE_CRITICAL,
        (_, Severity::Warning) => key::STATE_WARNING,
    };
    Happened {
        day: locale.date(time, input.now),
        time: local_form(time, "%H:%M"),
        seconds: time.timestamp(),
        state: state(event),
        kind: if event.is_over() { "rc" } else { "al" },
        word: locale.text(word).to_string(),
        text: clean(&format!("{text}{message}{muted}"), TEXT_MAX),
    }
}

fn state(event: &Event) -> &'static str {
    match (event.is_over(), event.severity) {
        _ if event.information => "plain",
        (true, _) => "ok",
        (_, Severity::Critical) if event.kind != EventKind::Flapping => "bad",
        _ => "warn",
    }
}

/// An annotation as an entry.
pub fn of_mark(input: &PageData, mark: &Annotation, time: DateTime<Utc>) -> Happened {
    let locale = input.options.locale;
    let author = mark.author.as_ref().filter(|_| !input.options.is_public);
    let by = author.map_or_else(String::new, |author| format!(" ({author})"));
    Happened {
        day: locale.date(time, input.now),
        time: local_form(time, "%H:%M"),
        seconds: time.timestamp(),
        state: if mark.kind.is_trouble() { "warn" } else { "plain" },
        kind: if mark.kind == AnnotationKind::Note { "no" } else { "ch" },
        word: locale.text(mark.kind.label()).to_string(),
        text: match mark.kind {
            // Versions help attackers to choose an exploit, and names of packages say what runs here.
            AnnotationKind::PackageChange | AnnotationKind::KernelChange if input.options.is_public => String::new(),
            _ => clean(&format!("{}{by}", mark.text_in(locale)), TEXT_MAX),
        },
    }
}

/// Adds the markers of a range and the reasons of its gaps.
pub fn annotate(
    charts: &mut RangeCharts,
    events: &[Event],
    annotations: &[Annotation],
    now: DateTime<Utc>,
    locale: Locale,
    most: usize,
) {
    (charts.markers, charts.flags) = markers(events, &[], annotations, charts);
    charts.reasons = gaps(annotations, charts, now, locale, most);
}

/// The newest gaps of a range with their reasons: `20 Nov 03:00 – 04:10: the host was off`.
pub fn gaps(marks: &[Annotation], drawn: &RangeCharts, now: DateTime<Utc>, locale: Locale, most: usize) -> Vec<String> {
    let moment = |seconds: f64| DateTime::from_timestamp(seconds as i64, 0).unwrap_or(now);
    // The reason was recorded by the run that ended the gap, within a step after it.
    let step = RANGES.iter().find(|range| range.id == drawn.id).map_or(0, |range| i64::from(range.step_seconds));
    let shown = drawn.gaps.iter().rev().take(most).map(|(from, to)| {
        let (since, until) = (moment(*from), moment(*to));
        let slack = chrono::TimeDelta::seconds(step + 150);
        let tells = |mark: &&Annotation| {
            let is_of_gap = parse(&mark.time).is_some_and(|time| time > since && time <= until + slack);
            is_of_gap && mark.kind.explains_gap()
        };
        let texts: Vec<String> = marks.iter().filter(tells).map(|mark| mark.text_in(locale)).take(2).collect();
        let why = if texts.is_empty() { locale.text(key::PAGE_NO_REASON).to_string() } else { texts.join("; ") };
        format!("{} – {}: {}", locale.moment(since, now), locale.moment(until, now), clean(&why, TEXT_MAX))
    });
    shown.collect()
}
