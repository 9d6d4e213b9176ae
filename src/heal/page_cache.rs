//! Drops the page cache of the kernel (`vm.drop_caches`, proc_sys_vm(5)). The kernel gives this memory to programs by itself,
//! so it rarely helps, and what was cached is read from disk again.

use super::actuator::Actuator;
use super::by_incident;
use super::case::Case;
use super::process_load::bytes;
use super::repair::{Candidate, Repair, Verdict};
use super::situation::Situation;
use super::{finished, tool};
use crate::host::Root;
use crate::model::action::{Outcome, Status, Target};
use crate::model::locale::key;
use crate::model::message::Message;
use std::time::{Duration, Instant};

/// The setting that drops caches when it is written.
const SETTING: &str = "vm/drop_caches";
/// The page cache alone, without the caches of names and inodes.
const PAGES: &str = "1";
/// Longest time that sync(1) gets.
const SYNC_LIMIT: Duration = Duration::from_secs(10);

/// Drops the page cache.
pub struct DropCaches;

impl Repair for DropCaches {
    fn candidates(&self, _: &Case, situation: &Situation) -> Vec<Candidate> {
        let refused = tool::installed(&situation.root, "sync").err().into_iter().collect();
        let target = Target { name: "page cache".to_string(), ..Target::default() };
        vec![Candidate { target, refused, sighting: String::new() }]
    }

    fn act(&self, _: &Target, _: &Case, situation: &Situation, actuator: &dyn Actuator, until: Instant) -> Outcome {
        let root = &situation.root;
        let program = match tool::installed(root, "sync") {
            Ok(program) => program,
            Err(refusal) => return Outcome::new(Status::Failed, refusal.message),
        };
        let limit = until.saturating_duration_since(Instant::now()).min(SYNC_LIMIT);
        if limit.is_zero() {
            return Outcome::new(Status::Failed, Message::new(key::REPAIR_NO_TIME));
        }
        // Pages that are not yet written are not dropped.
        let synced = finished::outcome("sync", actuator.run(&program, &[], Vec::new(), limit), limit);
        if synced.status != Status::Done {
            return synced;
        }
        let before = free_memory(root);
        if let Err(error) = actuator.set_kernel_value(root, SETTING, PAGES) {
            return Outcome::plain(Status::Failed, format!("{SETTING}: {error}"));
        }
        if actuator.is_dry() {
            return Outcome::new(Status::Simulated, Message::new(key::REPAIR_CACHE_WOULD));
        }
        let freed = free_memory(root).saturating_sub(before);
        Outcome::new(Status::Done, Message::new(key::REPAIR_CACHE_DONE).with("freed", bytes(freed)))
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
        SYNC_LIMIT.as_secs() + 1
    }

    fn missing_right(&self, situation: &Situation) -> Option<String> {
        let may = situation.root.may_set_kernel_value(SETTING);
        (!may).then(|| format!("root, or to write to {}", SETTING.replace('/', ".")))
    }
}

/// `MemFree` of `/proc/meminfo`, in bytes.
fn free_memory(root: &Root) -> u64 {
    let content = root.proc("meminfo").unwrap_or_default();
    let text = String::from_utf8_lossy(&content);
    let words = text.lines().find_map(|line| line.strip_prefix("MemFree:"));
    let kib: Option<u64> = words.and_then(|words| words.split_ascii_whitespace().next()?.parse().ok());
    kib.unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Now;
    use crate::heal::actuator;
    use crate::heal::recorded::Recorded;
    use crate::model::action::Mode;

    fn host(sync: &str) -> Recorded {
        let host = Recorded::new();
        host.write("proc/sys/vm/drop_caches", b"0");
        host.write("proc/meminfo", b"MemTotal: 8000 kB\nMemFree: 1000 kB\n");
        host.tool("sync", sync);
        host
    }

    fn act(host: &Recorded, mode: Mode) -> Outcome {
        let situation = Situation::calm(host.root(), Now::read());
        let until = Instant::now() + Duration::from_secs(20);
        DropCaches.act(&Target::default(), &Case::default(), &situation, actuator::of(mode), until)
    }

    #[test]
    fn the_cache_is_dropped_after_a_sync() {
        let host = host("cat \"$HOST\"/proc/sys/vm/drop_caches > \"$HOST\"/at_sync");
        let before = host.tree();
        let dry = act(&host, Mode::DryRun);
        assert_eq!((dry.status, host.tree()), (Status::Simulated, before), "a dry run changes nothing");
        assert!(dry.text.contains("rarely helps"));
        let outcome = act(&host, Mode::Enforce);
        assert_eq!(outcome.status, Status::Done, "{outcome:?}");
        assert!(outcome.text.contains("rarely helps"), "{}", outcome.text);
        assert_eq!((host.read("at_sync").as_str(), host.read("proc/sys/vm/drop_caches").as_str()), ("0", "1"));
    }

    #[test]
    fn nothing_is_dropped_without_a_sync_or_the_right() {
        let host = host("exit 1");
        assert_eq!(act(&host, Mode::Enforce).text, "sync exited with 1");
        assert_eq!(host.read("proc/sys/vm/drop_caches"), "0");
        let bare = Recorded::new();
        let situation = Situation::calm(bare.root(), Now::read());
        assert_eq!(DropCaches.candidates(&Case::default(), &situation)[0].refused.len(), 1);
        assert_eq!(DropCaches.missing_right(&situation).as_deref(), Some("root, or to write to vm.drop_caches"));
    }
}
