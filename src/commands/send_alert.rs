//! `osmon send-alert`: one mail for everything that waits in the outbox.

use super::here::Here;
use crate::alert::message::{Envelope, compose, compose_test, count};
use crate::alert::{Outbox, Sent, send};
use crate::base::fault::Fault;
use crate::cli::{Call, Command, Exit};
use crate::model::event::Event;
use anyhow::{Context, Result};
use clap::{Args, FromArgMatches};
use std::path::PathBuf;

#[derive(Debug, Args)]
struct Arguments {
    /// Send a test mail the way every alert goes
    #[arg(long)]
    test: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "send-alert",
    aliases: &[],
    about: "Send one mail for all alerts that wait; what nobody accepted stays and is tried again",
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
    /// Nobody is to be told: `[alert] to` is empty.
    NobodyToTell,
    /// Nothing waits.
    NothingToTell,
    /// Another osmon is sending.
    Busy,
    /// So many events in one mail, and who accepted it.
    Accepted(usize, String),
    /// The test mail, and who accepted it.
    Tested(String),
}

impl Outcome {
    /// In words.
    pub fn sentence(&self) -> String {
        match self {
            Self::NobodyToTell => {
                "nobody is told: set to = [\"you@example.org\"] under [alert] in osmon.toml".to_string()
            }
            Self::NothingToTell => "nothing to tell".to_string(),
            Self::Busy => "another osmon is sending".to_string(),
            Self::Tested(by) => format!("test mail {by}"),
            Self::Accepted(events, by) => format!("one mail with {} {by}", count(*events)),
        }
    }
}

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let here = Here::open(call)?;
    let outcome = if arguments.test { test(&here)? } else { deliver(&here, &[])? };
    if call.out.json {
        let accepted = matches!(outcome, Outcome::Accepted(..) | Outcome::Tested(_));
        call.out.result(
            &serde_json::json!({ "schema": 1, "accepted": accepted, "result": outcome.sentence() }).to_string(),
        );
    } else if arguments.test {
        call.out.result(&outcome.sentence());
    } else {
        call.out.say(&outcome.sentence());
    }
    Ok(Exit::Done)
}

fn test(here: &Here) -> Result<Outcome> {
    let alert = &here.config.alert;
    if alert.to.is_empty() {
        return Err(Fault::Configuration(
            "nobody to send a test to: set to = [\"you@example.org\"] under [alert] in osmon.toml".to_string(),
        )
        .into());
    }
    let host = here.root.host_name();
    let envelope = Envelope::new(&alert.from, &alert.to, &host)?;
    let message = compose_test(&envelope, &host, here.now.wall)?;
    let Sent { by, refused } = send(&message, &envelope, alert, &host).context("the test mail was not accepted")?;
    complain_of(here, &refused);
    Ok(Outcome::Tested(by))
}

/// Others were told; these were not, and will not be until somebody changes the configuration.
fn complain_of(here: &Here, refused: &[String]) {
    for reason in refused {
        here.out.complain(&format!("this recipient was refused, the others were told: {reason}; look at [alert] to"));
    }
}

/// Sends what waits, and `unsaved` with it: events that found no room in the outbox.
pub fn deliver(here: &Here, unsaved: &[Event]) -> Result<Outcome> {
    let alert = &here.config.alert;
    if alert.to.is_empty() {
        return Ok(Outcome::NobodyToTell);
    }
    let outbox = Outbox::new(here.store.directory());
    let lock = outbox.lock();
    if matches!(lock, Ok(None)) {
        return Ok(Outcome::Busy);
    }
    let waiting = outbox.waiting()?;
    for (file, reason) in &waiting.unreadable {
        here.out.complain(&format!("{}: {reason}; it stays there: look at it, then remove it", file.display()));
    }
    let (files, mut events): (Vec<PathBuf>, Vec<Event>) = waiting.events.into_iter().unzip();
    events.extend(
        unsaved.iter().filter(|event| !events.iter().any(|other| other.id == event.id)).cloned().collect::<Vec<_>>(),
    );
    outbox.tidy(here.now.wall);
    if events.is_empty() {
        return Ok(Outcome::NothingToTell);
    }
    let host = here.root.host_name();
    let envelope = Envelope::new(&alert.from, &alert.to, &host)?;
    let report = here.report_path().display().to_string();
    let message = compose(&events, &envelope, &host, &report, here.now.wall)?;
    let waits = || format!("{} could not be sent and will be tried again", count(events.len()));
    let Sent { by, refused } = send(&message, &envelope, alert, &host).with_context(waits)?;
    complain_of(here, &refused);
    outbox.accepted(&files)?;
    Ok(Outcome::Accepted(events.len(), by))
}
