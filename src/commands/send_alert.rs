//! `osmon send-alert`: one mail for everything that waits in the outbox.

use super::damaged;
use super::here::Here;
use crate::alert::message::count;
use crate::alert::{Attempt, Delivery, LEDGER, Ledger, Outbox, Post, Stage, learn, trial};
use crate::base::fault::Fault;
use crate::cli::output::Style;
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
    let here = Here::open(call)?;
    if arguments.test {
        return test(call, &here);
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

/// The test, by every way at once; each step is told, and each way that does not lead to people is an error.
fn test(call: &Call, here: &Here) -> Result<Exit> {
    if let Some(advice) = here.nobody() {
        return Err(Fault::Configuration(format!("nobody to send a test to; {advice}")).into());
    }
    let tried = trial(&here.config.alert, &here.root.host_name(), here.now.wall);
    if let Err(error) = remember(here, &tried) {
        here.out.complain(&format!("{error:#}"));
    }
    let mut failures = Vec::new();
    let mut ways = Vec::new();
    for (name, to, attempt) in &tried {
        ways.push(way_json(name, to, attempt));
        if !call.out.json {
            call.out.result(&way_text(here, name, attempt));
        }
        let is_any = attempt.results.iter().any(Result::is_ok);
        for (number, result) in attempt.results.iter().enumerate() {
            let Err(failure) = result else { continue };
            let recipient = to.get(number).map_or(String::new(), |to| format!("{to}: "));
            if is_any {
                complain_of(here, &[format!("{recipient}{}", failure.why)]);
            } else if !failures.contains(&failure.why) {
                failures.push(failure.why.clone());
            }
        }
    }
    if call.out.json {
        let accepted = failures.is_empty();
        call.out.result(&serde_json::json!({ "schema": 1, "accepted": accepted, "way": ways }).to_string());
    }
    let wrong = here.problems.iter().find(|problem| problem.path.first().is_some_and(|section| section == "alert"));
    if let Some(wrong) = wrong.filter(|_| failures.is_empty()) {
        let text = "the test went by another configuration than what is written";
        return Err(Fault::Configuration(format!("{text}; put this right first: {wrong}")).into());
    }
    if failures.is_empty() {
        return Ok(Exit::Done);
    }
    Err(anyhow::Error::from(io::Error::other(failures.join("; "))).context("the test message was not accepted"))
}

/// A way that works again is tried at once, and not called failing any more.
fn remember(here: &Here, tried: &[(String, Vec<String>, Attempt)]) -> Result<()> {
    let outbox = Outbox::new(here.store.directory());
    if here.peek_state::<Ledger>(LEDGER).is_none() {
        return Ok(());
    }
    // Who sends at this moment learns it by himself.
    let Some(_lock) = outbox.lock(Duration::ZERO)? else { return Ok(()) };
    let before: Ledger = here.load_state(LEDGER).unwrap_or_default();
    let mut ledger = before.clone();
    learn(tried, outbox.count(Stage::Waiting) == 0, &mut ledger);
    if ledger == before {
        return Ok(());
    }
    here.store.with_reserve(|| here.store.save_state(LEDGER, &ledger))
}

fn way_text(here: &Here, name: &str, attempt: &Attempt) -> String {
    let mut lines = vec![here.out.paint(Style::Bold, name)];
    lines.extend(attempt.steps.iter().map(|step| format!("  {:<10}{}", step.name, step.text)));
    let mut by: Vec<&String> = attempt.results.iter().flatten().collect();
    by.dedup();
    lines.extend(by.iter().map(|by| format!("  test message {}", here.out.paint(Style::Good, by))));
    if by.is_empty() {
        lines.push(format!("  {}", here.out.paint(Style::Bad, "not accepted")));
    }
    lines.join("\n")
}

fn way_json(name: &str, to: &[String], attempt: &Attempt) -> serde_json::Value {
    let steps = attempt.steps.iter().map(|step| serde_json::json!({ "step": step.name, "text": step.text }));
    let results = attempt.results.iter().enumerate().map(|(number, result)| match result {
        Ok(by) => serde_json::json!({ "to": to.get(number), "accepted": true, "by": by }),
        Err(failure) => serde_json::json!({ "to": to.get(number), "accepted": false, "why": failure.why }),
    });
    serde_json::json!({ "name": name, "step": steps.collect::<Vec<_>>(), "result": results.collect::<Vec<_>>() })
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
    let lock = outbox.lock(Duration::ZERO);
    if matches!(lock, Ok(None)) {
        return Ok(Outcome::Busy);
    }
    let waiting = damaged::mend(here, &outbox, outbox.waiting()?)?;
    let mut ledger: Ledger = here.load_state(LEDGER).unwrap_or_default();
    let save = |ledger: &Ledger| here.store.with_reserve(|| here.store.save_state(LEDGER, ledger));
    let host = here.root.host_name();
    let report = here.report_path().display().to_string();
    let post = Post { settings: alert, host: &host, report: &report, now: here.now.wall, save: &save };
    let done = post.deliver(&outbox, &mut ledger, waiting, unsaved);
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
