//! Changes that people make to healing: pause, resume, release.

use super::{audit, health, lost_state};
use crate::base::error_kind::ErrorKind;
use crate::base::lock::{self, Lock};
use crate::context::Context;
use crate::heal::situation::Pause;
use crate::heal::state::HealState;
use crate::model::locale::key;
use crate::model::message::Message;
use crate::pipeline::annotations;
use anyhow::Result;
use std::time::Duration;

/// An action under way ends within this time. Once healing is paused, nothing is done any more.
const PATIENCE: Duration = Duration::from_secs(50);

/// Pauses healing, or ends the pause.
///
/// # Errors
/// The state cannot be written, or a healing run does not end.
pub fn set(context: &Context, pause: Option<Pause>) -> Result<()> {
    let (_lock, mut state) = open(context)?;
    state.pause = pause;
    audit::save(context, &state)
}

/// Releases what was given up, by its name. Returns the entries and names of what was released.
///
/// # Errors
/// As [`set`]; or nothing of that name was given up.
pub fn release(context: &Context, name: &str) -> Result<Vec<(String, String)>> {
    let (_lock, mut state) = open(context)?;
    let (mut records, mut released) = (Vec::new(), Vec::new());
    let by = annotations::author();
    for target in state.targets.iter_mut().filter(|target| target.gave_up.is_some() && target.target == name) {
        let why = Message::new(key::HEAL_RELEASED_BY).with("by", by.as_str());
        records.push(health::released_record(context, target, why));
        released.push((target.entry.clone(), target.target.clone()));
        target.release(&context.now);
    }
    if released.is_empty() {
        let given_up = state.targets.iter().filter(|target| target.gave_up.is_some());
        let names: Vec<&str> = given_up.map(|target| target.target.as_str()).collect();
        let known = if names.is_empty() { "nothing is".to_string() } else { names.join(", ") };
        return Err(ErrorKind::Usage(format!("{name} is not given up; given up: {known}")).into());
    }
    audit::end(context, &state, &records)?;
    Ok(released)
}

fn open(context: &Context) -> Result<(Lock, HealState)> {
    context.store.create()?;
    let path = context.store.directory().join("heal.lock");
    let busy = || ErrorKind::Busy(format!("a healing run does not end; look for it with: fuser {}", path.display()));
    let lock = lock::acquire(&path, PATIENCE)?.ok_or_else(busy)?;
    Ok((lock, lost_state::load(context)))
}
