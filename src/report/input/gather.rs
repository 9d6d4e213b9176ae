//! Gathers the data of the page.

use crate::base::file::read_at_most;
use crate::base::text::plural;
use crate::context::Context;
use crate::model::consumers::Consumers;
use crate::query::actions::{self, Repair};
use crate::query::timeline;
use crate::query::{baseline, forecast, health, notified, watch};
use crate::report::chart::range::{RANGES, Range, first, shown};
use crate::report::chart::range_charts::{Setting, draw};
use crate::report::input::limits;
use crate::report::input::long_ranges::{LongRanges, Request};
use crate::report::input::series;
use crate::report::page::consumers::{Top, Who};
use crate::report::page::data::PageData;
use crate::report::page::fire::is_on_fire;
use crate::report::page::options::PageOptions;
use crate::report::page::options::STYLE_MAX;
use crate::store::read::Reading;
use crate::store::tier::Tier;
use crate::store::{PROCESSES, SNAPSHOTS};
use anyhow::Result;
use chrono::TimeDelta;
use serde_json::Value;

/// If the cache of the last page is no older than this, in seconds, a run every minute is assumed. The cache is written
/// every five minutes.
const FOLLOWED_SECONDS: f64 = 450.0;
/// Days of repairs that are listed, and their largest number.
const REPAIR_DAYS: i64 = 30;
const REPAIRS_MAX: usize = 30;

/// Gathers the data of the page.
///
/// # Errors
/// When the history cannot be read or drawn.
pub fn read(context: &Context) -> Result<PageData> {
    let now = context.now.wall;
    let health::Recorded { state, health, snapshot, .. } = health::read(context);
    let (look, mut problems) = look(context);
    let mut happened = timeline::read(context, now - TimeDelta::days(7), now)?;
    happened.events.reverse();
    happened.marks.reverse();
    let is_fire = is_on_fire(&health);
    let repairs = if look.has("heal") { repairs(context) } else { Vec::new() };
    let recent = series::recent(context)?;
    let kept = LongRanges::load(context)?;
    let age = age(context, kept.since.as_deref());
    let ranges = shown(&context.config.report.ranges, age);
    let newest_event = happened.events.first().map_or("", |event| event.id.as_str());
    let is_followed = recent.cache_age_seconds.is_some_and(|age| age <= FOLLOWED_SECONDS);
    let limits = limits::of(context, &snapshot);
    let setting = Setting { locale: look.locale, limits: &limits, age_seconds: age };
    let request = Request { ranges: &ranges, look: &look, setting, newest_event, is_followed };
    let mut kept = kept.update(context, &request)?;

    let hour_range = RANGES.first().copied().unwrap_or(Range { id: "1h", title: "", seconds: 3600, step_seconds: 0 });
    let hour = series::recent_series(&recent, &hour_range, look.is_public);
    let (last_hour, open_hour, mut tops) = consumers(context, look.has("who") && !look.is_public)?;
    // The current second belongs to the newest sample.
    let end = (now.timestamp_millis() as f64 / 1e3).ceil();
    let (mut drawn, mut who) = (Vec::new(), Vec::new());
    // On a host with less than an hour of history, the hour is the whole day.
    let mut snapshots = (ranges.len() == 1 && ranges.first() == Some(&hour_range)).then_some(hour.snapshots);
    for range in &ranges {
        let mut consumers = kept.consumers.remove(range.id).unwrap_or_default();
        match range.step_seconds {
            0 => {
                consumers = last_hour.clone();
                drawn.push(draw(range, end, &hour, &setting)?);
            }
            1..3600 => {
                consumers.add(open_hour.clone());
                let series = series::recent_series(&recent, range, look.is_public);
                snapshots = Some(series.snapshots);
                drawn.push(draw(range, end, &series, &setting)?);
            }
            _ => drawn.extend(kept.drawn.iter_mut().find(|drawn| drawn.id == range.id).map(std::mem::take)),
        }
        let tops = if range.step_seconds == 0 { std::mem::take(&mut tops) } else { Vec::new() };
        who.push(Who { range: range.id, consumers, tops });
    }
    problems.extend(damage(&recent.reading));
    Ok(PageData {
        title: title(context, &snapshot),
        now,
        options: look,
        snapshot,
        processes: newest_record(context, PROCESSES)?,
        notified: notified::read(context, &health.open, &happened.events),
        forecast_rules: forecast::rules(&context.config.rules),
        delivery: context.delivery_problems(),
        health,
        watch: watch::assess(&context.config.rules, &state),
        age_seconds: age,
        events: happened.events,
        marks: happened.marks,
        repairs,
        hour,
        ranges: drawn,
        has_day_later: context.config.report.ranges.iter().any(|id| id == "24h")
            && ranges.iter().all(|range| range.id != "24h"),
        first_range: first(&ranges, if is_fire { 0.0 } else { age }),
        outlook: kept
            .outlook
            .with_rules(baseline::usual_values(context, now), forecast::full_from_rules(&context.config.rules, &state)),
        days: kept.bars.bars,
        who,
        snapshots,
        history_since: kept.since,
        stored_bytes: kept.stored_bytes,
        cost_ms: 0.0,
        problems,
        no_recipient: context.nobody().is_some(),
    })
}

/// The repairs of the last days. A page without them is better than none.
fn repairs(context: &Context) -> Vec<Repair> {
    let now = context.now.wall;
    actions::read(context, now - TimeDelta::days(REPAIR_DAYS), now, REPAIRS_MAX, &|_| true).unwrap_or_default()
}

/// The configured options. An unreadable style sheet is reported and ignored.
fn look(context: &Context) -> (PageOptions, Vec<String>) {
    let report = &context.config.report;
    let wrong = context.problems.iter().map(|problem| format!("Configuration: {problem}; in use: {}", context.instead));
    let mut problems: Vec<String> = wrong.collect();
    let style = match report.style_file.as_str() {
        "" => String::new(),
        path => match read_at_most(path.as_ref(), STYLE_MAX + 1) {
            Ok(content) if content.len() as u64 <= STYLE_MAX => String::from_utf8_lossy(&content).into_owned(),
            Ok(_) => {
                problems.push(format!("[report] style_file {path} is larger than 64 KiB; it is left out"));
                String::new()
            }
            Err(error) => {
                problems.push(format!("[report] style_file {path} could not be read: {error}"));
                String::new()
            }
        },
    };
    (PageOptions::new(report, &style), problems)
}

/// Age of the oldest history, in seconds.
fn age(context: &Context, first_day: Option<&str>) -> f64 {
    let now = context.now.wall;
    let begin = first_day.and_then(crate::store::day::begin);
    // Exact to the minute on the first day of all.
    let first = first_day.and_then(|day| {
        let path = context.store.directory().join(SNAPSHOTS).join(format!("{day}.jsonl"));
        let line = read_at_most(&path, 200).ok()?;
        let line = String::from_utf8_lossy(&line);
        crate::base::clock::parse(line.split("\"time\":\"").nth(1)?.split('"').next()?)
    });
    // Rollups outlive the snapshots.
    let months = context.store.periods(Tier::Days).map(|(_, all)| all).unwrap_or_default();
    let month = months.first().and_then(|month| crate::store::day::begin(&format!("{month}-01")));
    let older = month.filter(|month| begin.is_none_or(|begin| begin - *month > TimeDelta::days(31)));
    let since = older.or(first).or(begin);
    since.map_or(0.0, |since| (now - since).num_seconds() as f64)
}

/// Consumers of the last hour, separately those of the open hour, and the top process of each minute, from records.
fn consumers(context: &Context, is_wanted: bool) -> Result<(Consumers, Consumers, Vec<Top>)> {
    let (mut last, mut open, mut tops) = (Consumers::default(), Consumers::default(), Vec::new());
    if !is_wanted {
        return Ok((last, open, tops));
    }
    let (now, hour) = (context.now.wall, crate::store::hour::of(context.now.wall));
    context.store.read_newest(PROCESSES, now - TimeDelta::hours(1), now, &mut |line| {
        let Some(record) = Consumers::from_record(line) else { return };
        tops.extend(Top::of(&record));
        let is_open = record.first.is_some_and(|time| time >= hour);
        (if is_open { &mut open } else { &mut last }).add(record);
    })?;
    last.add(open.clone());
    Ok((last, open, tops))
}

fn damage(reading: &Reading) -> Vec<String> {
    let places = reading
        .first_damage
        .iter()
        .map(|place| format!("{} passed over, the first in {place}", plural(reading.damaged, "damaged line")));
    let files = reading.unreadable.iter();
    let files = files.map(|(file, reason)| format!("{} could not be read: {reason}", file.display()));
    places.chain(files).collect()
}

/// Host name shown on the page: the configured one, that of the newest snapshot (an imported history may be another
/// host's), or that of this host.
pub fn title(context: &Context, snapshot: &Value) -> String {
    let configured = Some(context.config.report.title.clone()).filter(|title| !title.is_empty());
    let recorded = || snapshot.get("host").and_then(Value::as_str).map(ToString::to_string);
    configured.or_else(recorded).unwrap_or_else(|| context.root.host_name())
}

/// The newest record of a stream, parsed; null when there is none.
pub fn newest_record(context: &Context, stream: &str) -> Result<Value> {
    let record = context.store.last(stream, context.now.wall)?;
    Ok(record.and_then(|record| serde_json::from_str(&record).ok()).unwrap_or_default())
}
