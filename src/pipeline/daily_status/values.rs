//! Key figures and ended problems of the last 24 hours, for the daily status.

use crate::base::bounded;
use crate::base::sort::SmallSort;
use crate::context::Context;
use crate::model::locale::{Key, key};
use crate::model::message::{Arg, Message};
use crate::model::metric::Label;
use crate::model::point::Point;
use crate::query::incidents;
use crate::store::query::Query;
use crate::store::tier::Tier;
use chrono::TimeDelta;
use std::time::Duration;

/// How long the daily status waits for them.
const LIMIT: Duration = Duration::from_millis(800);
/// The metrics, and what they are called.
const SHOWN: [(&str, Key); 4] = [
    ("cpu.busy_percent", key::RULE_CPU),
    ("load.one_per_core", key::RULE_LOAD),
    ("memory.used_percent", key::RULE_MEMORY),
    ("swap.used_percent", key::RULE_SWAP),
];
const DISK: &str = "disk.used_percent";
/// Most file systems and most ended problems that are named.
const DISKS_MAX: usize = 3;
const ENDED_MAX: usize = 5;

/// One line each; none of what cannot be read in time.
pub fn of(context: &Context) -> Vec<Message> {
    let (figures, other) = (context.clone(), context.clone());
    let mut lines = bounded::run(LIMIT, move || key_figures(&figures)).unwrap_or_default();
    lines.extend(bounded::run(LIMIT, move || ended(&other)).ok().flatten());
    lines
}

fn key_figures(context: &Context) -> Vec<Message> {
    let now = context.now.wall;
    let is_wanted = |name: &str| name == DISK || SHOWN.iter().any(|(metric, _)| *metric == name);
    let query = Query { is_wanted: &is_wanted, since: now - TimeDelta::days(1), until: now };
    let Ok(answer) = context.store.points(Tier::FiveMinutes, &query) else { return Vec::new() };
    let mut lines = Vec::new();
    for (metric, title) in SHOWN {
        let mut points = answer.points.iter().filter(|(series, _)| series.name == metric);
        let Some(whole) = points.find_map(|(_, points)| whole(points)) else { continue };
        let line = Message::new(key::DAILY_STATUS_FIGURE).with("name", Message::new(title));
        lines.push(line.with_value("average", metric, whole.avg).with_value("most", metric, whole.max));
    }
    let disks = answer.points.iter().filter(|(series, _)| series.name == DISK);
    let mut disks: Vec<(&[Label], &Point, &Point)> =
        disks.filter_map(|(series, points)| Some((&*series.labels, points.first()?, points.last()?))).collect();
    disks.arrange_by(|a, b| b.2.avg.total_cmp(&a.2.avg));
    lines.extend(disks.into_iter().take(DISKS_MAX).filter_map(|(labels, first, last)| disk(labels, first, last)));
    lines
}

/// The fill of a file system, and how it was a day before.
fn disk(labels: &[Label], first: &Point, last: &Point) -> Option<Message> {
    let mount = labels.iter().find_map(|(label, value)| (label == "mount").then_some(value.as_str()))?;
    let line = Message::new(key::DAILY_STATUS_DISK).with("mount", mount);
    Some(line.with_value("before", DISK, first.min).with_value("value", DISK, last.max))
}

fn whole(points: &[Point]) -> Option<Point> {
    points.iter().copied().reduce(|mut all, point| {
        all.merge(&point);
        all
    })
}

/// The problems of the last 24 hours that are over, the newest first.
fn ended(context: &Context) -> Option<Message> {
    let now = context.now.wall;
    let records = incidents::read(context, now - TimeDelta::days(1), now).ok()?;
    let over: Vec<_> = records.iter().filter(|record| record.ended.is_some() && !record.is_information()).collect();
    let named = over.iter().take(ENDED_MAX).map(|record| {
        let title = record.events.last().and_then(|event| event.localized.title.clone());
        let title = title.map_or_else(|| Arg::from(record.title.as_str()), Arg::Message);
        let line = Message::new(key::DAILY_STATUS_ENDED).with("title", title);
        Arg::Message(line.with_duration("lasts", record.lasted))
    });
    let mut list: Vec<Arg> = named.collect();
    list.extend((over.len() > ENDED_MAX).then(|| "…".into()));
    (!list.is_empty()).then(|| Message::new(key::DAILY_STATUS_OVER).with("titles", Arg::List { list }))
}
