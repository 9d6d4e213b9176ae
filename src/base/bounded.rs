//! Runs work that may hang, with a time limit.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Why bounded work returned no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// The limit passed; the thread is abandoned and ends with the process.
    TimedOut,
    /// It panicked, or no thread could be started.
    Panicked,
}

/// Runs `work` on a thread and waits at most `limit` for its result.
///
/// # Errors
/// [`Unfinished`] without a result in time.
pub fn run<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let spawned = thread::Builder::new().spawn(move || {
        // After the limit there is no receiver.
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

/// Runs `work` on every item, one thread per group, and waits at most `limit` for all of them. An item that hangs loses its
/// result and those after it in its group. Results are in the order of the items, group by group.
pub fn groups<I, T>(
    limit: Duration,
    groups: Vec<Vec<I>>,
    work: impl Fn(&I) -> T + Copy + Send + 'static,
) -> Vec<Result<T, Unfinished>>
where
    I: Send + 'static,
    T: Send + 'static,
{
    let count = groups.iter().map(Vec::len).sum();
    let (sender, receiver) = mpsc::sync_channel(count);
    let mut first = 0;
    for group in groups.into_iter().filter(|group| !group.is_empty()) {
        let (sender, begin) = (sender.clone(), first);
        first += group.len();
        // If no thread can be started, the results of its group stay missing.
        let _ = thread::Builder::new().spawn(move || {
            (begin..).zip(&group).all(|(number, item)| sender.send((number, work(item))).is_ok());
        });
    }
    drop(sender);
    let mut results: Vec<Result<T, Unfinished>> = (0..count).map(|_| Err(Unfinished::TimedOut)).collect();
    let until = Instant::now() + limit;
    while let Ok((number, result)) = receiver.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let Some(slot) = results.get_mut(number) {
            *slot = Ok(result);
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanging_work_loses_the_results_of_its_group_only() {
        let work = |number: &u64| {
            if *number >= 10 {
                thread::sleep(Duration::from_secs(5));
            }
            number * 10
        };
        let started = Instant::now();
        let results = groups(Duration::from_millis(100), vec![vec![1, 2], vec![10], vec![11], vec![], vec![3]], work);
        let late = Err(Unfinished::TimedOut);
        assert_eq!(results, [Ok(10), Ok(20), late, late, Ok(30)]);
        assert!(started.elapsed() < Duration::from_secs(2), "all together, not one after another");
    }

    #[test]
    fn slow_work_and_panics_end() {
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
