//! The top processes, with user and unit: the `processes` stream.

use super::command_line::command_line;
use super::stat::{IoBytes, ProcessStat};
use crate::base::clock::stamp;
use crate::base::sort::SmallSort;
use crate::base::text::{NAME_MAX, clean_bytes};
use crate::host::page_bytes;
use crate::host::process_files::ProcessFiles;
use crate::model::record::round;
use crate::probe::cgroup_owner::OwnerNames;
use crate::probe::fields::{lines, number, words};
use crate::probe::measurement::{Absent, Measurement};
use crate::probe::rates::{per_second, percent};
use chrono::TimeDelta;
use serde::Serialize;

/// Ticks per second in `/proc`: fixed to 100 for user space on every Linux (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// A process with its usage in the interval.
pub struct ProcessUsage {
    stat: ProcessStat,
    /// Percent of one core; `None` without a previous snapshot.
    cpu_percent: Option<f64>,
    read_bytes_per_second: Option<f64>,
    written_bytes_per_second: Option<f64>,
}

impl ProcessUsage {
    /// Usage since the process had these ticks and bytes, `seconds` ago.
    pub fn new(stat: ProcessStat, io: IoBytes, (ticks, io_before): (u64, IoBytes), seconds: Option<f64>) -> Self {
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

    /// The process.
    pub fn stat(&self) -> &ProcessStat {
        &self.stat
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
struct TopProcess {
    name: String,
    pid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command_line: Option<String>,
    started: String,
    /// Percent of one core, over the interval.
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

/// The section `unexplained` of the `processes` stream: usage that no listed process accounts for.
#[derive(Debug, Serialize)]
struct Unexplained {
    /// Percent of one core: CPU time of the host minus that of the listed processes. Includes short-lived processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    /// Memory in use minus the resident memory of the listed processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    /// Tasks that began and ended between two snapshots.
    #[serde(skip_serializing_if = "Option::is_none")]
    short_lived: Option<u64>,
}

/// Adds the top processes, and the usage they leave unexplained, to the record of processes.
pub fn measure(
    run: &mut Measurement<'_>,
    files: &mut ProcessFiles,
    usages: Vec<ProcessUsage>,
    short_lived: Option<u64>,
) -> Result<(), Absent> {
    let mut chosen = choose(usages, run.settings.top_processes);
    let cores = run.cores.unwrap_or(1).max(1) as f64;
    // More than all cores can give: a counter that jumped.
    let most = cores * 100.0 * 1.1;
    for usage in chosen.iter_mut().filter(|usage| usage.cpu() > most) {
        usage.cpu_percent = None;
        run.discarded += 1;
    }
    let listed_cpu: f64 = chosen.iter().map(ProcessUsage::cpu).sum();
    let all_cpu = run
        .busy_ticks
        .zip(run.previous)
        .map(|(ticks, (_, seconds))| ticks as f64 / TICKS_PER_SECOND / seconds * 100.0)
        .filter(|all| *all <= most);
    let page_bytes = page_bytes();
    let listed_memory = chosen.iter().map(|usage| usage.stat.resident_pages.saturating_mul(page_bytes));
    let listed_memory = listed_memory.fold(0, u64::saturating_add);
    let unexplained = Unexplained {
        cpu_percent: all_cpu.map(|all| round((all - listed_cpu).max(0.0))),
        memory_bytes: run.memory_bytes.map(|(used, _)| used.saturating_sub(listed_memory)),
        short_lived,
    };
    let mut describe = Describe {
        passwd: run.root.etc("passwd").unwrap_or_default(),
        owners: OwnerNames::new(run.root),
        files,
        page_bytes,
        run,
    };
    let top: Vec<TopProcess> = chosen.into_iter().map(|usage| describe.process(usage)).collect();
    let added = run.processes.add("process", &top).and_then(|()| run.processes.add("unexplained", &unexplained));
    added.map_err(|error| error.to_string())
}

/// The processes with the highest CPU, memory and I/O: a third of the places each. Places that one of them does not need
/// go to the next.
fn choose(mut used: Vec<ProcessUsage>, places: usize) -> Vec<ProcessUsage> {
    // Idle kernel threads use nothing at all.
    used.retain(|used| used.stat.resident_pages > 0 || used.cpu() > 0.0);
    let mut chosen: Vec<ProcessUsage> = Vec::with_capacity(places);
    let mut take = |used: &mut Vec<ProcessUsage>, until: usize, key: &dyn Fn(&ProcessUsage) -> f64| {
        let mut keys: Vec<(f64, u64, u32)> = used
            .iter()
            .map(|used| (key(used), used.stat.resident_pages, used.stat.pid))
            .filter(|key| key.0 > 0.0)
            .collect();
        keys.arrange_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        keys.truncate(until.saturating_sub(chosen.len()));
        chosen.extend(used.extract_if(.., |used| keys.iter().any(|(_, _, pid)| *pid == used.stat.pid)));
    };
    take(&mut used, places / 3, &ProcessUsage::io);
    take(&mut used, places - places / 3, &ProcessUsage::cpu);
    take(&mut used, places, &|used| used.stat.resident_pages as f64);
    chosen.arrange_by(|a, b| b.cpu().total_cmp(&a.cpu()).then(b.stat.resident_pages.cmp(&a.stat.resident_pages)));
    chosen
}

/// Looks up the displayed properties of a process.
struct Describe<'a, 'b> {
    run: &'a Measurement<'b>,
    files: &'a mut ProcessFiles,
    owners: OwnerNames<'b>,
    passwd: Vec<u8>,
    page_bytes: u64,
}

impl Describe<'_, '_> {
    fn process(&mut self, usage: ProcessUsage) -> TopProcess {
        let ProcessStat { pid, name, start_ticks, resident_pages, .. } = usage.stat;
        let now = self.run.now;
        let memory_bytes = resident_pages.saturating_mul(self.page_bytes);
        let age = (now.boottime_seconds - start_ticks as f64 / TICKS_PER_SECOND).max(0.0);
        let started = now.wall.checked_sub_signed(TimeDelta::milliseconds((age * 1e3) as i64)).unwrap_or(now.wall);
        let uid = self.files.read(pid, "status").ok().and_then(effective_uid);
        let cgroup = self.files.read(pid, "cgroup").ok();
        let unit = cgroup.and_then(|cgroup| self.owners.owner_of_process(cgroup));
        let line = if self.run.settings.command_lines { self.files.read(pid, "cmdline").ok() } else { None };
        TopProcess {
            name: name.clean(),
            pid: pid.to_string(),
            user: uid.map(|uid| user_name(&self.passwd, uid)),
            unit,
            command_line: line.map(command_line).filter(|line| !line.is_empty()),
            started: stamp(started),
            cpu_percent: usage.cpu_percent,
            memory_bytes,
            memory_percent: self.run.memory_bytes.map(|(_, total)| percent(memory_bytes as f64, total as f64)),
            read_bytes_per_second: usage.read_bytes_per_second,
            written_bytes_per_second: usage.written_bytes_per_second,
        }
    }
}

/// The effective user id: second number of `Uid:` in proc_pid_status(5).
pub fn effective_uid(status: &[u8]) -> Option<u32> {
    let ids = lines(status).find_map(|line| line.strip_prefix(b"Uid:"))?;
    u32::try_from(number(words(ids).nth(1)?)?).ok()
}

/// The name in `/etc/passwd`, or the number. No name service is asked, because it may hang.
pub fn user_name(passwd: &[u8], uid: u32) -> String {
    let find = |line: &[u8]| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        (number(fields.nth(1)?)? == u64::from(uid)).then(|| clean_bytes(name, NAME_MAX))
    };
    lines(passwd).find_map(find).unwrap_or_else(|| uid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_and_unit() {
        assert_eq!(effective_uid(b"Name:\tx\nUid:\t0\t33\t0\t0\n"), Some(33));
        assert_eq!(user_name(b"root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/x\n", 33), "www-data");
        assert_eq!(user_name(b"", 7), "7");
    }
}
