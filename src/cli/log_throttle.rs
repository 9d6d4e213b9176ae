//! Throttles repeated warnings under cron, which mails every line: the same warning is printed once and then hourly,
//! with a count of how often it occurred.

use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Time between two printed copies of the same warning, in seconds.
const INTERVAL_SECONDS: i64 = 3600;
/// Age after which a warning that no longer occurs is forgotten, in seconds.
const FORGET_SECONDS: i64 = 24 * 3600;
/// Largest state file that is read, in bytes.
const STATE_MAX: u64 = 1024 * 1024;

/// One warning; times are seconds of the Unix epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    printed: i64,
    last: i64,
    held_back: u64,
}

/// The line to print for a warning now; `None` if it was printed less than an hour ago. The state is kept in
/// `directory/state/complaints.json`; where it cannot be read or written, every warning is printed.
pub fn throttle(directory: &Path, text: &str, now: DateTime<Utc>) -> Option<String> {
    let path = directory.join("state").join("complaints.json");
    let content = read_at_most(&path, STATE_MAX).unwrap_or_default();
    let mut all: BTreeMap<String, Seen> = serde_json::from_slice(&content).unwrap_or_default();
    let (decision, now) = (decide(&mut all, text, now.timestamp()), now.timestamp());
    all.retain(|_, seen| (now - seen.last).abs() <= FORGET_SECONDS);
    if let (Ok(content), true) = (serde_json::to_vec(&all), directory.exists()) {
        let _ = make_directory(&directory.join("state"));
        // Losing the state costs one more mail.
        let _ = replace(&path, &content, FILE_MODE);
    }
    decision
}

fn decide(all: &mut BTreeMap<String, Seen>, text: &str, now: i64) -> Option<String> {
    // Warnings that differ in numbers only (ages, sizes) are the same warning.
    let key: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let Some(seen) = all.get_mut(&key) else {
        all.insert(key, Seen { printed: now, last: now, held_back: 0 });
        return Some(text.to_string());
    };
    seen.last = now;
    // After the clock is set back, a time in the future does not count as recent.
    if (0..INTERVAL_SECONDS).contains(&(now - seen.printed)) {
        seen.held_back += 1;
        return None;
    }
    let times = seen.held_back + 1;
    *seen = Seen { printed: now, last: now, held_back: 0 };
    Some(if times > 1 { format!("{text} (seen {times} times in the last hour)") } else { text.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_printed_once_then_hourly_with_a_count() {
        let mut all = BTreeMap::new();
        assert_eq!(decide(&mut all, "mail is down for 1 min", 0).as_deref(), Some("mail is down for 1 min"));
        for minute in 1..60 {
            assert_eq!(decide(&mut all, &format!("mail is down for {minute} min"), minute * 60), None);
        }
        assert_eq!(
            decide(&mut all, "mail is down for 60 min", 3600).as_deref(),
            Some("mail is down for 60 min (seen 60 times in the last hour)")
        );
        assert_eq!(decide(&mut all, "something else", 3600).as_deref(), Some("something else"));
        assert!(decide(&mut all, "mail is down for 9 min", -90_000).is_some(), "the clock was set back");
    }
}
