//! Which processes used most, and whose they are: the `processes` stream.

use super::Root;
use super::process::Stat;
use super::rate::percent;
use crate::base::clock::{Now, stamp};
use crate::base::text::{NAME_MAX, clean_bytes};
use crate::model::record::round;
use chrono::TimeDelta;
use nix::unistd::{SysconfVar, sysconf};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Ticks per second in `/proc`: fixed to 100 for user space on every Linux (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU ticks by pid and start: a pid alone is used again.
pub type TicksByProcess = HashMap<(u32, u64), u64>;

/// A process with what it used in the interval.
pub struct Used {
    stat: Stat,
    /// Of one core; `None` without a snapshot before.
    cpu_percent: Option<f64>,
}

impl Used {
    /// A process that was not there before has used all its CPU time in this interval.
    pub fn new(stat: Stat, before: Option<(&TicksByProcess, f64)>) -> Self {
        let cpu_percent = before.and_then(|(before, seconds)| {
            let earlier = before.get(&(stat.pid, stat.start_ticks)).copied().unwrap_or(0);
            let ticks = stat.ticks.checked_sub(earlier)?;
            (seconds > 0.0).then(|| round(ticks as f64 / TICKS_PER_SECOND / seconds * 100.0))
        });
        Self { stat, cpu_percent }
    }
}

/// An element of the stream `processes`.
#[derive(Debug, Serialize)]
pub struct Top {
    name: String,
    pid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    started: String,
    /// Of one core, over the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    memory_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_percent: Option<f64>,
}

/// The processes that used most CPU, and at least a third of the places for those that hold most memory.
pub fn choose(mut used: Vec<Used>, count: usize, root: &Root, now: Now, memory_total: Option<u64>) -> Vec<Top> {
    // Idle kernel threads use nothing at all.
    used.retain(|used| used.stat.resident_pages > 0 || used.cpu_percent.is_some_and(|cpu| cpu > 0.0));
    let by_memory = {
        let mut order: Vec<(u64, u32)> = used.iter().map(|used| (used.stat.resident_pages, used.stat.pid)).collect();
        order.sort_unstable_by(|a, b| b.cmp(a));
        order
    };
    let cpu = |used: &Used| used.cpu_percent.unwrap_or(0.0);
    used.sort_by(|a, b| cpu(b).total_cmp(&cpu(a)).then(b.stat.resident_pages.cmp(&a.stat.resident_pages)));
    let busy = used.iter().filter(|used| cpu(used) > 0.0).take(count - count / 3).map(|used| used.stat.pid);
    let mut chosen: HashSet<u32> = busy.collect();
    chosen.extend(
        by_memory
            .iter()
            .map(|(_, pid)| *pid)
            .filter(|pid| !chosen.contains(pid))
            .take(count - chosen.len())
            .collect::<Vec<_>>(),
    );
    let passwd = root.etc("passwd").unwrap_or_default();
    used.into_iter()
        .filter(|used| chosen.contains(&used.stat.pid))
        .map(|used| describe(used, root, now, &passwd, memory_total))
        .collect()
}

fn describe(used: Used, root: &Root, now: Now, passwd: &[u8], memory_total: Option<u64>) -> Top {
    let Stat { pid, name, start_ticks, resident_pages, .. } = used.stat;
    let memory_bytes = resident_pages.saturating_mul(page_bytes());
    let age = (now.boottime_seconds - start_ticks as f64 / TICKS_PER_SECOND).max(0.0);
    let started = now.wall.checked_sub_signed(TimeDelta::milliseconds((age * 1e3) as i64)).unwrap_or(now.wall);
    Top {
        name,
        pid: pid.to_string(),
        user: root
            .proc(&format!("{pid}/status"))
            .ok()
            .and_then(|status| uid(&status))
            .map(|uid| user_name(passwd, uid)),
        unit: root.proc(&format!("{pid}/cgroup")).ok().and_then(|cgroup| unit(&cgroup)),
        started: stamp(started),
        cpu_percent: used.cpu_percent,
        memory_bytes,
        memory_percent: memory_total.map(|total| percent(memory_bytes as f64, total as f64)),
    }
}

fn page_bytes() -> u64 {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

/// The effective user id: second number of `Uid:` in proc_pid_status(5).
fn uid(status: &[u8]) -> Option<u32> {
    let line = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    std::str::from_utf8(line).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// The name in `/etc/passwd`, or the number. No name service is asked: it may hang.
fn user_name(passwd: &[u8], uid: u32) -> String {
    let wanted = uid.to_string();
    passwd
        .split(|byte| *byte == b'\n')
        .map(|line| line.split(|byte| *byte == b':').collect::<Vec<_>>())
        .find(|fields| fields.get(2).is_some_and(|found| *found == wanted.as_bytes()))
        .and_then(|fields| fields.first().map(|name| clean_bytes(name, NAME_MAX)))
        .unwrap_or(wanted)
}

/// The systemd unit: the last part of the cgroup path that is a service or scope (cgroups(7)).
fn unit(cgroup: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(cgroup);
    let path = text.lines().find_map(|line| {
        line.strip_prefix("0::")
            .or_else(|| line.split_once(":name=systemd:").map(|(_, path)| path))
            .filter(|path| *path != "/")
    })?;
    let unit = path.rsplit('/').find(|part| part.ends_with(".service") || part.ends_with(".scope"))?;
    Some(clean_bytes(unit.as_bytes(), NAME_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_unit() {
        assert_eq!(uid(b"Name:\tx\nUid:\t0\t33\t0\t0\n"), Some(33));
        assert_eq!(user_name(b"root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/x\n", 33), "www-data");
        assert_eq!(user_name(b"", 7), "7");
        assert_eq!(unit(b"0::/system.slice/nginx.service\n").as_deref(), Some("nginx.service"));
        assert_eq!(
            unit(b"9:name=systemd:/user.slice/user-0.slice/session-3.scope\n0::/\n").as_deref(),
            Some("session-3.scope")
        );
        assert_eq!(unit(b"0::/\n"), None);
    }
}
