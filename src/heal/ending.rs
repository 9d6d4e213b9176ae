//! Ends one process: by its descriptor, asked first, killed only when it does not answer.

use super::actuator::Actuator;
use super::guard::Guard;
use super::process_load::bytes;
use crate::base::pidfd;
use crate::host::Root;
use crate::model::action::{Outcome, ProcessTarget, Status};
use crate::model::locale::{Key, key};
use crate::model::message::{Arg, Message};
use rustix::io::Errno;
use rustix::process::Signal;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long a process has to end on SIGTERM.
pub const TERM_WAIT: Duration = Duration::from_secs(10);
/// How long the kernel has to end it on SIGKILL.
pub const KILL_WAIT: Duration = Duration::from_secs(5);

/// Ends a process. `check` says why the process with this number must not get a signal; it is asked before each one, after
/// the descriptor was opened.
pub fn end(
    process: &ProcessTarget,
    root: &Root,
    actuator: &dyn Actuator,
    until: Instant,
    check: &dyn Fn(Signal) -> Result<(), Message>,
) -> Outcome {
    let refused = |reason: Message| untouched(&called(process), reason);
    if root.is_recorded() {
        // Its numbers are those of processes of this host.
        return match check(Signal::TERM) {
            Ok(()) if actuator.is_dry() => said(Status::Simulated, key::REPAIR_PROCESS_WOULD_END, process),
            Ok(()) => refused(Message::new(key::REPAIR_RECORDED_HOST)),
            Err(reason) => refused(reason),
        };
    }
    let handle = match pidfd::open(process.pid) {
        Ok(handle) => handle,
        Err(Errno::NOSYS) => return refused(Message::new(Guard::NoPidfd.key())),
        Err(_) => return refused(Message::new(Guard::ProcessChanged.key())),
    };
    if let Err(reason) = check(Signal::TERM) {
        return refused(reason);
    }
    if Instant::now() + KILL_WAIT > until {
        return refused(Message::new(key::REPAIR_NO_TIME));
    }
    if let Err(error) = actuator.signal(handle.as_fd(), Signal::TERM) {
        return refused(failed(error));
    }
    if actuator.is_dry() {
        return said(Status::Simulated, key::REPAIR_PROCESS_WOULD_END, process);
    }
    let asked = Instant::now();
    // An error of poll(2) must not lead to a second signal to what may have ended: it counts as not ended, and the check and
    // the descriptor decide.
    let has_ended = |limit: Duration| pidfd::wait_ended(handle.as_fd(), limit).unwrap_or(false);
    let left = until.saturating_duration_since(asked);
    if has_ended(TERM_WAIT.min(left.saturating_sub(KILL_WAIT))) {
        return said(Status::Done, key::REPAIR_PROCESS_ENDED, process);
    }
    if let Err(reason) = check(Signal::KILL) {
        let message = about(key::REPAIR_PROCESS_NOT_KILLED, process).with("reason", reason);
        // One that is just ending has no executable any more; to free much memory takes it a while.
        return if has_ended(KILL_WAIT) {
            said(Status::Done, key::REPAIR_PROCESS_ENDED, process)
        } else {
            Outcome::new(Status::Failed, message)
        };
    }
    let waited = asked.elapsed().as_secs_f64();
    match actuator.signal(handle.as_fd(), Signal::KILL) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(error) => {
            let message = about(key::REPAIR_PROCESS_NOT_KILLED, process).with("reason", failed(error));
            return Outcome::new(Status::Failed, message);
        }
    }
    if has_ended(KILL_WAIT) {
        let message = about(key::REPAIR_PROCESS_KILLED, process).with_duration("waited", waited.round());
        return Outcome::new(Status::Done, message);
    }
    let message = about(key::REPAIR_PROCESS_UNKILLABLE, process).with_duration("waited", KILL_WAIT.as_secs_f64());
    Outcome { is_final: true, ..Outcome::new(Status::Failed, message) }
}

/// A process for people: `hog (pid 4711 of app)`.
pub fn called(process: &ProcessTarget) -> Arg {
    let name = process.exe.rsplit('/').next().unwrap_or_default();
    let message = Message::new(key::REPAIR_PROCESS).with("name", name).with("pid", process.pid.to_string());
    Arg::Message(message.with("user", process.user.as_str()))
}

/// The outcome of an action that was refused at the last moment.
pub fn untouched(process: &(impl Clone + Into<Arg>), reason: Message) -> Outcome {
    let message = Message::new(key::REPAIR_PROCESS_UNTOUCHED).with("process", process.clone());
    Outcome::new(Status::Failed, message.with("reason", reason))
}

fn about(key: Key, process: &ProcessTarget) -> Message {
    Message::new(key).with("process", called(process)).with("memory", bytes(process.memory_bytes))
}

fn said(status: Status, key: Key, process: &ProcessTarget) -> Outcome {
    Outcome::new(status, about(key, process))
}

fn failed(error: Errno) -> Message {
    match error {
        Errno::SRCH => Message::new(Guard::ProcessChanged.key()),
        Errno::PERM => Message::new(Guard::NoRight.key()).with("detail", "CAP_KILL"),
        other => Message::new(Guard::NoRight.key()).with("detail", other.to_string()),
    }
}
