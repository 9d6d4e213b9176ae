//! Pauses of targets, and attempts at messages whose fate is unknown.

use super::*;
use crate::base::net::failure::FailureKind;

#[test]
fn pauses_grow_and_other_settings_are_tried_at_once() {
    let mut ledger = Ledger::default();
    let begin = parse("2026-11-20T02:05:00Z").unwrap();
    let mut now = begin;
    let mut pauses = Vec::new();
    for _ in 0..9 {
        ledger.failed("mail a@b", 1, &Failure::new(FailureKind::Temporary, "refused"), now);
        let next = parse(&ledger.target["mail a@b"].next).unwrap();
        pauses.push((next - now).num_seconds());
        assert!(!ledger.is_due("mail a@b", 1, now) && ledger.is_due("mail a@b", 2, now));
        assert!(ledger.is_due("mail a@b", 1, now - TimeDelta::days(3)), "the clock was set back");
        now = next;
    }
    for (pause, minutes) in pauses.iter().zip([1, 2, 5, 10, 20, 30, 60, 60, 60]) {
        assert!((pause - minutes * 60).abs() <= minutes * 6, "{pause} for {minutes} min");
    }
    assert_eq!(ledger.target["mail a@b"].failing_since, stamp(begin));
    ledger.accepted("mail a@b", 1, &["x".to_string()], "somebody", now);
    assert!(ledger.target["mail a@b"].failing_since.is_empty() && ledger.result["x"].get("mail a@b").unwrap().accepted);
}

#[test]
fn configuration_failures_are_retried_after_a_minute_and_then_hourly() {
    let now = parse("2026-11-20T02:05:00Z").unwrap();
    let settings = || Failure::new(FailureKind::Configuration, "535");
    let later = || Failure::new(FailureKind::Temporary, "421");
    let asked = |seconds| Failure { retry_after: Some(std::time::Duration::from_secs(seconds)), ..later() };
    let cases: [(Vec<Failure>, &[i64]); 3] = [
        (vec![settings(), settings(), settings()], &[60, 3600, 3600]),
        (vec![later(), settings()], &[60, 3600]),
        (vec![asked(5), asked(600), asked(86_400)], &[60, 600, 3600]),
    ];
    for (failures, expected) in cases {
        let mut ledger = Ledger::default();
        for (failure, expected) in failures.iter().zip(expected) {
            ledger.failed("mail a@b", 1, failure, now);
            let pause = (parse(&ledger.target["mail a@b"].next).unwrap() - now).num_seconds();
            assert!((pause - expected).abs() * 10 <= *expected, "{pause} for {expected} after {failure:?}");
        }
    }
}
