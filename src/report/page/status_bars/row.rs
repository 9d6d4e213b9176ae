//! A row of status bars: the host, a resource or a service.

use crate::base::clock::local_form;
use crate::base::html::escape;
use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::incident::Severity;
use crate::model::locale::{Locale, key};
use crate::report::page::status_bars::coverage::Coverage;
use crate::report::page::status_bars::incident_span::IncidentSpan;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Largest number of bad days described in words.
const TOLD_MAX: usize = 12;

/// A row of status bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the host, resource or service.
    pub name: String,
    /// The bars as SVG paths, one for each state; the worse, the higher, of 24.
    pub bars: String,
    /// Share of the recorded time without a problem, in percent.
    pub share: String,
    /// Text alternative of the bars.
    pub description: String,
    /// The days with problems, newest first.
    pub bad: Vec<String>,
}

/// The row over `days` (begin and end, oldest first). `own` is the recorded time of this row, `all` that of the host.
pub(super) fn row(
    name: &str,
    troubles: &[&IncidentSpan],
    days: &[(DateTime<Utc>, DateTime<Utc>)],
    (own, all): (&Coverage, &Coverage),
    now: DateTime<Utc>,
    locale: Locale,
) -> Row {
    let mut bars: [(&str, String); 4] = ["none", "ok", "warn", "bad"].map(|state| (state, String::new()));
    let (mut known, mut wrong) = (0.0, 0.0);
    let mut bad = Vec::new();
    for (at, (begin, end)) in days.iter().enumerate() {
        let mut parts = own.between(*begin, *end);
        let until = (*end).min(now);
        let mut hits: Vec<(&IncidentSpan, f64)> = troubles
            .iter()
            // An incident that begins now counts for today.
            .filter(|trouble| trouble.since < *end && trouble.until > *begin)
            .map(|trouble| (*trouble, (trouble.until.min(until) - trouble.since.max(*begin)).num_seconds() as f64))
            .collect();
        if parts.is_empty() && !hits.is_empty() {
            parts = all.between(*begin, *end);
        }
        if parts.is_empty() {
            // Nothing was recorded on this day: only incidents that began on it count.
            hits.retain(|(trouble, _)| trouble.since >= *begin);
        }
        let state = match hits.iter().map(|(trouble, _)| trouble.severity).max() {
            Some(Severity::Critical) => 3,
            Some(Severity::Warning) => 2,
            None if parts.is_empty() => 0,
            None => 1,
        };
        for part in parts {
            known += part.seconds;
            wrong += covered(&hits, part.begin, part.end).min(part.seconds);
        }
        // States are told by height as well as by colour.
        let height = [3, 11, 17, 24].get(state).copied().unwrap_or(24);
        let bar = format!("M{} {}v{height}", at * 10 + 5, 24 - height);
        if let Some((worst, _)) = hits.iter().max_by(|a, b| a.0.severity.cmp(&b.0.severity).then(a.1.total_cmp(&b.1))) {
            let lasted: f64 = hits.iter().filter(|(other, _)| other.title == worst.title).map(|hit| hit.1).sum();
            let more = if hits.len() > 1 { format!(" (+{})", hits.len() - 1) } else { String::new() };
            let day = local_form(*begin, "%d").trim_start_matches('0').to_string();
            let month = locale.month(&local_form(*begin, "%m"));
            let word = locale.text(if state == 3 { key::STATE_CRITICAL } else { key::STATE_WARNING });
            let description =
                format!("{day} {month}: {} {word}, {}{more}", clean(&worst.title, 60), locale.duration(lasted));
            bad.push((state, bar, description));
        } else if let Some((_, path)) = bars.get_mut(state) {
            path.push_str(&bar);
        }
    }
    bad.reverse();
    let count = bad.len();
    for (state, bar, _) in bad.iter().skip(TOLD_MAX) {
        if let Some((_, path)) = bars.get_mut(*state) {
            path.push_str(bar);
        }
    }
    bad.truncate(TOLD_MAX);
    // The tooltip of a bad day describes its incident.
    let pointed = bad.iter().map(|(state, bar, description)| {
        let class = if *state == 3 { "bad" } else { "warn" };
        format!("<path class={class} d='{bar}'><title>{}</title></path>", escape(description))
    });
    let pointed = pointed.collect::<String>();
    let share = if known > 0.0 { locale.figures(&percent(100.0 * (1.0 - wrong / known))) } else { "–".to_string() };
    let description = format!("{name}: {share}; {} {}", locale.text(key::PAGE_BAD_DAYS), count);
    let paths = bars.iter().filter(|(_, path)| !path.is_empty());
    let bars = paths.map(|(state, path)| format!("<path class={state} d='{path}'/>")).collect::<String>() + &pointed;
    Row {
        name: name.to_string(),
        bars,
        share,
        description,
        bad: bad.into_iter().map(|(_, _, description)| description).collect(),
    }
}

/// Seconds between two Unix times during which at least one of the incidents lasted.
fn covered(hits: &[(&IncidentSpan, f64)], begin: i64, end: i64) -> f64 {
    let mut spans: Vec<(i64, i64)> = hits
        .iter()
        .map(|(trouble, _)| (trouble.since.timestamp().max(begin), trouble.until.timestamp().min(end)))
        .collect();
    spans.arrange();
    let (mut sum, mut reached) = (0, i64::MIN);
    for (from, to) in spans {
        sum += (to - from.max(reached)).max(0);
        reached = reached.max(to);
    }
    sum as f64
}

/// Percent, never rounded up to 100.
pub(super) fn percent(share: f64) -> String {
    if share >= 100.0 { "100 %".to_string() } else { format!("{:.2} %", (share * 100.0).floor() / 100.0) }
}
