//! The mail storm brake: under cron every line is a mail, so the same complaint is printed once, and then hourly with
//! a count of how often it was seen.

use crate::base::file::{FILE_MODE, make_directory, read_at_most, replace};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// How long the same complaint is held back, in seconds.
const PAUSE_SECONDS: i64 = 3600;
/// How long a complaint that is not seen any more is remembered, in seconds.
const FORGET_SECONDS: i64 = 24 * 3600;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Seen {
    printed: i64,
    last: i64,
    held_back: u64,
}

/// What to print of a complaint now; `None`: it was printed less than an hour ago. Where the memory in `directory`
/// cannot be kept, everything is printed.
pub fn pass(directory: &Path, text: &str, now: DateTime<Utc>) -> Option<String> {
    let path = directory.join("state").join("complaints.json");
    let content = read_at_most(&path, 1024 * 1024).unwrap_or_default();
    let mut all: BTreeMap<String, Seen> = serde_json::from_slice(&content).unwrap_or_default();
    let (decision, now) = (decide(&mut all, text, now.timestamp()), now.timestamp());
    all.retain(|_, seen| (now - seen.last).abs() <= FORGET_SECONDS);
    if let (Ok(content), true) = (serde_json::to_vec(&all), directory.exists()) {
        let _ = make_directory(&directory.join("state"));
        // Nobody waits for the disk here: what is lost in a crash is one mail too many.
        let _ = replace(&path, &content, FILE_MODE);
    }
    decision
}

fn decide(all: &mut BTreeMap<String, Seen>, text: &str, now: i64) -> Option<String> {
    // Numbers differ from run to run (ages, sizes); the complaint is the same.
    let key: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let Some(seen) = all.get_mut(&key) else {
        all.insert(key, Seen { printed: now, last: now, held_back: 0 });
        return Some(text.to_string());
    };
    seen.last = now;
    // A clock that was set back must not silence anything for long.
    if (0..PAUSE_SECONDS).contains(&(now - seen.printed)) {
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
    fn once_then_hourly_with_a_count() {
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
