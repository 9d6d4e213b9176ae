//! An array in the snapshot: what is missing of it, and its state in words.

use super::mdstat::{Md, Sync};
use crate::base::text::{NAME_MAX, clean};
use crate::model::record::round;
use serde::Serialize;

/// Longest text, in characters.
const TEXT_MAX: usize = 255;

/// An element of the section `raid`.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Array {
    /// Name of the device: `md0`; of LVM: `vg-lv`.
    pub array: String,
    /// In words: `degraded: 1 of 2 members missing, rebuilding (12.6 %)`.
    pub state: String,
    /// `raid1`, `raid5`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub level: String,
    /// Failed members by name: `sdb1 failed`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// It does not run, so that nothing can be read from it.
    pub inactive: bool,
    /// Members it has when it is complete.
    pub members: u64,
    /// Of these, members that are not in use, also while they are rebuilt.
    pub missing_members: u64,
    /// Devices that the kernel took out because they failed.
    pub failed_members: u64,
    /// Devices that wait to replace a failed one.
    pub spare_members: u64,
    /// A missing member is rebuilt, or will be when another rebuild has ended.
    pub rebuilding: bool,
    /// Its level has parity (4, 5, 6), so that a mismatch is damage. (On mirrors swap and pages in flight cause some.)
    pub parity: bool,
    /// Progress of a rebuild, check or reshape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_percent: Option<f64>,
    /// Sectors that differed between members in the last pass, if that was a check and has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mismatches: Option<u64>,
}

impl Array {
    /// An array of the md driver; `None` for a container, which only holds the metadata of others.
    pub fn of_md(md: &Md, mismatches: Option<u64>) -> Option<Self> {
        let inactive = md.status != "active";
        if inactive && !md.external.is_empty() {
            return None;
        }
        let count = |flag: char| md.members.iter().filter(|member| member.has(flag)).count() as u64;
        let (failed, spare) = (count('F'), count('S'));
        let listed = (md.members.len() as u64).saturating_sub(count('J'));
        let (members, missing_members) = match md.slots {
            Some((all, used)) => (all, all.saturating_sub(used)),
            // Without redundancy a failed member is missing; of an inactive array nothing is known.
            None => (listed, failed),
        };
        let names = md.members.iter().filter(|member| member.has('F'));
        let names: Vec<String> = names.map(|member| format!("{} failed", member.name)).collect();
        let sync = md.sync.as_ref();
        let in_use = md.members.iter().filter(|member| !member.flags.contains(['F', 'S', 'J'])).count() as u64;
        // The kernel says `resync` of everything that waits. A member that is not in use yet waits for its rebuild.
        let waits = |sync: &Sync| sync.percent.is_none() && in_use > members.saturating_sub(missing_members);
        // A reshape rebuilds no member.
        let rebuilds = |sync: &Sync| sync.action == "recovery" || waits(sync);
        let rebuilding = missing_members > 0 && sync.is_some_and(rebuilds);
        let mut state = match () {
            () if inactive => md.status.clone(),
            () if missing_members > 0 => degraded(missing_members, members),
            () if failed > 0 => "complete, with a failed device".to_string(),
            () => "active".to_string(),
        };
        match sync {
            Some(sync) if rebuilding && sync.percent.is_none() => state += ", waiting for the rebuild",
            Some(sync) => state += &progress(sync),
            None => {}
        }
        Some(Self {
            array: clean(&md.name, NAME_MAX),
            state,
            level: clean(&md.level, NAME_MAX),
            problem: clean(&names.join(", "), TEXT_MAX),
            inactive,
            members,
            missing_members,
            failed_members: failed,
            spare_members: if inactive { 0 } else { spare },
            rebuilding,
            parity: has_parity(&md.level),
            sync_percent: sync.and_then(|sync| sync.percent).map(round),
            mismatches,
        })
    }
}

/// `degraded: 1 of 2 members missing`.
pub fn degraded(missing: u64, members: u64) -> String {
    format!("degraded: {missing} of {members} members missing")
}

/// Returns whether a level has parity: `raid5`, `raid6_zr`.
pub fn has_parity(level: &str) -> bool {
    ["raid4", "raid5", "raid6"].iter().any(|known| level.starts_with(known))
}

/// `, rebuilding (12.6 %)`.
pub fn progress(sync: &Sync) -> String {
    let word = match sync.action {
        "recovery" => "rebuilding",
        "resync" => "resyncing",
        "check" => "being checked",
        _ => "being reshaped",
    };
    match sync.percent {
        Some(percent) => format!(", {word} ({percent} %)"),
        None => format!(", waiting for its {}", sync.action),
    }
}
