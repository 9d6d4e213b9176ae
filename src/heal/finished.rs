//! Turns the end of a program that a repair started into an outcome.

use crate::base::subprocess::Finished;
use crate::base::text::clean_bytes;
use crate::model::action::{Outcome, Status};
use crate::model::locale::key;
use crate::model::message::Message;
use std::io;
use std::time::Duration;

/// Lines of output that are kept.
const LINES: usize = 20;
/// Longest line that is kept, in characters.
const LINE_MAX: usize = 200;

/// The outcome of a program that had a time limit; exit status 0 alone is success. Its first lines are the examples.
pub fn outcome(program: &str, done: io::Result<Finished>, limit: Duration) -> Outcome {
    let about = |key| Message::new(key).with("program", program);
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            let message = about(key::REPAIR_COMMAND_NOT_STARTED).with("reason", error.to_string());
            return Outcome::new(Status::Failed, message);
        }
    };
    let (status, message) = match (done.timed_out, done.code) {
        (true, _) => {
            let message = about(key::REPAIR_COMMAND_TIMED_OUT).with_duration("limit", limit.as_secs_f64().round());
            (Status::Failed, message)
        }
        (false, Some(0)) => (Status::Done, about(key::REPAIR_COMMAND_DONE)),
        (false, Some(code)) => (Status::Failed, about(key::REPAIR_COMMAND_FAILED).with("status", code.to_string())),
        (false, None) => {
            let signal = done.signal.unwrap_or_default().to_string();
            (Status::Failed, about(key::REPAIR_COMMAND_SIGNAL).with("signal", signal))
        }
    };
    Outcome { examples: lines(&done), ..Outcome::new(status, message) }
}

/// The first lines of standard output, then of standard error, cleaned.
fn lines(done: &Finished) -> Vec<String> {
    let lines = done.stdout.split(|byte| *byte == b'\n').chain(done.stderr.split(|byte| *byte == b'\n'));
    let lines = lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    lines.take(LINES).map(|line| clean_bytes(line, LINE_MAX)).collect()
}
