//! A common time limit of everything on the host that may hang: programs, and file systems of a network.

use super::Root;
use std::time::{Duration, Instant};

/// Reason given for what was left out because the time is needed for something else. It is done in the next run.
pub const NO_TIME: &str = "left out: other programs or file systems took too long to answer";
/// Kept free for `systemctl show` by what is asked only from time to time, such as the health of disks.
const RESERVE: Duration = Duration::from_secs(2);

impl Root {
    /// This host with a deadline, after which nothing is started that may hang.
    pub fn until(&self, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..self.clone() }
    }

    /// Time for something that may take `most`: this, or what is left until the deadline.
    ///
    /// # Errors
    /// [`NO_TIME`] when less than half of it is left: a time-out would then say little.
    pub fn time_for(&self, most: Duration) -> Result<Duration, String> {
        self.left(most, Duration::ZERO)
    }

    /// Like [`Root::time_for`], for what is asked only from time to time and can wait for the next run.
    ///
    /// # Errors
    /// As [`Root::time_for`].
    pub fn spare_time_for(&self, most: Duration) -> Result<Duration, String> {
        self.left(most, RESERVE)
    }

    fn left(&self, most: Duration, reserve: Duration) -> Result<Duration, String> {
        let Some(deadline) = self.deadline else { return Ok(most) };
        let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(reserve);
        if left < most / 2 { Err(NO_TIME.to_string()) } else { Ok(left.min(most)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hang_gets_the_time_that_is_left_or_is_left_out() {
        let second = Duration::from_secs(1);
        let host = Root::new(None);
        assert_eq!(host.time_for(second * 9), Ok(second * 9), "no deadline");
        let host = host.until(Instant::now() + second * 5);
        assert_eq!((host.time_for(second * 2), host.spare_time_for(second * 2)), (Ok(second * 2), Ok(second * 2)));
        let left = host.spare_time_for(second * 4).unwrap();
        assert!(left > second * 2 && left <= second * 3, "{left:?}");
        assert_eq!(host.spare_time_for(second * 7), Err(NO_TIME.to_string()));
        let host = host.until(Instant::now());
        assert_eq!(host.time_for(second), Err(NO_TIME.to_string()));
    }

    #[test]
    fn programs_and_file_systems_end_with_the_deadline() {
        let host = Root::new(None).until(Instant::now() + Duration::from_secs(2));
        let sleep = ["/bin/sleep", "30"].map(str::to_string);
        let started = Instant::now();
        let slow = host.success_time("backup", &sleep, Duration::from_millis(2200)).unwrap_err();
        assert!(slow.contains("did not answer") && started.elapsed() < Duration::from_secs(10), "{slow}");
        let no_time = Err(NO_TIME.to_string());
        assert_eq!(host.success_time("backup", &sleep, Duration::from_secs(4)), no_time);
        assert_eq!(host.storage_program("sleep", &["30"], "").map(drop), no_time.clone().map(drop));
        assert_eq!(host.chrony_behind_ms().map(drop), no_time.clone().map(drop));
    }
}
