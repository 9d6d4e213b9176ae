//! `osmon graph`: the page.

use super::detect_crisis;
use super::here::Here;
use super::timeline::{self, Timeline};
use super::upkeep;
use crate::alert::troubles;
use crate::base::file::replace;
use crate::base::text::plural;
use crate::cli::{Call, Command, Exit};
use crate::report::{Input, Series, render};
use crate::store::query::Query;
use crate::store::read::Reading;
use crate::store::tier::Tier;
use crate::store::{PROCESSES, SNAPSHOTS};
use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, FromArgMatches};
use serde::Deserialize;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// Mode of the page: the group may read it, others may not; it names processes and users.
const PAGE_MODE: u32 = 0o640;

#[derive(Debug, Args)]
struct Arguments {
    /// Where to write it [default: report.html in the data directory, or what [report] path says]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "graph",
    aliases: &["report"],
    about: "Draw the page: verdict, tiles, open problems, charts of the last 24 hours, processes, events",
    examples: "  osmon graph\n  osmon graph --out /srv/www/web-01.html",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done],
    failure: None,
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = Here::open(call)?;
    // Who runs the small binaries only has no other step that closes hours and days. When somebody else is at work, it is he.
    if let Ok(Some(_lock)) = here.store.try_lock(Duration::ZERO)
        && let Err(error) = upkeep::keep_up(&here)
    {
        here.out.complain(&format!("history is not tidied up: {error:#}"));
    }
    let path = write(&here, arguments.out)?;
    if call.out.json {
        call.out.result(&serde_json::json!({ "schema": 1, "report": path }).to_string());
    }
    call.out.say(&path.display().to_string());
    Ok(Exit::Done)
}

/// Whose snapshot it is.
#[derive(Deserialize)]
struct Headed {
    host: String,
}

/// Makes the page and puts it in its place, whole; gives where.
pub fn write(here: &Here, out: Option<PathBuf>) -> Result<PathBuf> {
    let path = out.unwrap_or_else(|| here.report_path());
    let page = render(&input(here)?)?;
    // Who opened it to a web server's group wants it to stay open.
    let mode = path.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace(&path, page.as_bytes(), mode).with_context(|| format!("could not write the report {}", path.display()))?;
    Ok(path)
}

fn input(here: &Here) -> Result<Input> {
    let now = here.now.wall;
    let day_ago = now - TimeDelta::days(1);
    let (series, reading) = series(here, day_ago)?;
    let snapshot = here.store.last(SNAPSHOTS, now)?;
    let mut problems: Vec<String> =
        here.problems.iter().map(|problem| format!("Configuration: {problem}; this file is not in force")).collect();
    if let Some(place) = &reading.first_damage {
        problems.push(format!("{} passed over, the first in {place}", plural(reading.damaged, "damaged line")));
    }
    problems.extend(
        reading.unreadable.iter().map(|(file, reason)| format!("{} could not be read: {reason}", file.display())),
    );
    let is_anybody = !here.config.alert.routes.is_empty();
    problems.extend(troubles(here.store.directory(), is_anybody).into_iter().map(|trouble| trouble.text));
    let state = detect_crisis::state(here);
    let happened = timeline::read(here, now - TimeDelta::days(7), now)?;
    let newest_first = |mut timeline: Timeline| {
        timeline.events.reverse();
        timeline.marks.reverse();
        (timeline.events, timeline.marks)
    };
    let (events, marks) = newest_first(happened);
    Ok(Input {
        title: title(here, snapshot.as_deref()),
        now,
        snapshot,
        processes: here.store.last(PROCESSES, now)?,
        open: state.open(),
        unmeasured: state.unmeasured,
        events,
        marks,
        series,
        history_since: here.store.first_day(SNAPSHOTS)?,
        problems,
        nobody_told: here.config.alert.routes.is_empty(),
    })
}

/// The history of what the page draws.
fn series(here: &Here, since: DateTime<Utc>) -> Result<(Series, Reading)> {
    let (names, mut series) = (Series::of_page(), Series::default());
    let query = Query { is_wanted: &|name| names.contains(name), since, until: here.now.wall };
    let answer = here.store.points(Tier::Columns, &query)?;
    for (metric, points) in answer.points {
        series.add(&metric, points.into_iter().map(|point| (point.time_ms as f64 / 1e3, point.avg)).collect());
    }
    Ok((series, answer.reading))
}

/// What the page calls the host: as configured, as the newest snapshot says (the history may be another host's), or as
/// this one is called.
fn title(here: &Here, snapshot: Option<&str>) -> String {
    let configured = Some(here.config.report.title.clone()).filter(|title| !title.is_empty());
    let recorded = || serde_json::from_str::<Headed>(snapshot?).ok().map(|snapshot| snapshot.host);
    configured.or_else(recorded).unwrap_or_else(|| here.root.host_name())
}
