//! `osmon send-alert`: sends everything queued in the outbox.

mod test_message;

use crate::cli::{Call, Command, Exit, Group};
use crate::context::Context;
use crate::pipeline::deliver::{Outcome, Pace, deliver};
use crate::pipeline::fallback_store;
use anyhow::Result;
use clap::{Args, FromArgMatches};
use serde_json::json;
use std::time::Duration;

/// Limit of the delivery.
const LIMIT: Duration = Duration::from_secs(41);

#[derive(Debug, Args)]
struct Arguments {
    /// Send a test message through every channel and show each step
    #[arg(long)]
    test: bool,
}

/// The command.
pub const COMMAND: Command = Command {
    name: "send-alert",
    about: "Send all queued alerts; failed ones are retried",
    group: Group::Incidents,
    examples: "  osmon send-alert --test     check that alerts arrive\n  osmon send-alert -v         send what is queued and show the result",
    arguments: Arguments::augment_args,
    scheduled: true,
    run,
    ..Command::DEFAULT
};

fn run(call: &Call) -> Result<Exit> {
    let arguments = Arguments::from_arg_matches(&call.matches)?;
    let context = fallback_store::look(Context::open(call)?);
    if arguments.test {
        return test_message::send(call, &context);
    }
    let outcome = deliver(&context, &[], Pace::AtOnce, LIMIT)?;
    if call.out.json {
        let accepted = matches!(&outcome, Outcome::Done(delivery) if !delivery.accepted_by.is_empty());
        call.out.print(&json!({ "schema": 1, "accepted": accepted, "result": outcome.sentence() }).to_string());
    } else {
        call.out.info(&outcome.sentence());
    }
    Ok(if outcome.is_failing() { Exit::Io } else { context.exit() })
}
