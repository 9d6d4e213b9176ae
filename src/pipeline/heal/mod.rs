//! Healing: repairs what the configuration allows to be repaired, and proves that it helped.
//!
//! A healing run holds `heal.lock` from beginning to end, so that two never overlap, and the store lock only for the
//! moment of each record: measuring goes on while a repair is under way.

mod act;
pub mod audit;
mod cases;
mod consider;
mod health;
pub mod hold;
mod lost_state;
pub mod pause;
pub mod section;
mod situation;
mod verification;

use crate::base::lock;
use crate::context::Context;
use crate::crisis::State;
use crate::heal::decide::question::{Decision, Question};
use crate::heal::situation::Pause;
use crate::heal::state::{HealState, STATE};
use crate::model::action::{Action, Mode};
use crate::model::snapshot::Snapshot;
use crate::query::{clock, incidents};
use crate::store::SNAPSHOTS;
use anyhow::{Context as _, Result};
use nix::unistd::geteuid;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest time of the healing of one run.
pub const LIMIT: Duration = Duration::from_secs(25);
/// Time kept for recording the last result, after which the step would be abandoned.
pub const RESERVED: Duration = Duration::from_secs(2);
/// Another user's healing run within this many intervals means that healing runs as that user.
const RECENT_INTERVALS: f64 = 3.0;

/// One healing run.
#[derive(Clone)]
pub struct HealRequest {
    /// The moment by which it must be over.
    pub until: Instant,
    /// Changes nothing on the host, whatever the configuration says.
    pub dry_run: bool,
    /// The newest snapshot, if the caller has it.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Longest wait for another healing run.
    pub patience: Duration,
}

/// One possible action, and what was decided about it.
#[derive(Debug, Clone)]
pub struct Considered {
    /// The question.
    pub question: Question,
    /// The answer.
    pub decision: Decision,
}

/// Result of a healing run.
#[derive(Debug, Clone, Default)]
pub struct HealReport {
    /// Another healing run is at work.
    pub is_busy: bool,
    /// Everything that was considered.
    pub considered: Vec<Considered>,
    /// Records written: results, verifications, releases.
    pub records: Vec<Action>,
}

/// Returns whether there is anything to heal: an entry that is not off.
pub fn is_wanted(context: &Context) -> bool {
    !context.config.heal.entries.is_empty()
}

/// Returns whether healing runs as another user, who has the rights that this one lacks.
pub fn is_of_another_user(context: &Context) -> bool {
    let Some(state) = context.store.load_cache::<HealState>(STATE) else { return false };
    let Some(last) = state.last.filter(|_| state.boot_id == context.root.boot_id()) else { return false };
    let interval = incidents::state(context).spacing.seconds();
    last.uid != geteuid().as_raw() && last.at.age_seconds(&context.now) < interval * RECENT_INTERVALS
}

/// Heals once.
///
/// # Errors
/// The lock or the state cannot be written: then nothing was done.
pub fn heal(context: &Context, request: &HealRequest) -> Result<HealReport> {
    context.store.create()?;
    let path = context.store.directory().join("heal.lock");
    let why = || format!("could not lock {}", path.display());
    let Some(_lock) = lock::acquire(&path, request.patience).with_context(why)? else {
        return Ok(HealReport { is_busy: true, ..HealReport::default() });
    };
    let mut state = lost_state::load(context);
    if state.pause_at(&context.now).is_none() && clock::trust(context).is_believed() {
        state.pause = None;
    }
    let mut run = Run { context, state, crisis: incidents::state(context), records: Vec::new() };
    run.conclude_interrupted()?;
    let considered = run.consider_and_act(request)?;
    run.state.ran(&context.now, geteuid().as_raw());
    audit::save(context, &run.state)?;
    Ok(HealReport { is_busy: false, considered, records: run.records })
}

/// The possible actions with their refusals, and the state of healing.
pub struct Explained {
    /// Every possible action.
    pub considered: Vec<Considered>,
    /// The state of healing.
    pub state: HealState,
    /// What keeps every repair from being made.
    pub suspension: Suspension,
    /// By entry, the right that is missing for all that it does.
    pub missing_rights: Vec<Option<String>>,
}

/// Explains what would be done now. Changes nothing and records nothing.
pub fn explain(context: &Context, dry_run: bool) -> Explained {
    let state = lost_state::peek(context);
    let mut run = Run { context, state, crisis: incidents::state(context), records: Vec::new() };
    let until = Instant::now() + LIMIT;
    let considered = run.consider(&HealRequest { until, dry_run, snapshot: None, patience: Duration::ZERO });
    let situation = run.situation();
    let entries = context.config.heal.entries.iter();
    let missing_rights = entries.map(|entry| crate::heal::repair(entry).missing_right(&situation)).collect();
    let suspension = Suspension { disabled_by: situation.disabled_by, pause: situation.pause };
    Explained { considered, state: run.state, suspension, missing_rights }
}

/// What keeps every repair from being made.
#[derive(Debug, Clone, Default)]
pub struct Suspension {
    /// The file that switches healing off.
    pub disabled_by: Option<String>,
    /// The pause that a person set.
    pub pause: Option<Pause>,
}

/// The present suspension; empty without an entry, as there is nothing to suspend. Changes nothing.
pub fn suspension(context: &Context) -> Suspension {
    if !is_wanted(context) {
        return Suspension::default();
    }
    let state = context.store.load_cache::<HealState>(STATE).unwrap_or_default();
    Suspension { disabled_by: situation::disabled_by(context), pause: state.pause_at(&context.now).cloned() }
}

/// A healing run under way.
struct Run<'a> {
    context: &'a Context,
    /// The state of healing; saved before and after each action.
    state: HealState,
    /// The state of the rules.
    crisis: State,
    /// Records written so far.
    records: Vec<Action>,
}

impl Run<'_> {
    /// Verifies earlier actions, then decides and acts.
    fn consider_and_act(&mut self, request: &HealRequest) -> Result<Vec<Considered>> {
        self.verify(request.until)?;
        self.note_health()?;
        let considered = self.consider(request);
        for one in considered.iter().filter(|one| one.decision.refused.is_empty()) {
            self.act(one, request.until)?;
        }
        self.note_stuck(&considered);
        Ok(considered)
    }
}

/// The mode of an entry in this run. A recorded host is never acted on: its processes and services are not those of this
/// host. (A test that provides both says so by the file `repairs-enforced` in the recording.)
fn mode(context: &Context, configured: Mode, dry_run: bool) -> Mode {
    let is_recording = context.root.is_recorded() && !context.root.has("repairs-enforced");
    if configured == Mode::Enforce && (dry_run || is_recording) { Mode::DryRun } else { configured }
}

/// The newest snapshot of this boot.
fn newest(context: &Context) -> Option<Arc<Snapshot>> {
    let json = context.store.last(SNAPSHOTS, context.now.wall).ok().flatten()?;
    Snapshot::parse(&json).ok().map(Arc::new)
}
