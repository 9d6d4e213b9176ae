//! Which processes used most, and whose they are: the `processes` stream.

use super::measure::Measure;
use super::process::{Io, Stat};
use super::rate::{per_second, percent};
use super::root::page_bytes;
use super::secrets;
use super::unit_name::Names;
use crate::base::clock::stamp;
use crate::base::text::{NAME_MAX, clean_bytes};
use crate::model::record::round;
use chrono::TimeDelta;
use serde::Serialize;

/// Ticks per second in `/proc`: fixed to 100 for user space on every Linux (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A process with what it used in the interval.
pub struct Used {
    stat: Stat,
    /// Of one core; `None` without a snapshot before.
    cpu_percent: Option<f64>,
    read_bytes_per_second: Option<f64>,
    written_bytes_per_second: Option<f64>,
}

impl Used {
    /// What was used since there were so many ticks and bytes.
    pub fn new(stat: Stat, io: Io, (ticks, io_before): (u64, Io), seconds: Option<f64>) -> Self {
        let rate = |index: usize| {
            let (now, before) = (io?.get(index).copied()?, io_before?.get(index).copied()?);
            per_second(now, before, seconds?)
        };
        let (read_bytes_per_second, written_bytes_per_second) = (rate(0), rate(1));
        let cpu_percent = seconds
            .and_then(|seconds| per_second(stat.ticks, ticks, seconds))
            .map(|ticks| round(ticks / TICKS_PER_SECOND * 100.0));
        Self { stat, cpu_percent, read_bytes_per_second, written_bytes_per_second }
    }

    fn cpu(&self) -> f64 {
        self.cpu_percent.unwrap_or(0.0)
    }

    fn io(&self) -> f64 {
        self.read_bytes_per_second.unwrap_or(0.0) + self.written_bytes_per_second.unwrap_or(0.0)
    }
}

/// An element of the section `process` of the `processes` stream.
#[derive(Debug, Serialize)]
struct Top {
    name: String,
    pid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_line: Option<String>,
    started: String,
    /// Of one core, over the interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    memory_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_percent: Option<f64>,
    #[serde(skip_serializing_if = "is_little")]
    read_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "is_little")]
    written_bytes_per_second: Option<f64>,
}

fn is_little(rate: &Option<f64>) -> bool {
    rate.is_none_or(|rate| rate < 1.0)
}

/// The section `unexplained` of the `processes` stream: what no listed process accounts for.
#[derive(Debug, Serialize)]
struct Unexplained {
    /// Of one core: CPU time of the host less that of the processes above, so also what began and ended unseen.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    /// Memory in use less the resident memory of the processes above.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    /// Tasks that began and ended between two snapshots.
    #[serde(skip_serializing_if = "Option::is_none")]
    short_lived: Option<u64>,
}

/// Puts the processes that used most, and what they leave unexplained, into the record.
pub fn measure(measure: &mut Measure<'_>, used: Vec<Used>, short_lived: Option<u64>) -> Result<(), String> {
    let mut chosen = choose(used, measure.settings.top_processes);
    let cores = measure.cores.unwrap_or(1).max(1) as f64;
    // More than every core can give is a counter that jumped.
    let most = cores * 100.0 * 1.1;
    for used in chosen.iter_mut().filter(|used| used.cpu() > most) {
        used.cpu_percent = None;
        measure.discarded += 1;
    }
    let listed_cpu: f64 = chosen.iter().map(Used::cpu).sum();
    let all_cpu = measure
        .busy_ticks
        .zip(measure.before)
        .map(|(ticks, (_, seconds))| ticks as f64 / TICKS_PER_SECOND / seconds * 100.0)
        .filter(|all| *all <= most);
    let listed_memory = chosen
        .iter()
        .fold(0_u64, |sum, used| sum.saturating_add(used.stat.resident_pages.saturating_mul(page_bytes())));
    let unexplained = Unexplained {
        cpu_percent: all_cpu.map(|all| round((all - listed_cpu).max(0.0))),
        memory_bytes: measure.memory_bytes.map(|(used, _)| used.saturating_sub(listed_memory)),
        short_lived,
    };
    let passwd = measure.root.etc("passwd").unwrap_or_default();
    let top: Vec<Top> = chosen.into_iter().map(|used| describe(used, measure, &passwd)).collect();
    measure
        .processes
        .add("process", &top)
        .and_then(|()| measure.processes.add("unexplained", &unexplained))
        .map_err(|error| error.to_string())
}

/// The processes that used most CPU, held most memory and did most I/O: a third of the places each, and what one of
/// them does not need the next one takes.
fn choose(mut used: Vec<Used>, places: usize) -> Vec<Used> {
    // Idle kernel threads use nothing at all.
    used.retain(|used| used.stat.resident_pages > 0 || used.cpu() > 0.0);
    let mut chosen: Vec<Used> = Vec::with_capacity(places);
    let mut take = |used: &mut Vec<Used>, until: usize, key: &dyn Fn(&Used) -> f64| {
        let mut keys: Vec<(f64, u64, u32)> = used
            .iter()
            .map(|used| (key(used), used.stat.resident_pages, used.stat.pid))
            .filter(|key| key.0 > 0.0)
            .collect();
        keys.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        keys.truncate(until.saturating_sub(chosen.len()));
        chosen.extend(used.extract_if(.., |used| keys.iter().any(|(_, _, pid)| *pid == used.stat.pid)));
    };
    take(&mut used, places / 3, &Used::io);
    take(&mut used, places - places / 3, &Used::cpu);
    take(&mut used, places, &|used| used.stat.resident_pages as f64);
    chosen.sort_by(|a, b| b.cpu().total_cmp(&a.cpu()).then(b.stat.resident_pages.cmp(&a.stat.resident_pages)));
    chosen
}

fn describe(used: Used, measure: &Measure<'_>, passwd: &[u8]) -> Top {
    let (root, now) = (measure.root, measure.now);
    let Stat { pid, name, start_ticks, resident_pages, .. } = used.stat;
    let memory_bytes = resident_pages.saturating_mul(page_bytes());
    let age = (now.boottime_seconds - start_ticks as f64 / TICKS_PER_SECOND).max(0.0);
    let started = now.wall.checked_sub_signed(TimeDelta::milliseconds((age * 1e3) as i64)).unwrap_or(now.wall);
    let command_line = || root.proc(&format!("{pid}/cmdline")).ok().map(|content| secrets::command_line(&content));
    Top {
        name: name.clean(),
        pid: pid.to_string(),
        user: root
            .proc(&format!("{pid}/status"))
            .ok()
            .and_then(|status| uid(&status))
            .map(|uid| user_name(passwd, uid)),
        unit: root.proc(&format!("{pid}/cgroup")).ok().and_then(|cgroup| Names::new(root).owner_of(&cgroup)),
        command_line: if measure.settings.command_lines {
            command_line().filter(|line| !line.is_empty())
        } else {
            None
        },
        started: stamp(started),
        cpu_percent: used.cpu_percent,
        memory_bytes,
        memory_percent: measure.memory_bytes.map(|(_, total)| percent(memory_bytes as f64, total as f64)),
        read_bytes_per_second: used.read_bytes_per_second,
        written_bytes_per_second: used.written_bytes_per_second,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_unit() {
        assert_eq!(uid(b"Name:\tx\nUid:\t0\t33\t0\t0\n"), Some(33));
        assert_eq!(user_name(b"root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/x\n", 33), "www-data");
        assert_eq!(user_name(b"", 7), "7");
    }
}
