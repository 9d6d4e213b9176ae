//! What is wrong with a store, gathered so that ten thousand damaged lines are one line.

use crate::base::text::plural;
use crate::store::tier::Tier;
use serde::Serialize;
use std::collections::HashMap;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A line whose checksum is wrong, or that is no record.
    DamagedLine,
    /// A part of a gzip file that cannot be inflated, or that belongs to no member.
    DamagedMember,
    /// A record in the file of another day or the member of another hour.
    Misplaced,
    /// A record that stands behind a later one of the same boot.
    WrongOrder,
    /// A record that stands there twice.
    Repeated,
    /// Records of two hosts in one file, by turns.
    MixedHosts,
    /// A day that is after tomorrow.
    Future,
    /// What is no regular file where one should be.
    NotRegular,
    /// What cannot be read.
    Unreadable,
    /// A state file that is no JSON.
    DamagedState,
    /// A file of the outbox that is no alert.
    DamagedAlert,
    /// A damaged block of a column or a rollup.
    DamagedBlock,
    /// A sealed day without rollup.
    RollupMissing,
    /// A rollup that says something else than the snapshots.
    RollupWrong,
    /// A remark: the host has another name from here on.
    Renamed,
    /// A remark: the clock was set back.
    ClockSetBack,
    /// A rollup knows of snapshots that are gone.
    SnapshotsMissing,
    /// A remark: a temporary file that a write left behind.
    Leftover,
    /// A remark: what was set aside earlier.
    SetAside,
    /// A remark: a file that is none of osmon's.
    Foreign,
}

impl Kind {
    /// Whether it is nothing wrong.
    pub fn is_remark(self) -> bool {
        matches!(self, Self::Renamed | Self::ClockSetBack | Self::Leftover | Self::SetAside | Self::Foreign)
    }
}

/// Whose repair puts a finding right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A day of a stream.
    Day(String, String),
    /// A period of a tier.
    Period(Tier, String),
    /// The rollups of a day.
    Rollups(String),
    /// Snapshots of a day that are gone, and how many are left.
    Loss(String, usize),
    /// The file itself.
    File,
}

/// One thing that is wrong, or a remark.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// Below the data directory.
    pub file: String,
    /// Where in it the first one is: member, line; empty: the file as a whole.
    pub place: String,
    /// Time of the nearest intact record before.
    pub since: Option<String>,
    /// How many.
    pub count: usize,
    /// What it costs, or the reason.
    pub text: String,
    #[serde(skip)]
    /// Whose repair puts it right.
    pub target: Target,
    #[serde(skip)]
    /// Others of the same file.
    pub more: Vec<Target>,
}

/// Where something is.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// Below the data directory.
    pub file: &'a str,
    /// Member and line.
    pub place: String,
    /// Time of the nearest intact record before; empty: none.
    pub since: &'a str,
    /// The reason, where there is more to say than the kind does.
    pub reason: &'a str,
    /// Whose repair puts it right.
    pub target: &'a Target,
}

/// Findings by kind and file.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Finding>,
    index: HashMap<(Kind, String), usize>,
}

impl Findings {
    /// Takes one; of the same kind in the same file only the first has its place told.
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

    /// Another target of what was found already: it is put right too.
    pub fn also(&mut self, kind: Kind, file: &str, target: &Target) {
        if let Some(known) = self.index.get(&(kind, file.to_string())).and_then(|at| self.list.get_mut(*at))
            && known.target != *target
        {
            known.more.push(target.clone());
        }
    }

    /// A finding about a file as a whole.
    pub fn file(&mut self, kind: Kind, file: &str, reason: &str, target: &Target) {
        self.add(kind, Place { file, place: String::new(), since: "", reason, target });
    }

    /// Whether there is one of a day of a stream.
    pub fn has_day(&self, stream: &str, day: &str) -> bool {
        let is_it = |target: &Target| matches!(target, Target::Day(own, name) if own == stream && name == day);
        self.list.iter().any(|finding| !finding.kind.is_remark() && is_it(&finding.target))
    }

    /// All of them, with what each costs: what is wrong, and remarks.
    pub fn finish(self) -> (Vec<Finding>, Vec<Finding>) {
        let told = self.list.into_iter().map(|finding| Finding { text: text(&finding), ..finding });
        told.partition(|finding| !finding.kind.is_remark())
    }
}

/// What is wrong and what it costs, in words.
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
        Kind::MixedHosts => format!("records of several hosts by turns, {}: {reason}", plural(count, "change")),
        Kind::Future => "a day that is after tomorrow: the clock was wrong".to_string(),
        Kind::NotRegular => format!("{reason}: nothing can be read or kept there"),
        Kind::Unreadable => format!("cannot be read: {reason}"),
        Kind::DamagedState => format!("{reason}: the generation before it is used where there is one"),
        Kind::DamagedAlert => format!("{reason}: it is never sent"),
        Kind::DamagedBlock => format!("{}{because}: can be made again from snapshots", plural(count, "damaged block")),
        Kind::RollupMissing => "there is no rollup of a sealed day: its metrics are not in long spans".to_string(),
        Kind::SnapshotsMissing => format!("{reason} are gone; what they came to is still in the rollups"),
        Kind::RollupWrong => format!("the rollup says something else than the snapshots: {reason}"),
        Kind::Renamed => format!("the host has another name from here on: {reason}"),
        Kind::ClockSetBack => format!("the clock was set back, {}", plural(count, "time")),
        Kind::Leftover => "a temporary file that a write left behind".to_string(),
        Kind::SetAside => "was set aside earlier; remove it when nobody needs it".to_string(),
        Kind::Foreign => "is none of osmon's files".to_string(),
    }
}
