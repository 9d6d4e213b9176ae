//! Repairs that are judged by their incident: what is on its file system, and whether it is over.

use super::case::Case;
use super::guard::{Guard, Refusal};
use super::repair::Verdict;
use crate::host::Root;
use crate::model::action::{Outcome, Status};
use crate::model::locale::key;
use crate::model::message::Message;

/// The refusal to free space on another file system than the one that the incident is about. `directories` are relative to the
/// root; those that do not exist hold nothing.
pub fn elsewhere(case: &Case, root: &Root, directories: &[&str]) -> Option<Refusal> {
    let point = case.label("mount")?;
    let device = |path: &str| root.device(path.trim_start_matches('/'));
    let own = device(&point);
    let there: Vec<&&str> = directories.iter().filter(|directory| device(directory).is_some()).collect();
    let is_elsewhere = !there.is_empty() && there.iter().all(|directory| device(directory) != own);
    let message = || {
        let message = Message::named("clean.refused_elsewhere").with("mount", point.as_str());
        message.with("directory", there.first().map(|directory| format!("/{directory}")).unwrap_or_default())
    };
    is_elsewhere.then(|| Refusal::with(Guard::DirectoryRefused, message()))
}

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
    fn space_is_freed_on_the_file_system_of_the_incident_only() {
        let case = |mount: &str| Case { metric: format!("disk.used_percent{{mount=\"{mount}\"}}"), ..Case::default() };
        let root = Root::new(None);
        // Two file systems of every Linux host.
        assert_eq!(elsewhere(&case("/dev"), &root, &["dev/null"]), None);
        let refused = elsewhere(&case("/dev"), &root, &["missing", "etc"]).unwrap();
        assert_eq!(refused.guard, Guard::DirectoryRefused);
        assert_eq!(refused.message.english(), "/etc is not on the file system of /dev");
        assert_eq!(elsewhere(&case("/dev"), &root, &["etc", "dev"]), None, "a part of it is there");
        assert_eq!(elsewhere(&Case::default(), &root, &["etc"]), None, "not about a file system");
    }

    #[test]
    fn the_incident_decides_after_its_time() {
        assert!(matches!(verdict(1.0, 60.0, Some(false)), Verdict::Helped(_)));
        assert_eq!(verdict(59.0, 60.0, Some(true)), Verdict::Pending);
        assert_eq!((verdict(1.0, 60.0, None), verdict(600.0, 60.0, None)), (Verdict::Pending, Verdict::Pending));
        let Verdict::Failed(outcome) = verdict(60.0, 60.0, Some(true)) else { panic!("still open") };
        assert_eq!(outcome.text, "the incident is still open 1 min later");
    }
}
