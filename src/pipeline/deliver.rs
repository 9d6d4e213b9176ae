//! Sends what waits in the outbox.

use crate::alert::message::count;
use crate::alert::{Delivery, LEDGER, Ledger, Outbox, Post, Stage};
use crate::context::Context;
use crate::model::event::Event;
use crate::pipeline::outbox_repair;
use anyhow::Result;
use std::io;
use std::time::Duration;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody is to be told: there is no way to anybody. What to do about it.
    NobodyToTell(&'static str),
    /// Another osmon is sending.
    Busy,
    /// What was told, and what was not.
    Done(Delivery),
}

impl Outcome {
    /// Whether somebody could not be told.
    pub fn is_failing(&self) -> bool {
        matches!(self, Self::Done(done) if done.is_failing)
    }

    /// In words.
    pub fn sentence(&self) -> String {
        match self {
            Self::NobodyToTell(advice) => (*advice).to_string(),
            Self::Busy => "another osmon is sending".to_string(),
            Self::Done(done) if done.by.is_empty() && done.waiting == 0 => "nothing to tell".to_string(),
            Self::Done(done) => {
                let waits = match done.waiting {
                    0 => String::new(),
                    1 => "1 event waits (osmon alerts)".to_string(),
                    waiting => format!("{} wait (osmon alerts)", count(waiting)),
                };
                let told = match done.by.is_empty() {
                    true => String::new(),
                    false => format!("one message with {} {}", count(done.told), done.by.join("; ")),
                };
                [told, waits].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// Others were told; these were not, and will not be until somebody changes the configuration.
pub fn complain_of(context: &Context, refused: &[String]) {
    for reason in refused {
        context.out.warn(&format!("this recipient was refused, the others were told: {reason}; look at [alert] to"));
    }
}

/// What could not be sent as it was meant, in words.
fn failed(done: &Delivery) -> String {
    let (events, ways) = (done.instead.0, done.instead.1.iter().cloned().collect::<Vec<_>>().join(", "));
    let again = format!("{} could not be sent and will be tried again", count(done.failed_events));
    match (done.failed_events, events) {
        (_, 0) => again,
        (0, 1) => format!("1 event could not be sent as meant and was told by way of {ways} instead"),
        (0, _) => format!("{} could not be sent as meant and were told by way of {ways} instead", count(events)),
        (_, _) => format!("{again}; {} told by way of {ways} instead", count(events)),
    }
}

/// Sends what waits, and `unsaved` with it: events that found no room in the outbox.
///
/// # Errors
/// Whom nobody could tell, and why.
pub fn deliver(context: &Context, unsaved: &[Event]) -> Result<Outcome> {
    let outbox = Outbox::new(context.store.directory());
    let alert = &context.config.alert;
    let nobody = context.nobody();
    if let Some(advice) = nobody.filter(|_| outbox.count(Stage::Waiting) == 0) {
        return Ok(Outcome::NobodyToTell(advice));
    }
    if unsaved.is_empty() && outbox.count(Stage::Waiting) > 0 && !context.store.is_writable() {
        let place = context.store.directory().display();
        let why = format!(
            "{place} cannot be written, so nobody could remember who was told; nothing is sent from it: make it writable"
        );
        return Err(io::Error::other(why).into());
    }
    let lock = outbox.lock(Duration::ZERO);
    if matches!(lock, Ok(None)) {
        return Ok(Outcome::Busy);
    }
    let (waiting, listed) = match outbox.waiting() {
        Ok(waiting) => outbox_repair::mend(context, &outbox, waiting),
        Err(error) => (Vec::new(), Err(error)),
    };
    // What was sent already has a file that says so.
    let is_over = |event: &Event| matches!(outbox.stage(event), Some(Stage::Sent | Stage::Dead));
    let unsaved: Vec<Event> = unsaved.iter().filter(|event| !is_over(event)).cloned().collect();
    let mut ledger: Ledger = context.load_state(LEDGER).unwrap_or_default();
    let save = |ledger: &Ledger| context.store.with_reserve(|| context.store.save_state(LEDGER, ledger));
    let host = context.root.host_name();
    let report = context.report_path().display().to_string();
    let is_whole = context.problems.is_empty();
    let post = Post { settings: alert, host: &host, report: &report, now: context.now.wall, is_whole, save: &save };
    let mut done = post.deliver(&outbox, &mut ledger, waiting, &unsaved);
    done.complaints.extend(listed.err().map(|error| format!("{error:#}")));
    complain_of(context, &done.refused);
    if done.dead > 0 {
        context.out.warn(&format!(
            "{} given up: nobody accepted it in time; look: osmon alerts; send again: osmon alerts retry",
            count(done.dead)
        ));
    }
    if let Some(advice) = nobody.filter(|_| done.complaints.is_empty()) {
        return Ok(Outcome::NobodyToTell(advice));
    }
    if !done.failed.is_empty() {
        let waits = failed(&done);
        let why = [done.failed, done.complaints].concat().join("; ");
        return Err(anyhow::Error::from(io::Error::other(why)).context(waits));
    }
    if !done.complaints.is_empty() {
        // People were told; what is not kept may be told again.
        return Err(io::Error::other(done.complaints.join("; ")).into());
    }
    Ok(Outcome::Done(done))
}
