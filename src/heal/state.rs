//! The state between two healing runs: `state/heal.json`. Counters of attempts are osmon's own, and age by the time
//! since boot only: no step of the wall clock makes a budget larger.

use super::moment::{DAY, Moment};
use super::situation::Pause;
use super::target_state::TargetState;
use crate::base::clock::Now;
use crate::model::action::ActionKind;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the state file.
pub const STATE: &str = "heal";
/// Version of the file.
const SCHEMA: u32 = 1;
/// Without a boot id, a time since boot that is this much earlier than that of the last run is of another boot, in seconds.
/// A run that waited for another one has the earlier reading.
const EARLIER_BOOT: f64 = 120.0;
/// The wall clock was set if it advanced this many seconds more or less than the time since boot.
const STEP_SECONDS: f64 = 90.0;

/// A process that did not end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unkillable {
    /// Process id.
    pub pid: u32,
    /// Start in clock ticks since boot.
    pub start_ticks: u64,
}

/// A healing run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRun {
    /// Its time.
    pub at: Moment,
    /// The user that it ran as.
    pub uid: u32,
}

/// Everything that healing remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HealState {
    /// Version of this file; a later version is not read.
    #[serde(deserialize_with = "known")]
    pub schema: u32,
    /// Boot to which the moments refer.
    #[serde(default)]
    pub boot_id: String,
    /// Healing is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// The last healing run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRun>,
    /// Targets of actions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetState>,
    /// In how many snapshots in a row a candidate was seen, by its identity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sightings: BTreeMap<String, u32>,
    /// Time since boot of the last snapshot that was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<f64>,
    /// Snapshots without a gap up to that one; 0: it follows a gap.
    #[serde(default)]
    pub streak: u32,
    /// Time at which the clock was last set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_set: Option<Moment>,
    /// Processes of this boot that did not end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unkillable: Vec<Unkillable>,
    /// Entries and metrics of open incidents that nothing will be done about for now (see [`HealState::stuck`]).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stuck: BTreeSet<String>,
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        schema if schema <= SCHEMA => Ok(schema),
        schema => Err(D::Error::custom(format!("schema {schema} is of a later osmon"))),
    }
}

impl HealState {
    /// Refers the moments to this boot, and notices a clock that was set. Called before anything is decided. What an
    /// earlier boot did ages by the time that the host has been running since.
    pub fn put_in_order(&mut self, now: &Now, boot_id: &str) {
        self.schema = SCHEMA;
        let last = self.last.as_ref().map(|last| last.at);
        // Runs read the clocks before they wait for each other: an earlier reading alone is no other boot.
        let is_earlier = last.is_some_and(|last| last.boottime_seconds > now.boottime_seconds + EARLIER_BOOT);
        let is_other_boot = self.boot_id != boot_id || (boot_id.is_empty() && is_earlier);
        if is_other_boot {
            let end = last.map_or(0.0, |last| last.boottime_seconds);
            // An attempt of a run that was killed is later than the last run that ended.
            self.moments().for_each(|moment| moment.boottime_seconds = (moment.boottime_seconds - end).min(0.0));
            self.boot_id = boot_id.to_string();
            self.unkillable.clear();
            self.forget_sightings();
        } else if let Some(last) = last {
            let walked = (now.wall - last.wall).num_milliseconds() as f64 / 1e3;
            let ran = now.boottime_seconds - last.boottime_seconds;
            if (walked - ran).abs() > STEP_SECONDS {
                self.clock_set = Some(Moment::of(now));
            }
        }
        if self.clock_set.is_some_and(|set| set.age_seconds(now) > DAY) {
            self.clock_set = None;
        }
        self.targets.iter_mut().for_each(|target| target.forget(now));
        self.targets.retain(|target| target.is_remembered(now));
    }

    /// Notes that a healing run of a user ends. The time of the last run never goes back.
    pub fn ran(&mut self, now: &Now, uid: u32) {
        let last = self.last.as_ref().map(|last| last.at);
        let later = last.filter(|last| last.boottime_seconds > now.boottime_seconds);
        self.last = Some(LastRun { at: later.unwrap_or_else(|| Moment::of(now)), uid });
    }

    /// The pause, if it is not over. One that is over is kept: a clock that is set back brings it back.
    pub fn pause_at(&self, now: &Now) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| now.wall < pause.until)
    }

    /// Every moment it contains.
    fn moments(&mut self) -> impl Iterator<Item = &mut Moment> {
        let own = self.last.iter_mut().map(|last| &mut last.at).chain(&mut self.clock_set);
        own.chain(self.targets.iter_mut().flat_map(TargetState::moments))
    }

    fn forget_sightings(&mut self) {
        self.sightings.clear();
        (self.snapshot, self.streak) = (None, 0);
    }

    /// Counts the candidates seen with a snapshot. `follows_seconds`: how long after the previous snapshot it was taken;
    /// `None`: it follows a gap. The same snapshot counts once.
    pub fn see(&mut self, seen: &BTreeSet<String>, boottime_seconds: f64, follows_seconds: Option<f64>) {
        let is_same = self.snapshot.is_some_and(|last| (last - boottime_seconds).abs() < 1e-3);
        if is_same {
            self.sightings.retain(|sighting, _| seen.contains(sighting));
            seen.iter().for_each(|sighting| {
                self.sightings.entry(sighting.clone()).or_insert(1);
            });
            return;
        }
        // "In a row": of the snapshots, not of the healing runs.
        let is_next = follows_seconds
            .zip(self.snapshot)
            .is_some_and(|(follows, last)| boottime_seconds - last <= follows * 1.5 && boottime_seconds > last);
        let before = std::mem::take(&mut self.sightings);
        let count = |sighting: &String| before.get(sighting).copied().filter(|_| is_next).unwrap_or(0);
        self.sightings = seen.iter().map(|sighting| (sighting.clone(), count(sighting).saturating_add(1))).collect();
        self.streak = match (follows_seconds.is_some(), is_next) {
            (false, _) => 0,
            (true, true) => self.streak.saturating_add(1),
            (true, false) => 1,
        };
        self.snapshot = Some(boottime_seconds);
    }

    /// The state of the target of an entry.
    pub fn target(&self, entry: &str, kind: ActionKind, name: &str) -> Option<&TargetState> {
        self.targets.iter().find(|target| target.is_of(entry, kind, name))
    }

    /// The state of the target of an entry, new if there is none.
    pub fn target_mut(&mut self, entry: &str, kind: ActionKind, name: &str) -> &mut TargetState {
        let at = self.targets.iter().position(|target| target.is_of(entry, kind, name));
        let at = at.unwrap_or_else(|| {
            self.targets.push(TargetState::new(entry, kind, name));
            self.targets.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "it was found or pushed above")]
        &mut self.targets[at]
    }

    /// Key of an incident that an entry may repair, in [`Self::stuck`].
    pub fn case_key(entry: &str, metric: &str) -> String {
        format!("{entry} {metric}")
    }
}

#[cfg(test)]
mod tests;
