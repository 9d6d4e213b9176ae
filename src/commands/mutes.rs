//! What people do not want to be told, on its way to `state/silence.json` and the history.

use super::here::Here;
use super::marks;
use crate::base::clock::{local_minute, stamp};
use crate::base::fault::Fault;
use crate::base::text::clean;
use crate::base::{ahead, units};
use crate::model::mark::{Kind, Mark};
use crate::model::mute::Mutes;
use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// Name of the state file.
const STATE: &str = "silence";
/// How long another osmon is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest reason, in characters.
const REASON_MAX: usize = 300;

/// What is muted now. Of a file that is damaged the generation before it counts; those who write set it aside.
pub fn read(here: &Here) -> Mutes {
    let mut mutes: Mutes = here.peek_state(STATE).unwrap_or_default();
    mutes.tidy(here.now.wall);
    mutes
}

/// Changes it under the lock and notes that in the history.
pub fn change<T>(here: &Here, change: impl FnOnce(&mut Mutes) -> Result<(T, String)>) -> Result<T> {
    let lock = here.store.lock(PATIENCE)?;
    let mut mutes: Mutes = here.load_state(STATE).unwrap_or_default();
    mutes.tidy(here.now.wall);
    let (value, text) = change(&mut mutes)?;
    here.store.save_state(STATE, &mutes)?;
    note(here, &text)?;
    drop(lock);
    Ok(value)
}

fn note(here: &Here, text: &str) -> Result<()> {
    let now = here.now.wall;
    let author = marks::author();
    let checksum = crc32fast::hash(format!("{author}\n{text}").as_bytes());
    let mark = Mark {
        id: format!("note-{}-{checksum:08x}", now.timestamp_millis()),
        kind: Kind::Note,
        time: stamp(now),
        since: None,
        duration_seconds: None,
        text: clean(text, 500),
        author: Some(author),
    };
    marks::append(here, &mark)
}

/// The reason as one cleaned line.
pub fn reason(because: &str) -> Result<String, Fault> {
    let line = because.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return Err(Fault::Usage("the reason is empty; write for example --because \"new disk ordered\"".to_string()));
    }
    Ok(clean(&line, REASON_MAX))
}

/// The end that the flags mean: at a time, or after a span. Everything ends, after `longest` days at the latest.
pub fn end(
    until: Option<&str>,
    span: Option<&str>,
    default: Option<TimeDelta>,
    longest: i64,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, Fault> {
    let end = match (until.or(span), default) {
        (Some(text), _) => ahead::parse(text, now).map_err(Fault::Usage)?,
        (None, Some(default)) => now + default,
        (None, None) => {
            return Err(Fault::Usage("it must end: say --for 4h or --until \"tomorrow 08:00\"".to_string()));
        }
    };
    if end - now > TimeDelta::days(longest) {
        let asked = units::duration((end - now).num_seconds() as f64);
        return Err(Fault::Usage(format!("{asked} is too long: at most {longest} d, so that nothing is forgotten")));
    }
    Ok(end)
}

/// `until 2026-11-21 08:00 (10 h 20 min)`.
pub fn until(end: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("until {} ({})", local_minute(end), units::duration((end - now).num_seconds() as f64))
}
