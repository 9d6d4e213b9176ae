//! The minute: measure, judge, store, alert, report. The only code that writes state.
//!
//! Every step has its own time limit and its own failure; a step that fails stops none of the others. A run ends within
//! [`RUN_LIMIT`], before the next one begins.

pub mod annotations;
pub mod baseline;
pub mod clock;
pub mod daily_status;
pub mod dead_man;
pub mod deliver;
pub mod detect;
pub mod evidence;
mod failed_run;
pub mod fallback_store;
pub mod heal;
mod identity;
pub mod journal;
pub mod maintain;
pub mod measure;
pub mod outbox_repair;
mod outlook;
pub mod overlap;
pub mod render;
pub mod run_lock;
pub mod silences;
pub mod test_results;
pub mod unusual;

use crate::alert::{DeliveryProblem, ping};
use crate::base::bounded::{self, Unfinished};
use crate::base::lock::Lock;
use crate::context::Context;
use crate::model::event::Event;
use crate::model::snapshot::Snapshot;
use crate::pipeline::deliver::{Outcome, Pace};
use crate::pipeline::heal::{HealReport, HealRequest};
use crate::query;
use crate::query::failed_run::FailedRun;
use crate::query::health::{self, Health};
use anyhow::{Result, anyhow};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Upper bound of a run: the sum of the limits below and of the wait for the lock, which a test holds. The next run starts
/// 60 s after this one.
pub const RUN_LIMIT: Duration = Duration::from_secs(55);
const MEASURE_LIMIT: Duration = Duration::from_secs(8);
const DETECT_LIMIT: Duration = Duration::from_secs(2);
const ENQUEUE_LIMIT: Duration = Duration::from_secs(3);
const STORE_LIMIT: Duration = Duration::from_secs(3);
const MAINTAIN_LIMIT: Duration = Duration::from_secs(5);
const BASELINE_LIMIT: Duration = Duration::from_secs(2);
const RENDER_LIMIT: Duration = Duration::from_secs(5);
const PING_LIMIT: Duration = Duration::from_secs(3);

/// Result of one step of a run, in the order of the steps.
#[derive(Debug)]
pub enum StepReport {
    /// The snapshot.
    Measured(Arc<Snapshot>),
    /// The health after this snapshot.
    Judged(Box<Health>),
    /// Rules whose baseline is not complete yet, one line each.
    Learning(Vec<String>),
    /// Report of the healing run.
    Healed(HealReport),
    /// Result of the delivery.
    Delivered(Outcome),
    /// Problems that prevent the delivery of alerts.
    Undelivered(Vec<DeliveryProblem>),
    /// Path of the written page.
    Rendered(PathBuf),
    /// Name of a step that failed, and the reason.
    Failed(&'static str, String),
}

/// Limit of the healing after the earlier steps: what they and the least time of the later ones leave of the run. `None`: too
/// little is left to do anything.
fn heal_limit(elapsed: Duration) -> Option<Duration> {
    let later = run_lock::LOCK_PATIENCE + deliver::LIMIT_MIN + RENDER_LIMIT + PING_LIMIT * 2;
    let limit = heal::LIMIT.min(RUN_LIMIT.saturating_sub(later + elapsed));
    (limit > heal::RESERVED).then_some(limit)
}

/// One run of the pipeline.
pub struct Minute {
    /// Store used by the run: the data directory or its fallback in memory.
    pub context: Context,
    /// Results of the steps.
    pub reports: Vec<StepReport>,
    /// First failure of the run.
    pub failure: Option<anyhow::Error>,
    /// The steps that failed, in words; without deliveries.
    failed: Vec<String>,
    /// Begin of the first step.
    started: Instant,
    /// A step exceeded its time limit and its thread may still be writing.
    is_abandoned: bool,
}

impl Minute {
    /// Runs every step at the place returned by [`run_lock::acquire`].
    pub fn run(place: run_lock::Place) -> Self {
        let run_lock::Place { context, store_lock, run_lock, failure } = place;
        let shut = failure.as_ref().map(|error| format!("the data directory cannot be written ({error:#})"));
        let (failed, started) = (shut.into_iter().collect(), Instant::now());
        let mut minute = Self { context, reports: Vec::new(), failure, failed, started, is_abandoned: false };
        // A repair that cannot be recorded is not done.
        let may_heal = store_lock.is_some() && minute.failure.is_none();
        let unsaved = minute.measure_and_judge(store_lock.is_some());
        // The page shows this too.
        failed_run::keep(&minute.context, &minute.failed);
        minute.release(store_lock);
        if may_heal && !minute.is_abandoned {
            minute.heal();
        }
        minute.deliver(unsaved);
        minute.render();
        minute.ping();
        failed_run::keep(&minute.context, &minute.failed);
        minute.release(run_lock);
        minute
    }

    /// The health of the host: as this run judged it, else as far as the store knows.
    pub fn health(&self) -> Health {
        let judged = self.reports.iter().find_map(|report| match report {
            StepReport::Judged(health) => Some(Health::clone(health)),
            _ => None,
        });
        judged.unwrap_or_else(|| health::read(&self.context).health)
    }

    /// Releases a lock, unless an abandoned step may still be writing: then it is held until the process ends.
    fn release(&self, lock: Option<Lock>) {
        if self.is_abandoned {
            lock.into_iter().for_each(Lock::hold_until_exit);
        }
    }

    /// Runs one step with its time limit. A failure is reported and remembered, and the next step continues.
    fn step<T: Send + 'static>(
        &mut self,
        name: &'static str,
        limit: Duration,
        work: impl FnOnce(&Context) -> Result<T> + Send + 'static,
    ) -> Option<T> {
        let context = self.context.clone();
        let result = match bounded::run(limit, move || work(&context)) {
            Ok(result) => result,
            Err(Unfinished::TimedOut) => {
                self.is_abandoned = true;
                Err(anyhow!("did not finish within {} s; abandoned", limit.as_secs()))
            }
            Err(Unfinished::Panicked) => Err(anyhow!("failed inside osmon (please report this)")),
        };
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.context.out.warn(&format!("{name}: {error:#}"));
                self.failed.extend(failed_run::line(name, &error));
                self.reports.push(StepReport::Failed(name, error.to_string()));
                self.failure.get_or_insert(error);
                None
            }
        }
    }

    /// Measures, evaluates, queues alerts, and only then stores. Returns the events that could not be queued.
    fn measure_and_judge(&mut self, may_write: bool) -> Vec<Event> {
        let (skipped, told_late) = if may_write { overlap::take(&self.context) } else { (0, Vec::new()) };
        let measure = move |context: &Context| {
            let (probed, json, _) = measure::measure(context, skipped)?;
            // Parsed once, for all steps.
            let snapshot = Arc::new(Snapshot::parse(&json)?);
            Ok((probed, json, snapshot))
        };
        let Some((probed, json, snapshot)) = self.step("measure", MEASURE_LIMIT, measure) else { return Vec::new() };
        self.reports.push(StepReport::Measured(snapshot.clone()));
        let processes = probed.processes.to_json().ok();
        let Some(mut detected) = self.step("judge", DETECT_LIMIT, move |context| {
            let mut detected = detect::evaluate(context, &snapshot)?;
            detected.events = evidence::add(context, detected.events, &snapshot, processes);
            daily_status::add(context, &mut detected);
            Ok(detected)
        }) else {
            return Vec::new();
        };
        detected.events.splice(0..0, told_late);
        let events = detected.to_deliver();
        let health = detected.health(&self.context);
        if !may_write {
            self.reports.push(self.judged(health));
            return events;
        }
        let (promised, queued, host) = (detected.clone(), events.clone(), self.context.root.host_name());
        let enqueue = move |context: &Context| {
            detect::promise(context, &promised);
            detect::enqueue(context, &queued)
        };
        let enqueued = self.step("alert", ENQUEUE_LIMIT, enqueue).is_some();
        self.step("store", STORE_LIMIT, move |context| {
            // A failure of one does not stop the other; the reserve is for the state, so history is written first,
            // without it.
            let recorded = measure::record(context, &probed, &json, None);
            let committed = detect::commit(context, &detected, enqueued);
            let recorded = measure::conclude(context, recorded);
            let recorded = recorded.and_then(|()| dead_man::end(context, &host));
            context.keep_configuration();
            context.store.keep_reserve();
            recorded.and(committed)
        });
        self.step("maintenance", MAINTAIN_LIMIT, maintain::keep_up);
        self.step("baseline", BASELINE_LIMIT, baseline::keep_up);
        self.reports.push(self.judged(health));
        self.reports.push(StepReport::Learning(query::baseline::lines(&self.context)));
        if enqueued { Vec::new() } else { events }
    }

    /// Repairs what may be repaired, in the time that the earlier steps and the least time of the later ones leave.
    fn heal(&mut self) {
        if !heal::is_wanted(&self.context) || heal::is_of_another_user(&self.context) {
            return;
        }
        let Some(limit) = heal_limit(self.started.elapsed()) else { return };
        let snapshot = self.reports.iter().find_map(|report| match report {
            StepReport::Measured(snapshot) => Some(snapshot.clone()),
            _ => None,
        });
        let until = Instant::now() + limit.saturating_sub(heal::RESERVED);
        let request = HealRequest { until, dry_run: false, snapshot, patience: Duration::ZERO };
        if let Some(report) = self.step("heal", limit, move |context| heal::heal(context, &request)) {
            self.reports.push(StepReport::Healed(report));
        }
    }

    /// The health, with what failed so far.
    fn judged(&self, health: Health) -> StepReport {
        let failed = FailedRun::new(self.context.now.wall, &self.failed);
        StepReport::Judged(Box::new(health.with_failed_run(failed)))
    }

    /// Limit of the delivery: the time that the earlier steps have left of the run, because some mail servers are slow.
    fn deliver_limit(&self) -> Duration {
        let later = run_lock::LOCK_PATIENCE + RENDER_LIMIT + PING_LIMIT * 2;
        deliver::LIMIT_MIN.max(RUN_LIMIT.saturating_sub(later + self.started.elapsed()))
    }

    fn deliver(&mut self, unsaved: Vec<Event>) {
        let limit = self.deliver_limit();
        let deliver = move |context: &Context| deliver::deliver(context, &unsaved, Pace::Patient, limit);
        if let Some(outcome) = self.step("send", limit, deliver) {
            if outcome.is_failing() {
                // The failure was reported; the run fails nevertheless.
                self.failure.get_or_insert(io::Error::other(outcome.sentence()).into());
            }
            self.reports.push(StepReport::Delivered(outcome));
        }
        self.reports.push(StepReport::Undelivered(self.context.delivery_problems()));
    }

    fn render(&mut self) {
        if let Some(path) = self.step("report", RENDER_LIMIT, |context| render::write(context, None)) {
            self.reports.push(StepReport::Rendered(path));
        }
    }

    /// Requests the configured ping URL: that this run succeeded, or why it did not.
    fn ping(&mut self) {
        let url = self.context.config.alert.ping_url.clone();
        let failure = self.failure.as_ref().map(|failure| format!("{failure:#}"));
        if !url.is_empty() {
            let ping = move |context: &Context| {
                let ca_file = &context.config.alert.smtp.ca_file;
                ping::ping(&url, failure.as_deref(), ca_file, PING_LIMIT).map_err(Into::into)
            };
            self.step("ping", PING_LIMIT * 2, ping);
        }
    }
}

#[cfg(test)]
mod tests;
