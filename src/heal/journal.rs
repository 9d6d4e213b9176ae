//! Shrinks the journal of systemd (`journalctl --vacuum-size`), which removes whole files that are no longer written to.

use super::actuator::Actuator;
use super::by_incident;
use super::case::Case;
use super::guard::{Guard, Refusal};
use super::process_load::bytes;
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use super::{finished, tool};
use crate::host::Root;
use crate::model::action::{Outcome, Status, Target};
use crate::model::locale::key;
use crate::model::message::Message;
use std::time::{Duration, Instant};

/// Directories of journals: the permanent one, and the one that is lost at a reboot.
const DIRECTORIES: [&str; 2] = ["var/log/journal", "run/log/journal"];
/// Time to add up the sizes of the files.
const LOOK: Duration = Duration::from_secs(2);
/// Time kept for measuring the result.
const AROUND: Duration = Duration::from_secs(2);
/// Longest time that journalctl gets.
const LIMIT: Duration = Duration::from_secs(20);

/// Shrinks the journal of systemd.
pub struct VacuumJournal {
    /// Size to shrink it to, in bytes.
    pub keep_bytes: u64,
}

/// Space that the journal takes, in bytes.
fn size(root: &Root) -> u64 {
    let fits = |name: &str| name.ends_with(".journal") || name.ends_with(".journal~");
    let sizes = DIRECTORIES.iter().map(|directory| root.allocated_below(directory, &fits, Instant::now() + LOOK));
    sizes.fold(0, u64::saturating_add)
}

impl Repair for VacuumJournal {
    fn candidates(&self, case: &Case, situation: &Situation) -> Vec<Candidate> {
        let size = size(&situation.root);
        let mut refused: Vec<Refusal> = tool::installed(&situation.root, "journalctl").err().into_iter().collect();
        refused.extend(by_incident::elsewhere(case, &situation.root, &DIRECTORIES));
        if size <= self.keep_bytes {
            let detail = Message::new(key::REPAIR_JOURNAL_SMALL).with("size", bytes(size));
            refused.push(Refusal::with(Guard::NoTarget, detail.with("keep", bytes(self.keep_bytes))));
        }
        let target = Target { name: "journal".to_string(), ..Target::default() };
        vec![Candidate { target, refused, sighting: String::new() }]
    }

    fn act(&self, _: &Target, _: &Case, situation: &Situation, actuator: &dyn Actuator, until: Instant) -> Outcome {
        let root = &situation.root;
        let program = match tool::installed(root, "journalctl") {
            Ok(program) => program,
            Err(refusal) => return Outcome::new(Status::Failed, refusal.message),
        };
        let before = size(root);
        let limit = until.saturating_duration_since(Instant::now()).saturating_sub(AROUND).min(LIMIT);
        if limit.is_zero() {
            return Outcome::new(Status::Failed, Message::new(key::REPAIR_NO_TIME));
        }
        let arguments = [format!("--vacuum-size={}", self.keep_bytes)];
        let done = actuator.run(&program, &arguments, Vec::new(), limit);
        let sizes = |key, after| Message::new(key).with("before", bytes(before)).with("after", bytes(after));
        if actuator.is_dry() {
            let message = sizes(key::REPAIR_JOURNAL_WOULD, self.keep_bytes);
            let freed_bytes = Some(before.saturating_sub(self.keep_bytes));
            return Outcome { freed_bytes, ..Outcome::new(Status::Simulated, message) };
        }
        let ended = finished::outcome("journalctl", done, limit);
        let after = size(root);
        let freed_bytes = Some(before.saturating_sub(after));
        if ended.status != Status::Done {
            return Outcome { freed_bytes, ..ended };
        }
        let outcome = Outcome::new(Status::Done, sizes(key::REPAIR_JOURNAL_DONE, after));
        Outcome { freed_bytes, examples: ended.examples, ..outcome }
    }

    fn verify(
        &self,
        _: &Target,
        _: &Outcome,
        since: f64,
        healthy: f64,
        is_open: Option<bool>,
        _: &Situation,
    ) -> Verdict {
        by_incident::verdict(since, healthy, is_open)
    }

    fn least_seconds(&self) -> u64 {
        12
    }

    fn missing_right(&self, situation: &Situation) -> Option<String> {
        let there = DIRECTORIES.into_iter().filter(|directory| situation.root.has(directory));
        let denied = there.filter(|directory| !situation.root.may_write(directory)).map(|path| format!("/{path}"));
        let denied: Vec<String> = denied.collect();
        (!denied.is_empty()).then(|| format!("root, or to write to {}", denied.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Now;
    use crate::heal::actuator;
    use crate::heal::recorded::Recorded;
    use crate::model::action::Mode;

    const KIB: u64 = 1024;

    /// A journal of three files of 64 KiB, and a `journalctl` that removes one, or what its script says.
    fn host(script: &str) -> Recorded {
        let host = Recorded::new();
        for name in ["a.journal", "b.journal~", "m/c.journal"] {
            host.write(&format!("var/log/journal/{name}"), &[1; 64 * 1024]);
        }
        host.write("var/log/journal/other", &[1; 64 * 1024]);
        host.tool("journalctl", script);
        host
    }

    fn act(host: &Recorded, mode: Mode) -> Outcome {
        let situation = Situation::calm(host.root(), Now::read());
        let repair = VacuumJournal { keep_bytes: 100 * KIB };
        let until = Instant::now() + Duration::from_secs(20);
        repair.act(&Target::default(), &Case::default(), &situation, actuator::of(mode), until)
    }

    fn guards(host: &Recorded, keep_bytes: u64) -> Vec<Guard> {
        let situation = Situation::calm(host.root(), Now::read());
        let candidates = VacuumJournal { keep_bytes }.candidates(&Case::default(), &situation);
        candidates[0].refused.iter().map(|refusal| refusal.guard).collect()
    }

    #[test]
    fn the_journal_is_shrunk_and_measured() {
        let host = host("rm \"$HOST\"/var/log/journal/b.journal~; echo \"$@\" > \"$HOST\"/called; echo Vacuuming done");
        let before = host.tree();
        let dry = act(&host, Mode::DryRun);
        assert_eq!((dry.status, dry.freed_bytes), (Status::Simulated, Some(92 * KIB)));
        assert_eq!(dry.text, "would shrink the journal from 192 KiB to 100 KiB");
        assert_eq!(host.tree(), before, "a dry run changes nothing");
        let outcome = act(&host, Mode::Enforce);
        assert_eq!((outcome.status, outcome.freed_bytes), (Status::Done, Some(64 * KIB)), "{outcome:?}");
        assert_eq!(outcome.text, "the journal takes 128 KiB; before, it was 192 KiB");
        assert_eq!(outcome.examples, ["Vacuuming done"]);
        assert_eq!(host.read("called"), "--vacuum-size=102400\n");
    }

    #[test]
    fn a_journalctl_that_fails_is_a_failure() {
        let outcome = act(&host("echo denied >&2; exit 1"), Mode::Enforce);
        assert_eq!((outcome.status, outcome.freed_bytes), (Status::Failed, Some(0)));
        assert_eq!((outcome.text.as_str(), outcome.examples), ("journalctl exited with 1", vec!["denied".to_string()]));
    }

    #[test]
    fn a_small_journal_and_a_host_without_journalctl_are_left_alone() {
        assert_eq!(guards(&host(""), 100 * KIB), []);
        assert_eq!(guards(&host(""), 192 * KIB), [Guard::NoTarget]);
        let bare = Recorded::new();
        assert_eq!(guards(&bare, 0), [Guard::NoProgram, Guard::NoTarget]);
        assert_eq!(act(&bare, Mode::Enforce).text, "journalctl is not installed");
    }
}
