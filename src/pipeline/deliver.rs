//! Sends what is queued in the outbox.

use crate::alert::message::count;
use crate::alert::{Delivery, Dispatcher, LEDGER, Ledger, Outbox, Present, Stage};
use crate::base::text::plural;
use crate::context::Context;
use crate::model::event::Event;
use crate::pipeline::{clock, outbox_repair, outlook};
use anyhow::Result;
use std::io;
use std::time::Duration;

/// The least time that a delivery of a run gets.
pub const LIMIT_MIN: Duration = Duration::from_secs(16);
/// Time kept for recording the results.
const RECORD_RESERVE: Duration = Duration::from_secs(2);

/// Whether alerts may wait a little for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Warnings wait up to two minutes for what begins at the same time.
    Patient,
    /// Everything is sent now.
    AtOnce,
}

/// The outcome of the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No recipient is configured; with advice.
    NoRecipient(&'static str),
    /// Another process is sending.
    Busy,
    /// A delivery took place.
    Done(Box<Delivery>),
}

impl Outcome {
    /// Returns whether a recipient could not be reached.
    pub fn is_failing(&self) -> bool {
        matches!(self, Self::Done(delivery) if delivery.is_failing)
    }

    /// One line for people.
    pub fn sentence(&self) -> String {
        let delivery = match self {
            Self::NoRecipient(advice) => return (*advice).to_string(),
            Self::Busy => return "another osmon is sending".to_string(),
            Self::Done(delivery) => delivery,
        };
        let sent = (!delivery.accepted_by.is_empty())
            .then(|| format!("sent {}: {}", count(delivery.sent_events()), delivery.accepted_by.join("; ")));
        let queued =
            (delivery.queued > 0).then(|| format!("{} queued (osmon alerts)", plural(delivery.queued, "alert")));
        let parts: Vec<String> = sent.into_iter().chain(queued).collect();
        if parts.is_empty() { "nothing to send".to_string() } else { parts.join("; ") }
    }
}

/// Warns about recipients that were refused while others were not.
pub fn warn_refused(context: &Context, refused: &[String]) {
    for reason in refused {
        context.out.warn(&format!("recipient refused, the others have the message: {reason}; check [alert] to"));
    }
}

/// Describes the messages that could not be sent as configured.
fn failure_text(delivery: &Delivery) -> String {
    let (failed, fallback) = (delivery.failed_events, delivery.fallback_events);
    let routes = delivery.fallback_routes.iter().cloned().collect::<Vec<_>>().join(", ");
    let instead = format!("{} sent through fallback {routes}", count(fallback));
    let again = format!("{} could not be sent, will be retried", count(failed));
    match (failed, fallback) {
        (_, 0) => again,
        (0, _) => instead,
        (_, _) => format!("{again}; {instead}"),
    }
}

/// Address of the page, or its path.
fn report(context: &Context) -> String {
    let url = &context.config.report.url;
    if url.is_empty() { context.report_path().display().to_string() } else { url.clone() }
}

/// Sends what is queued within `limit`, and `unsaved` events that could not be written to the outbox.
///
/// # Errors
/// When an event could not be sent as configured, or the outbox or the ledger could not be read or written.
pub fn deliver(context: &Context, unsaved: &[Event], pace: Pace, limit: Duration) -> Result<Outcome> {
    let outbox = Outbox::new(context.store.directory());
    let no_recipient = context.nobody();
    let is_empty = outbox.count(Stage::Queued) == 0;
    if let Some(advice) = no_recipient.filter(|_| is_empty) {
        return Ok(Outcome::NoRecipient(advice));
    }
    if unsaved.is_empty() && !is_empty && !context.store.is_writable() {
        let directory = context.store.directory().display();
        let reason =
            format!("{directory} is not writable, so what was sent could not be recorded; nothing is sent from it");
        return Err(io::Error::other(reason).into());
    }
    let lock = outbox.lock(Duration::ZERO);
    if matches!(lock, Ok(None)) {
        return Ok(Outcome::Busy);
    }
    let (queued, repaired) = match outbox.queued() {
        Ok(waiting) => outbox_repair::repair(context, &outbox, waiting),
        Err(error) => (Vec::new(), Err(error)),
    };
    // An event that left the outbox has been dealt with.
    let is_over = |event: &Event| matches!(outbox.stage(event), Some(Stage::Sent | Stage::Dead));
    let unsaved: Vec<Event> = unsaved.iter().filter(|event| !is_over(event)).cloned().collect();
    let mut ledger: Ledger = context.load_state(LEDGER).unwrap_or_default();
    let is_idle = queued.is_empty() && unsaved.is_empty();
    let present = if is_idle { Present::default() } else { outlook::read(context) };
    let dispatcher = Dispatcher {
        settings: &context.config.alert,
        host: &context.root.host_name(),
        full_host: &context.root.full_name(),
        report: &report(context),
        now: context.now.wall,
        limit: limit.saturating_sub(RECORD_RESERVE),
        present: &present,
        is_patient: pace == Pace::Patient,
        is_complete: context.problems.is_empty(),
        is_time_known: clock::trust(context).is_believed(),
        save: &|ledger| context.store.with_reserve(|| context.store.save_state(LEDGER, ledger)),
    };
    let mut delivery = dispatcher.deliver(&outbox, &mut ledger, queued, &unsaved);
    delivery.check(repaired);
    warn_refused(context, &delivery.refused);
    for reason in &delivery.closed {
        context.out.warn(&format!(
            "a message got no answer and is not sent again; it may have arrived: {reason}; see osmon alerts"
        ));
    }
    if delivery.given_up > 0 {
        let alerts = plural(delivery.given_up, "alert");
        context.out.warn(&format!(
            "{alerts} given up: nobody accepted it in time; see osmon alerts; to send again: osmon alerts retry"
        ));
    }
    if let Some(advice) = no_recipient.filter(|_| delivery.errors.is_empty()) {
        return Ok(Outcome::NoRecipient(advice));
    }
    if !delivery.failures.is_empty() {
        let text = failure_text(&delivery);
        let reasons = [delivery.failures, delivery.errors].concat().join("; ");
        return Err(anyhow::Error::from(io::Error::other(reasons)).context(text));
    }
    if !delivery.errors.is_empty() {
        // Messages were sent, but what could not be recorded may be sent again.
        return Err(io::Error::other(delivery.errors.join("; ")).into());
    }
    Ok(Outcome::Done(Box::new(delivery)))
}
