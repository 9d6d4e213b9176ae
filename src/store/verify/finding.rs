//! Findings of a verification, grouped so that ten thousand damaged lines are one finding.

use crate::base::text::plural;
use crate::store::tier::Tier;
use serde::Serialize;
use std::collections::HashMap;

/// Kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A line with a wrong checksum, or that is no record.
    DamagedLine,
    /// A part of a gzip file that cannot be inflated or belongs to no member.
    DamagedMember,
    /// A record in the file of another day or the member of another hour.
    Misplaced,
    /// A record that follows a later one of the same boot.
    WrongOrder,
    /// A duplicate record.
    Repeated,
    /// Two hosts record here by turns.
    MixedHosts,
    /// A remark: a day later than tomorrow.
    Future,
    /// Something other than a regular file.
    NotRegular,
    /// A file or directory that cannot be read.
    Unreadable,
    /// A state file that is not JSON.
    DamagedState,
    /// A file of the outbox that is not an alert.
    DamagedAlert,
    /// A damaged block of a column or a rollup.
    DamagedBlock,
    /// A sealed day without rollup.
    RollupMissing,
    /// A rollup that disagrees with the snapshots.
    RollupWrong,
    /// A remark: the name of the host changes.
    Renamed,
    /// A remark: the clock was set back.
    ClockSetBack,
    /// Snapshots are missing that a rollup was made from.
    SnapshotsMissing,
    /// A remark: a temporary file of an interrupted write.
    Leftover,
    /// A remark: data in the quarantine.
    SetAside,
    /// A remark: a file that does not belong to osmon.
    Foreign,
}

impl Kind {
    /// Returns whether the kind is a remark rather than a fault.
    pub fn is_remark(self) -> bool {
        matches!(
            self,
            Self::Future | Self::Renamed | Self::ClockSetBack | Self::Leftover | Self::SetAside | Self::Foreign
        )
    }
}

/// The part of the store that a repair has to treat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A day of a stream.
    Day(String, String),
    /// A period of a tier.
    Period(Tier, String),
    /// The rollups of a day.
    Rollups(String),
    /// A day with missing snapshots, and the number that is left.
    Loss(String, usize),
    /// The file itself.
    File,
}

/// A fault, or a remark.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Kind.
    pub kind: Kind,
    /// Path relative to the data directory.
    pub file: String,
    /// Position of the first occurrence: member, line. Empty for a whole file.
    pub place: String,
    /// Time of the nearest intact record before it.
    pub since: Option<String>,
    /// Number of occurrences.
    pub count: usize,
    /// Its consequence, or the reason.
    pub text: String,
    #[serde(skip)]
    /// Part to repair.
    pub target: Target,
    #[serde(skip)]
    /// Further parts of the same file to repair.
    pub more: Vec<Target>,
}

impl Finding {
    /// The stream and day (`snapshots/2026-11-20`) in which two hosts recorded by turns, when that is the finding.
    pub fn mixed_day(&self) -> Option<String> {
        match (self.kind, &self.target) {
            (Kind::MixedHosts, Target::Day(stream, day)) => Some(format!("{stream}/{day}")),
            _ => None,
        }
    }
}

/// Position of a finding.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// Path relative to the data directory.
    pub file: &'a str,
    /// Member and line.
    pub place: String,
    /// Time of the nearest intact record before it; empty when there is none.
    pub since: &'a str,
    /// The reason, if it adds to the kind.
    pub reason: &'a str,
    /// Part to repair.
    pub target: &'a Target,
}

/// Findings by kind and file.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    index: HashMap<(Kind, String), usize>,
}

impl Findings {
    /// Adds an occurrence. Only the position of the first one of the same kind and file is kept.
    pub fn add(&mut self, kind: Kind, place: Place) {
        if let Some(known) = self.index.get(&(kind, place.file.to_string())).and_then(|at| self.list.get_mut(*at)) {
            known.count += 1;
            return;
        }
        self.index.insert((kind, place.file.to_string()), self.list.len());
        self.list.push(Finding {
            kind,
            file: place.file.to_string(),
            place: place.place,
            since: Some(place.since.to_string()).filter(|since| !since.is_empty()),
            count: 1,
            text: place.reason.to_string(),
            target: place.target.clone(),
            more: Vec::new(),
        });
    }

    /// Adds a further part to repair to an existing finding.
    pub fn also(&mut self, kind: Kind, file: &str, target: &Target) {
        if let Some(known) = self.index.get(&(kind, file.to_string())).and_then(|at| self.list.get_mut(*at))
            && known.target != *target
        {
            known.more.push(target.clone());
        }
    }

    /// Adds a finding about a whole file.
    pub fn file(&mut self, kind: Kind, file: &str, reason: &str, target: &Target) {
        self.add(kind, Place { file, place: String::new(), since: "", reason, target });
    }

    /// Returns whether there is a finding about that file.
    pub fn has_file(&self, file: &str) -> bool {
        self.list.iter().any(|finding| finding.file == file)
    }

    /// Returns whether a file whose path begins like that cannot be read.
    pub fn is_unreadable(&self, file: &str) -> bool {
        self.list.iter().any(|finding| finding.kind == Kind::Unreadable && finding.file.starts_with(file))
    }

    /// Returns whether a day of a stream has a finding.
    pub fn has_day(&self, stream: &str, day: &str) -> bool {
        let is_it = |target: &Target| matches!(target, Target::Day(own, name) if own == stream && name == day);
        self.list.iter().any(|finding| !finding.kind.is_remark() && is_it(&finding.target))
    }

    /// Returns the faults and the remarks, each with its consequence.
    pub fn finish(self) -> (Vec<Finding>, Vec<Finding>) {
        let described = self.list.into_iter().map(|finding| Finding { text: text(&finding), ..finding });
        described.partition(|finding| !finding.kind.is_remark())
    }
}

/// The finding and its consequence as a sentence.
fn text(finding: &Finding) -> String {
    let (count, reason) = (finding.count, &finding.text);
    let records = match &finding.target {
        Target::Day(stream, _) if stream == "events" => "event",
        Target::Day(stream, _) if stream == "processes" => "record",
        _ => "snapshot",
    };
    let because = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    match finding.kind {
        Kind::DamagedLine => format!("{}{because}: {} lost", plural(count, "damaged line"), plural(count, records)),
        Kind::DamagedMember => {
            format!(
                "{} cannot be inflated{because}: up to {} of {records}s lost",
                plural(count, "part"),
                plural(count, "hour")
            )
        }
        Kind::Misplaced => {
            format!("{} of another day or hour: not found by who asks for their time", plural(count, records))
        }
        Kind::WrongOrder => format!("{} behind later ones: nothing is lost", plural(count, records)),
        Kind::Repeated => format!("{} repeated: nothing is lost", plural(count, records)),
        Kind::MixedHosts => format!(
            "two hosts record here by turns, {}: {reason}. All records are kept; give each host a data directory of its own",
            plural(count, "change")
        ),
        Kind::Future => {
            "a day that is after tomorrow: the clock was wrong; its records stay under this date".to_string()
        }
        Kind::NotRegular => format!("{reason}: nothing can be read or kept there"),
        Kind::Unreadable => format!("cannot be read: {reason}"),
        Kind::DamagedState => format!("{reason}: the generation before it is used where there is one"),
        Kind::DamagedAlert => format!("{reason}: it is never sent"),
        Kind::DamagedBlock => format!("{}{because}: can be made again from snapshots", plural(count, "damaged block")),
        Kind::RollupMissing => "there is no rollup of a sealed day: its metrics are not in long spans".to_string(),
        Kind::SnapshotsMissing => format!("{reason} are gone; what they came to is still in the rollups"),
        Kind::RollupWrong => format!("the rollup says something else than the snapshots: {reason}"),
        Kind::Renamed => format!("the name of the host changes, {}: {reason}", plural(count, "time")),
        Kind::ClockSetBack => format!("the clock was set back, {}", plural(count, "time")),
        Kind::Leftover => "a temporary file that a write left behind".to_string(),
        Kind::SetAside => "was set aside earlier; remove it when nobody needs it".to_string(),
        Kind::Foreign => format!("is none of osmon's files{because}"),
    }
}
