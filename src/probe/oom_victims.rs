//! Processes that the OOM killer killed, from the kernel log.

use super::cgroup_owner::OwnerNames;
use crate::base::text::{NAME_MAX, clean};
use crate::host::Root;

/// A killed process.
#[derive(Debug, Clone, PartialEq)]
pub struct Victim {
    /// Name of the process.
    pub name: String,
    /// Its id.
    pub pid: u32,
    /// Memory it held, in bytes; 0: unknown.
    pub bytes: f64,
    /// Its unit or container; empty: unknown.
    pub unit: String,
}

/// The processes killed after a moment in seconds since boot, the newest first.
pub fn oom_victims(root: &Root, since: f64) -> Vec<Victim> {
    let messages = root.kernel_messages(|text| text.contains("Killed process ") || text.contains("oom-kill:"));
    let since = since - root.suspended_seconds().unwrap_or(0.0);
    let (mut found, mut groups) = (Vec::<Victim>::new(), Vec::new());
    for message in messages.iter().filter(|message| message.seconds >= since) {
        if let Some(group) = group(&message.text) {
            groups.push(group);
        } else if let Some(victim) = victim(&message.text).filter(|victim| found.iter().all(|it| it.pid != victim.pid))
        {
            found.push(victim);
        }
    }
    let mut names = OwnerNames::new(root);
    for victim in &mut found {
        let path = groups.iter().rev().find(|(pid, _)| *pid == victim.pid).map(|(_, path)| *path);
        victim.unit = path.and_then(|path| names.owner_of_cgroup(path)).map(|owner| owner.name).unwrap_or_default();
    }
    found.reverse();
    found
}

/// `Out of memory: Killed process 1234 (java) total-vm:8000kB, anon-rss:5000kB, …`
fn victim(text: &str) -> Option<Victim> {
    let (_, rest) = text.split_once("Killed process ")?;
    let (pid, rest) = rest.split_once(" (")?;
    // The name may contain a parenthesis; what follows it does not.
    let (name, rest) = rest.rsplit_once(')')?;
    let kilobytes = |key: &str| -> Option<f64> {
        let (_, rest) = rest.split_once(key)?;
        rest.split_once("kB")?.0.parse().ok()
    };
    let held = ["anon-rss:", "file-rss:", "shmem-rss:"].into_iter().filter_map(kilobytes).sum::<f64>();
    Some(Victim { name: clean(name, NAME_MAX), pid: pid.parse().ok()?, bytes: held * 1024.0, unit: String::new() })
}

/// `oom-kill:constraint=…,task_memcg=/system.slice/shop.service,task=java,pid=1234,uid=0`
fn group(text: &str) -> Option<(u32, &str)> {
    let (_, facts) = text.split_once("oom-kill:")?;
    let (_, path) = facts.split_once("task_memcg=")?;
    let (path, rest) = path.split_once(",task=")?;
    let (_, pid) = rest.rsplit_once("pid=")?;
    Some((pid.split(',').next()?.parse().ok()?, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_old_and_new_kernels() {
        let of = |text: &str| victim(text).map(|victim| (victim.name, victim.pid, victim.bytes / 1024.0));
        let new = "Memory cgroup out of memory: Killed process 812 (my (odd) name) total-vm:9000kB, anon-rss:5000kB, file-rss:20kB, shmem-rss:0kB, UID:0";
        assert_eq!(of(new), Some(("my (odd) name".to_string(), 812, 5020.0)));
        let old = "Killed process 9 (java), UID 33, total-vm:1kB, anon-rss:7kB";
        assert_eq!(of(old), Some(("java".to_string(), 9, 7.0)));
        for other in ["Killed process x (y) z", "Killed process 9", "oom-kill: nothing"] {
            assert_eq!((of(other), group(other)), (None, None), "{other}");
        }
        let constraint = "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/system.slice/shop.service,task=java,pid=812,uid=1000";
        assert_eq!(group(constraint), Some((812, "/system.slice/shop.service")));
    }
}
