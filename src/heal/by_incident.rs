//! The verification of repairs that are judged by their incident.

use super::repair::Verdict;
use crate::model::action::{Outcome, Status};
use crate::model::locale::key;
use crate::model::message::Message;

/// It helped once the incident is over; it did not when the incident is still open after the time that it had. Nothing is known
/// while there is no value.
pub fn verdict(since_seconds: f64, healthy_seconds: f64, is_open: Option<bool>) -> Verdict {
    let Some(is_open) = is_open else { return Verdict::Pending };
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
        assert!(matches!(verdict(1.0, 60.0, Some(false)), Verdict::Helped(_)));
        assert_eq!(verdict(59.0, 60.0, Some(true)), Verdict::Pending);
        assert_eq!((verdict(1.0, 60.0, None), verdict(600.0, 60.0, None)), (Verdict::Pending, Verdict::Pending));
        let Verdict::Failed(outcome) = verdict(60.0, 60.0, Some(true)) else { panic!("still open") };
        assert_eq!(outcome.text, "the incident is still open 1 min later");
    }
}
