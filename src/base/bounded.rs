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

/// Does `work` on each item, all on one thread, and waits at most `limit` for each. One that hangs costs its own result
/// only: the rest goes on in another thread.
pub fn each<I, T>(
    limit: Duration,
    items: &[I],
    work: impl Fn(&I) -> T + Copy + Send + 'static,
) -> Vec<Result<T, Unfinished>>
where
    I: Clone + Send + 'static,
    T: Send + 'static,
{
    let mut results = Vec::with_capacity(items.len());
    while let Some(rest) = items.get(results.len()..).filter(|rest| !rest.is_empty()).map(<[I]>::to_vec) {
        let (sender, receiver) = mpsc::sync_channel(rest.len());
        // Where no thread can be made, the channel is closed and every result is one that failed.
        let _ = thread::Builder::new().spawn(move || rest.iter().all(|item| sender.send(work(item)).is_ok()));
        while results.len() < items.len() {
            match receiver.recv_timeout(limit) {
                Ok(result) => results.push(Ok(result)),
                Err(error) => {
                    let timed_out = error == mpsc::RecvTimeoutError::Timeout;
                    results.push(Err(if timed_out { Unfinished::TimedOut } else { Unfinished::Panicked }));
                    break;
                }
            }
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_hangs_costs_itself_only() {
        let work = |number: &u64| {
            if *number == 2 {
                thread::sleep(Duration::from_secs(5));
            }
            number * 10
        };
        let results = each(Duration::from_millis(50), &[1, 2, 3, 4], work);
        assert_eq!(results, [Ok(10), Err(Unfinished::TimedOut), Ok(30), Ok(40)]);
    }

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
