//! Evaluates the current rules on past data and counts their alerts. Writes nothing.

mod foreign;
mod learner;
mod moment;
mod recorded;
mod tally;

use crate::base::clock::Now;
use crate::base::error_kind::ErrorKind;
use crate::base::parse_past;
use crate::base::units::duration;
use crate::cli::{Call, Exit};
use crate::config::Rule;
use crate::context::Context;
use crate::crisis::unusual::{Closed, Learned};
use crate::crisis::{EvalContext, State, step};
use crate::model::metric::{Metric, read_labels};
use crate::pipeline::unusual::watched;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use learner::Learner;
use moment::Moment;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use tally::Tally;

/// Number of days evaluated by default.
const USUAL_DAYS: i64 = 7;

/// The data to evaluate.
pub struct ReplayRequest<'a> {
    /// Start of the data.
    pub since: Option<&'a str>,
    /// A file with an external time series instead of the history.
    pub file: Option<&'a Path>,
    /// The metric of that series.
    pub metric: Option<&'a str>,
}

/// The rules with their state while past data is replayed.
struct Replay<'a> {
    rules: Vec<Rule>,
    learner: Learner,
    learned: Learned,
    state: State,
    tally: Tally,
    host: String,
    call: &'a Call,
}

impl Replay<'_> {
    fn play(&mut self, moment: Moment) {
        let bands = self.learner.learn(moment.now.wall, &moment.metrics);
        let closed = Arc::new(self.close(&moment));
        let clock = EvalContext {
            bands,
            closed,
            sections: moment.sections,
            devices: moment.devices,
            ..EvalContext::new(moment.now, moment.boot_id, &self.host)
        };
        let (state, events) = step(&self.rules, &self.state, &moment.metrics, &clock);
        self.state = state;
        for event in events {
            if self.call.out.json
                && let Ok(line) = serde_json::to_string(&event)
            {
                self.call.out.print(&line);
            }
            self.tally.add(&event);
        }
        self.tally.at(clock.now.wall);
    }

    /// Adds the values to what is known; the groups that they closed.
    fn close(&mut self, moment: &Moment) -> BTreeMap<String, Closed> {
        let Some(earlier) = &moment.earlier else { return BTreeMap::new() };
        let values = watched(&self.rules, &moment.metrics);
        let mut closed = BTreeMap::new();
        for value in earlier {
            let before: Vec<_> = values.iter().map(|(series, _)| (series.clone(), *value)).collect();
            closed.append(&mut self.learned.add(&before, moment.local_seconds));
        }
        closed.append(&mut self.learned.add(&values, moment.local_seconds));
        closed
    }

    fn finish(mut self, heading: &str, span_seconds: f64) -> Exit {
        if !self.call.out.json {
            let open = self.state.open();
            self.tally.close(&open);
            self.call.out.print(&self.tally.render(&self.call.out, heading, span_seconds));
        }
        Exit::Done
    }
}

/// Replays the data and prints what would have been alerted.
///
/// # Errors
/// When the history or the file cannot be read, or nothing in it is watched by a rule.
pub fn run(call: &Call, request: &ReplayRequest) -> Result<Exit> {
    // Not throttled as under cron: the throttle would write its state.
    let unthrottled = Call {
        common: call.common.clone(),
        matches: call.matches.clone(),
        scheduled: false,
        table: call.table,
        shares_system: call.shares_system,
        out: call.out.clone(),
    };
    let context = Context::open(&unthrottled)?;
    match request.file {
        Some(file) => foreign(call, &context, file, request),
        None => history(call, &context, request.since),
    }
}

fn history(call: &Call, context: &Context, since: Option<&str>) -> Result<Exit> {
    let now = context.now.wall;
    let since = since.map_or(Ok(now - TimeDelta::days(USUAL_DAYS)), |since| parse_past::parse(since, now));
    let since = since.map_err(ErrorKind::Usage)?;
    let mut player = player(call, context, context.config.rules.clone());
    let reading = recorded::walk(
        context,
        (since, now),
        &player.rules.clone(),
        &mut crate::cli::progress::progress(call, "day"),
        &mut |moment| {
            player.play(moment);
        },
    )?;
    if let Some(place) = &reading.first_damage {
        context.out.warn(&format!("{} damaged lines passed over, the first in {place}", reading.damaged));
    }
    for (file, reason) in &reading.unreadable {
        context.out.warn(&format!("{} could not be read: {reason}", file.display()));
    }
    if reading.records == 0 {
        let since = crate::base::clock::local_minute(since);
        return Err(ErrorKind::BadData(format!(
            "nothing was recorded since {since}; osmon history shows what there is"
        ))
        .into());
    }
    let span_seconds = (now - since).num_seconds() as f64;
    let count = player.rules.len();
    Ok(player.finish(&format!("{count} rules on the last {}", duration(span_seconds)), span_seconds))
}

fn foreign(call: &Call, context: &Context, file: &Path, request: &ReplayRequest) -> Result<Exit> {
    let text = request.metric.unwrap_or_default();
    let (name, labels) = read_labels(text);
    let watch = |rule: &&Rule| rule.metric.matches(name, &labels);
    let rules: Vec<Rule> = context.config.rules.iter().filter(watch).cloned().collect();
    if rules.is_empty() {
        let known = context.config.rules.iter().map(|rule| rule.metric.name.as_str());
        let hint = crate::base::suggestion::hint(name, known);
        let plain = crate::base::text::clean(text, 80);
        return Err(
            ErrorKind::Usage(format!("no rule watches {plain}{hint}; osmon config show lists the rules")).into()
        );
    }
    let series = foreign::read(
        file,
        request.since.map(|since| parse_past::parse(since, context.now.wall)).transpose().map_err(ErrorKind::Usage)?,
    )?;
    for warning in series.complaints() {
        call.out.warn(&warning);
    }
    let (Some(first), Some(last)) = (series.samples.first(), series.samples.last()) else {
        return Err(ErrorKind::BadData(format!("{} has no line of timestamp,value", file.display())).into());
    };
    let span_seconds = (last.time_ms - first.time_ms) as f64 / 1e3;
    let heading = format!("{} values of {name} over {}", series.samples.len(), duration(span_seconds));
    let mut player = player(call, context, rules);
    series.play(&mut |time: DateTime<Utc>, value, local_seconds, earlier| {
        let now = Now { wall: time, boottime_seconds: time.timestamp_millis() as f64 / 1e3 };
        let metrics = vec![Metric { name: name.to_string(), labels: labels.clone(), value }];
        let (boot_id, sections, devices) = ("replay".to_string(), BTreeSet::new(), BTreeMap::new());
        player.play(Moment { now, boot_id, metrics, devices, sections, local_seconds, earlier });
    });
    Ok(player.finish(&heading, span_seconds))
}

fn player<'a>(call: &'a Call, context: &Context, rules: Vec<Rule>) -> Replay<'a> {
    let learner = Learner::new(&rules);
    Replay {
        rules,
        learner,
        learned: Learned::default(),
        state: State::default(),
        tally: Tally::default(),
        host: context.root.host_name(),
        call,
    }
}
