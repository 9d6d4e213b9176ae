//! The verification of repairs that are judged by their incident.

use super::repair::Verdict;
use crate::model::action::{Outcome, Status};
use crate::model::locale::key;
use crate::model::message::Message;

/// It helped once the incident is over; it did not when the incident is still open after the time that it had.
pub fn verdict(since_seconds: f64, healthy_seconds: f64, is_open: bool) -> Verdict {
    if !is_open {
        return Verdict::Helped(Outcome::new(Status::Done, Message::new(key::REPAIR_INCIDENT_OVER)));
    }
    if since_seconds < healthy_seconds {
        return Verdict::Pending;
    }
    let message = Message::new(key::REPAIR_INCIDENT_OPEN).with_duration("lasts", since_seconds);
    Verdict::Failed(Outcome::new(Status::Failed, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incident_decides_after_its_time() {
        assert!(matches!(verdict(1.0, 60.0, false), Verdict::Helped(_)));
        assert_eq!(verdict(59.0, 60.0, true), Verdict::Pending);
        let Verdict::Failed(outcome) = verdict(60.0, 60.0, true) else { panic!("still open") };
        assert_eq!(outcome.text, "the incident is still open 1 min later");
    }
}
