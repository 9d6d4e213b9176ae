//! The interval between two runs.

use std::time::Duration;

/// An interval that cron or systemd can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every(u64);

impl Every {
    /// Once a minute.
    pub const MINUTE: Self = Self(60);

    /// An interval that divides a minute (5 s at least) or an hour evenly.
    ///
    /// # Errors
    /// A sentence that names what is possible.
    pub fn new(interval: Duration) -> Result<Self, String> {
        let seconds = interval.as_secs();
        let divides_minute = (5..60).contains(&seconds) && 60 % seconds == 0;
        let divides_hour = seconds >= 60 && seconds.is_multiple_of(60) && seconds <= 1800 && 3600 % seconds == 0;
        if divides_minute || divides_hour {
            return Ok(Self(seconds));
        }
        Err("the interval has to divide a minute or an hour evenly: 5s, 6s, 10s, 12s, 15s, 20s, 30s, 1m, 2m, 3m, 4m, 5m, 6m, 10m, 12m, 15m, 20m or 30m".to_string())
    }

    /// The time fields of a crontab; `None` below a minute.
    pub fn cron(self) -> Option<String> {
        match self.0 {
            60 => Some("* * * * *".to_string()),
            seconds if seconds > 60 => Some(format!("*/{} * * * *", seconds / 60)),
            _ => None,
        }
    }

    /// `OnCalendar` of a timer.
    pub fn calendar(self) -> String {
        match self.0 {
            60 => "*:*:00".to_string(),
            seconds if seconds > 60 => format!("*:0/{}:00", seconds / 60),
            seconds => format!("*:*:0/{seconds}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_even_parts_of_a_minute_or_an_hour_are_taken() {
        let every = |seconds| Every::new(Duration::from_secs(seconds)).map(|every| (every.cron(), every.calendar()));
        assert_eq!(every(10), Ok((None, "*:*:0/10".to_string())));
        assert_eq!(every(60), Ok((Some("* * * * *".to_string()), "*:*:00".to_string())));
        assert_eq!(every(300), Ok((Some("*/5 * * * *".to_string()), "*:0/5:00".to_string())));
        for seconds in [0, 1, 7, 25, 61, 90, 420, 3600, 7200] {
            assert!(every(seconds).is_err(), "{seconds}");
        }
    }
}
