//! Removes downloaded packages from the cache of the package manager: `apt-get clean`, `dnf clean packages`.
//!
//! pacman is left out: its cache holds the versions that one goes back to after a bad upgrade. So is zypper, which keeps none
//! unless it is told to.

use super::actuator::Actuator;
use super::by_incident;
use super::case::Case;
use super::guard::{Guard, Refusal};
use super::process_load::bytes;
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use super::{finished, tool};
use crate::base::sort::SmallSort;
use crate::host::Root;
use crate::model::action::{Outcome, Status, Target};
use crate::model::locale::key;
use crate::model::message::Message;
use std::time::{Duration, Instant};

/// Time to add up the sizes of the files.
const LOOK: Duration = Duration::from_secs(2);
/// Time kept for measuring the result.
const AROUND: Duration = Duration::from_secs(2);
/// Longest time that a package manager gets.
const LIMIT: Duration = Duration::from_secs(20);

/// A package manager that removes downloaded packages without a question, and nothing else.
struct Manager {
    program: &'static str,
    arguments: &'static [&'static str],
    cache: &'static str,
    suffix: &'static str,
}

const MANAGERS: [Manager; 4] = [
    Manager { program: "apt-get", arguments: &["clean"], cache: "var/cache/apt/archives", suffix: ".deb" },
    Manager { program: "dnf", arguments: &["clean", "packages"], cache: "var/cache/dnf", suffix: ".rpm" },
    Manager { program: "dnf5", arguments: &["clean", "packages"], cache: "var/cache/libdnf5", suffix: ".rpm" },
    Manager { program: "yum", arguments: &["clean", "packages"], cache: "var/cache/yum", suffix: ".rpm" },
];

impl Manager {
    /// Space that its downloaded packages take, in bytes.
    fn size(&self, root: &Root) -> u64 {
        root.allocated_below(self.cache, &|name| name.ends_with(self.suffix), Instant::now() + LOOK)
    }

    fn target(&self) -> Target {
        Target { name: format!("package cache of {}", self.program), ..Target::default() }
    }
}

/// The package managers of a host with the sizes of their caches, the largest first.
fn managers(root: &Root) -> Vec<(&'static Manager, u64)> {
    let there = MANAGERS.iter().filter(|manager| tool::installed(root, manager.program).is_ok());
    let mut found: Vec<(&Manager, u64)> = there.map(|manager| (manager, manager.size(root))).collect();
    found.arrange_by_key(|(_, size)| std::cmp::Reverse(*size));
    found
}

/// Clears the cache of the package manager.
pub struct ClearPackages;

impl Repair for ClearPackages {
    fn candidates(&self, case: &Case, situation: &Situation) -> Vec<Candidate> {
        let candidate = |target, refused| Candidate { target, refused, sighting: String::new() };
        let nothing = |detail: Message| vec![Refusal::with(Guard::NoTarget, detail)];
        let found = managers(&situation.root);
        if found.is_empty() {
            let target = Target { name: "package cache".to_string(), ..Target::default() };
            return vec![candidate(target, nothing(Message::new(key::REPAIR_PACKAGES_NONE)))];
        }
        let each = found.into_iter().map(|(manager, size)| {
            let empty = || Message::new(key::REPAIR_PACKAGES_EMPTY).with("manager", manager.program);
            let mut refused = if size == 0 { nothing(empty()) } else { Vec::new() };
            refused.extend(by_incident::elsewhere(case, &situation.root, &[manager.cache]));
            candidate(manager.target(), refused)
        });
        each.collect()
    }

    fn act(
        &self,
        target: &Target,
        _: &Case,
        situation: &Situation,
        actuator: &dyn Actuator,
        until: Instant,
    ) -> Outcome {
        let root = &situation.root;
        let refused = |refusal: Refusal| Outcome::new(Status::Failed, refusal.message);
        if let Some(work) = &situation.package_work {
            return refused(Refusal::with(Guard::PackageWork, work.as_str()));
        }
        let Some(manager) = MANAGERS.iter().find(|manager| manager.target().name == target.name) else {
            return refused(Refusal::with(Guard::NoTarget, target.name.as_str()));
        };
        let program = match tool::installed(root, manager.program) {
            Ok(program) => program,
            Err(refusal) => return refused(refusal),
        };
        let before = manager.size(root);
        let limit = until.saturating_duration_since(Instant::now()).saturating_sub(AROUND).min(LIMIT);
        if limit.is_zero() {
            return Outcome::new(Status::Failed, Message::new(key::REPAIR_NO_TIME));
        }
        let arguments: Vec<String> = manager.arguments.iter().map(|word| (*word).to_string()).collect();
        let done = actuator.run(&program, &arguments, Vec::new(), limit);
        let about = |key, freed| Message::new(key).with("freed", bytes(freed)).with("manager", manager.program);
        if actuator.is_dry() {
            let outcome = Outcome::new(Status::Simulated, about(key::REPAIR_PACKAGES_WOULD, before));
            return Outcome { freed_bytes: Some(before), ..outcome };
        }
        let ended = finished::outcome(manager.program, done, limit);
        let freed = before.saturating_sub(manager.size(root));
        if ended.status != Status::Done {
            return Outcome { freed_bytes: Some(freed), ..ended };
        }
        Outcome { freed_bytes: Some(freed), ..Outcome::new(Status::Done, about(key::REPAIR_PACKAGES_DONE, freed)) }
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
        let root = &situation.root;
        let there = managers(root).into_iter().filter(|(manager, _)| root.has(manager.cache));
        let denied = there.filter(|(manager, _)| !root.may_write(manager.cache));
        let denied: Vec<String> = denied.map(|(manager, _)| format!("/{}", manager.cache)).collect();
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

    /// A host with both kinds of package managers, and more in the cache of dnf.
    fn host() -> Recorded {
        let host = Recorded::new();
        host.write("var/cache/apt/archives/a_1.deb", &[1; 16 * 1024]);
        host.write("var/cache/apt/archives/lock", b"");
        host.write("var/cache/dnf/base/packages/b.rpm", &[1; 64 * 1024]);
        host.write("var/cache/dnf/base/repodata.xml", &[1; 64 * 1024]);
        host.tool("apt-get", "rm \"$HOST\"/var/cache/apt/archives/*.deb; echo \"apt $@\" >> \"$HOST\"/called");
        host.tool("dnf", "rm \"$HOST\"/var/cache/dnf/base/packages/*; echo \"dnf $@\" >> \"$HOST\"/called");
        host
    }

    fn candidates(situation: &Situation) -> Vec<(String, Vec<Guard>)> {
        let candidates = ClearPackages.candidates(&Case::default(), situation).into_iter();
        candidates
            .map(|it| (it.target.name, it.refused.iter().map(|refusal| refusal.guard).collect::<Vec<_>>()))
            .collect()
    }

    fn act(situation: &Situation, name: &str, mode: Mode) -> Outcome {
        let target = Target { name: name.to_string(), ..Target::default() };
        let until = Instant::now() + Duration::from_secs(20);
        ClearPackages.act(&target, &Case::default(), situation, actuator::of(mode), until)
    }

    #[test]
    fn downloaded_packages_are_removed_and_measured() {
        let host = host();
        let situation = Situation::calm(host.root(), Now::read());
        let (apt, dnf) = ("package cache of apt-get", "package cache of dnf");
        assert_eq!(candidates(&situation), [(dnf.to_string(), vec![]), (apt.to_string(), vec![])]);
        let before = host.tree();
        let dry = act(&situation, dnf, Mode::DryRun);
        assert_eq!((dry.status, dry.freed_bytes), (Status::Simulated, Some(64 * KIB)));
        assert_eq!(host.tree(), before, "a dry run changes nothing");
        let outcome = act(&situation, dnf, Mode::Enforce);
        assert_eq!((outcome.status, outcome.freed_bytes), (Status::Done, Some(64 * KIB)), "{outcome:?}");
        assert_eq!(outcome.text, "64 KiB of downloaded packages of dnf removed");
        assert_eq!(act(&situation, apt, Mode::Enforce).freed_bytes, Some(16 * KIB));
        assert_eq!(host.read("called"), "dnf clean packages\napt clean\n");
        let empty = vec![Guard::NoTarget];
        assert_eq!(candidates(&situation), [(apt.to_string(), empty.clone()), (dnf.to_string(), empty)]);
    }

    #[test]
    fn nothing_is_removed_while_a_package_manager_works() {
        let host = host();
        let situation =
            Situation { package_work: Some("dpkg".to_string()), ..Situation::calm(host.root(), Now::read()) };
        let before = host.tree();
        let outcome = act(&situation, "package cache of dnf", Mode::Enforce);
        assert_eq!((outcome.status, outcome.text.as_str()), (Status::Failed, "dpkg is at work"));
        assert_eq!(host.tree(), before);
    }

    #[test]
    fn without_a_package_manager_there_is_nothing_to_do() {
        let host = Recorded::new();
        host.write("var/cache/apt/archives/a_1.deb", &[1; 4096]);
        let situation = Situation::calm(host.root(), Now::read());
        assert_eq!(candidates(&situation), [("package cache".to_string(), vec![Guard::NoTarget])]);
        assert_eq!(act(&situation, "package cache of dnf", Mode::Enforce).status, Status::Failed);
        assert_eq!(act(&situation, "anything", Mode::Enforce).status, Status::Failed);
    }
}
