//! `osmon send-alert`: one mail for everything that waits in the outbox.

mod test_message;

use super::here::Here;
use super::{damaged, refuge};
use crate::alert::message::count;
use crate::alert::{Delivery, LEDGER, Ledger, Outbox, Post, Stage};
use crate::cli::{Call, Command, Exit};
use crate::model::event::Event;
use anyhow::Result;
use clap::{Args, FromArgMatches};
use std::io;
use std::time::Duration;

#[derive(Debug, Args)]
struct Arguments {
    /// Send a test message by every way that alerts take, and tell each step
    #[arg(long)]
    test: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "send-alert",
    aliases: &[],
    about: "Send one message for all alerts that wait; what nobody accepted is tried again",
    examples: "  osmon send-alert --test     prove that alerts arrive\n  osmon send-alert -v         send what waits, and say what happened",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    exits: &[Exit::Done],
    failure: None,
};

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

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = refuge::look(Here::open(call)?);
    if arguments.test {
        return test_message::send(call, &here);
    }
    let outcome = deliver(&here, &[])?;
    if call.out.json {
        let accepted = matches!(&outcome, Outcome::Done(done) if !done.by.is_empty());
        call.out.result(
            &serde_json::json!({ "schema": 1, "accepted": accepted, "result": outcome.sentence() }).to_string(),
        );
    } else {
        call.out.say(&outcome.sentence());
    }
    Ok(if outcome.is_failing() { Exit::Io } else { here.exit() })
}

/// Others were told; these were not, and will not be until somebody changes the configuration.
fn complain_of(here: &Here, refused: &[String]) {
    for reason in refused {
        here.out.complain(&format!("this recipient was refused, the others were told: {reason}; look at [alert] to"));
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
pub fn deliver(here: &Here, unsaved: &[Event]) -> Result<Outcome> {
    let outbox = Outbox::new(here.store.directory());
    let alert = &here.config.alert;
    let nobody = here.nobody();
    if let Some(advice) = nobody.filter(|_| outbox.count(Stage::Waiting) == 0) {
        return Ok(Outcome::NobodyToTell(advice));
    }
    if unsaved.is_empty() && outbox.count(Stage::Waiting) > 0 && !here.store.is_writable() {
        let place = here.store.directory().display();
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
        Ok(waiting) => damaged::mend(here, &outbox, waiting),
        Err(error) => (Vec::new(), Err(error)),
    };
    // What was sent already has a file that says so.
    let is_over = |event: &Event| matches!(outbox.stage(event), Some(Stage::Sent | Stage::Dead));
    let unsaved: Vec<Event> = unsaved.iter().filter(|event| !is_over(event)).cloned().collect();
    let mut ledger: Ledger = here.load_state(LEDGER).unwrap_or_default();
    let save = |ledger: &Ledger| here.store.with_reserve(|| here.store.save_state(LEDGER, ledger));
    let host = here.root.host_name();
    let report = here.report_path().display().to_string();
    let is_whole = here.problems.is_empty();
    let post = Post { settings: alert, host: &host, report: &report, now: here.now.wall, is_whole, save: &save };
    let mut done = post.deliver(&outbox, &mut ledger, waiting, &unsaved);
    done.complaints.extend(listed.err().map(|error| format!("{error:#}")));
    complain_of(here, &done.refused);
    if done.dead > 0 {
        here.out.complain(&format!(
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
