//! The budget of a target: how many messages it gets per hour and per day. What it holds back is sent in one digest
//! later; the beginning of a crisis is never held back.

use crate::base::clock::parse;
use crate::base::sort::SmallSort;
use crate::model::event::{Event, EventKind};
use crate::model::incident::Severity;
use chrono::{DateTime, TimeDelta, Utc};

/// How urgent a message is, by its most urgent event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A thing that was reported several times in the last day: it leaves a fifth of the budget to the others.
    Repeating,
    /// Anything else: the whole budget.
    Ordinary,
    /// The end of a crisis or a reminder of it: a fifth more than the budget.
    Important,
    /// A crisis begins, or the daily status: no limit.
    Urgent,
}

impl Claim {
    /// The claim of one event.
    pub fn of(event: &Event, is_repeating: bool) -> Self {
        use EventKind::{Escalated, Fired, Settled};
        let begins = matches!(event.kind, Fired | Escalated | Settled) && !event.is_over();
        match event.severity {
            // Its absence means that monitoring has stopped.
            _ if event.kind == EventKind::Alive => Self::Urgent,
            Severity::Critical if begins => Self::Urgent,
            Severity::Critical => Self::Important,
            Severity::Warning if is_repeating => Self::Repeating,
            Severity::Warning => Self::Ordinary,
        }
    }
}

/// Limits of `[alert]`; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Messages per hour.
    pub per_hour: usize,
    /// Messages per day.
    pub per_day: usize,
}

impl Budget {
    /// When a message with this claim may be sent, given the times of the earlier ones; `None`: now.
    pub fn free_at(self, sent: &[String], claim: Claim, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut times: Vec<DateTime<Utc>> =
            sent.iter().filter_map(|time| parse(time)).filter(|time| *time <= now).collect();
        times.arrange();
        let wait = |limit: usize, span: TimeDelta| {
            let allowed = allowance(limit, claim)?;
            let within: Vec<&DateTime<Utc>> = times.iter().filter(|time| now - **time < span).collect();
            within.len().checked_sub(allowed).and_then(|at| within.get(at)).map(|time| **time + span)
        };
        wait(self.per_hour, TimeDelta::hours(1)).max(wait(self.per_day, TimeDelta::days(1)))
    }
}

/// Messages within a limit; `None`: without one.
fn allowance(limit: usize, claim: Claim) -> Option<usize> {
    let reserve = limit / 5;
    let allowed = match claim {
        Claim::Repeating => limit - reserve,
        Claim::Ordinary => limit,
        Claim::Important => limit + reserve.max(1),
        Claim::Urgent => return None,
    };
    (limit > 0).then_some(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::stamp;

    /// Messages of the first hour, the first day and two days when one is wanted each minute.
    fn went(claim: Claim) -> [usize; 3] {
        let budget = Budget { per_hour: 10, per_day: 50 };
        let begin = parse("2026-11-20T00:00:00Z").unwrap();
        let mut sent = Vec::new();
        for minute in 0..2880 {
            let now = begin + TimeDelta::minutes(minute);
            if let Some(free) = budget.free_at(&sent, claim, now) {
                assert!(free > now && budget.free_at(&sent, claim, free).is_none_or(|later| later > free));
            } else {
                sent.push(stamp(now));
            }
        }
        let until = |minutes| sent.iter().filter(|time| **time < stamp(begin + TimeDelta::minutes(minutes))).count();
        [until(60), until(1440), until(2880)]
    }

    #[test]
    fn messages_are_limited_by_hour_and_day_according_to_their_claim() {
        assert_eq!(went(Claim::Repeating), [8, 40, 80]);
        assert_eq!(went(Claim::Ordinary), [10, 50, 100]);
        assert_eq!(went(Claim::Important), [12, 60, 120]);
        assert_eq!(went(Claim::Urgent), [60, 1440, 2880]);
        let now = parse("2026-11-20T00:00:00Z").unwrap();
        let sent = vec![stamp(now); 99];
        assert!(Budget { per_hour: 0, per_day: 0 }.free_at(&sent, Claim::Repeating, now).is_none(), "no limit");
    }
}
