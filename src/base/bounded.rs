//! Work that may hang, with an end.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Why bounded work gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// It was still at it after the limit; its thread is left alone and ends with the process.
    TimedOut,
    /// It panicked: a bug, which must not cost the rest of the run.
    Panicked,
}

/// Runs `work` on a thread of its own and waits at most `limit` for its result.
///
/// # Errors
/// [`Unfinished`] when there is none in time.
pub fn run<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().spawn(move || {
        // Nobody listens any more after the limit.
        let _ = sender.send(work());
    });
    if spawned.is_err() {
        return Err(Unfinished::Panicked);
    }
    receiver.recv_timeout(limit).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => Unfinished::TimedOut,
        mpsc::RecvTimeoutError::Disconnected => Unfinished::Panicked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_work_and_broken_work_end() {
        assert_eq!(run(Duration::from_secs(5), || 7), Ok(7));
        let (_keep, never) = mpsc::channel::<()>();
        assert_eq!(run(Duration::from_millis(10), move || never.recv().is_ok()), Err(Unfinished::TimedOut));
        assert_eq!(
            run(Duration::from_secs(5), || {
                assert!(std::env::args().count() > 9000);
                1
            }),
            Err(Unfinished::Panicked)
        );
    }
}
