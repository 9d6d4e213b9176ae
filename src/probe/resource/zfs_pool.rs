//! Pools of ZFS: their state each minute from the kernel (`/proc/spl/kstat/zfs/POOL/state`), everything else every five
//! minutes from `zpool`.

mod status;

use crate::base::text::{clean, clean_bytes};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::rates::percent;
use serde::{Deserialize, Serialize};
use status::Status;

/// The registration.
pub const RESOURCE: Resource = Resource { name: "zfs_pool", scope: Scope::All, has_counters: false, measure };

/// Where the kernel has a directory for each pool.
const DIRECTORY: &str = "spl/kstat/zfs";
/// Interval at which zpool is run, in seconds.
const INTERVAL_SECONDS: f64 = 300.0;
/// Longest name of a pool (`ZFS_MAX_DATASET_NAME_LEN`), and longest text, in characters.
const TEXT_MAX: usize = 255;

/// An element of the section `zfs_pool`.
#[derive(Debug, Serialize)]
struct Pool {
    pool: String,
    /// In words: `online`, `degraded, resilver in progress`.
    state: String,
    /// The devices concerned: `sdb: faulted; sdc: 3 checksum errors`.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
    /// Its state is not `ONLINE`.
    degraded: bool,
    /// A device is being rebuilt.
    #[serde(skip_serializing_if = "Option::is_none")]
    resilvering: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_percent: Option<f64>,
    /// Errors of its devices since they were cleared (`zpool clear`).
    #[serde(skip_serializing_if = "Option::is_none")]
    device_errors: Option<u64>,
    /// Errors that could not be corrected: damaged files.
    #[serde(skip_serializing_if = "Option::is_none")]
    data_errors: Option<u64>,
}

/// What zpool says.
#[derive(Default, Serialize, Deserialize)]
struct Reading {
    list: String,
    status: String,
}

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let names = run.root.proc_directories(DIRECTORY);
    if names.is_empty() {
        return Ok(());
    }
    let state = |name: &str| run.root.proc(&format!("{DIRECTORY}/{name}/state")).ok();
    let states: Vec<(String, Option<String>)> = names
        .into_iter()
        .map(|name| {
            let state = state(&name).map(|line| clean_bytes(line.trim_ascii(), TEXT_MAX));
            (name, state)
        })
        .collect();
    // zpool would wait for a suspended pool.
    let is_suspended = states.iter().any(|(_, state)| state.as_deref() == Some("SUSPENDED"));
    let reading =
        if is_suspended { Ok((Reading::default(), 0.0)) } else { run.periodic("zfs_pool", INTERVAL_SECONDS, zpool) };
    let reading = match reading {
        Ok((reading, _)) => reading,
        Err(reason) => {
            run.failed.insert("zpool", reason);
            Reading::default()
        }
    };
    let of_status = status::parse(&reading.status);
    let pools: Vec<Pool> = states
        .iter()
        .filter_map(|(name, state)| {
            pool(name, state.as_deref(), of_status.iter().find(|it| it.pool == *name), &reading.list)
        })
        .collect();
    if pools.is_empty() { Ok(()) } else { run.add("zfs_pool", &pools) }
}

fn zpool(run: &mut Measurement<'_>) -> Result<Reading, Absent> {
    let run = |arguments: &[&str], recorded: &str| run.root.storage_program("zpool", arguments, recorded);
    let list = run(&["list", "-Hp", "-o", "name,size,allocated"], "zpool-list")?;
    Ok(Reading { list: list.unwrap_or_default(), status: run(&["status"], "zpool-status")?.unwrap_or_default() })
}

/// `None` for a directory that is no pool.
fn pool(name: &str, state: Option<&str>, status: Option<&Status>, list: &str) -> Option<Pool> {
    // The kernel is newer than zpool's answer, and older kernels do not have the file.
    let word = state.or(status.map(|status| status.state.as_str())).filter(|word| !word.is_empty())?;
    let resilvering = status.map(|status| status.is_resilvering);
    let mut text = word.to_lowercase();
    if let Some(status) = status.filter(|status| !status.scan.is_empty()) {
        text = format!("{text}, {}", status.scan);
    }
    let size = list.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let (found, total, used) =
            (fields.next()?, fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
        (found == name && total > 0 && used <= total).then_some((total, used))
    });
    Some(Pool {
        pool: clean(name, TEXT_MAX),
        state: clean(&text, TEXT_MAX),
        problem: clean(&status.map(|status| status.problems.join("; ")).unwrap_or_default(), TEXT_MAX),
        degraded: word != "ONLINE",
        resilvering,
        total_bytes: size.map(|(total, _)| total),
        used_percent: size.map(|(total, used)| percent(used as f64, total as f64)),
        device_errors: status.map(|status| status.device_errors),
        data_errors: status.map(|status| status.data_errors),
    })
}
