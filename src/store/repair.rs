//! Repairs the findings of [`verify`](super::verify). Damaged data is moved below `damaged/`, never deleted.
//!
//! Each step first copies damaged data and syncs, then replaces a file atomically: a repair that is interrupted can be
//! run again; the same bytes may then be in `damaged/` twice.

mod files;
mod quarantine;
mod records;
mod scan;

use super::day;
use super::loss::Losses;
use super::tier::Tier;
use super::verify::finding::{Finding, Kind, Target};
use super::verify::{KeptSince, Verified};
use super::{SNAPSHOTS, Store};
use anyhow::Result;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Parameters of a repair.
pub struct Repair<'a> {
    /// The present time.
    pub now: DateTime<Utc>,
    /// First day that each rolled-up tier keeps.
    pub kept_since: KeptSince<'a>,
    /// Called with a sentence for each action.
    pub say: &'a mut dyn FnMut(&str),
}

/// Describes what repair would do about a finding.
pub fn intention(finding: &Finding) -> String {
    let what = match (finding.kind, &finding.target) {
        (Kind::DamagedLine | Kind::DamagedMember, _) => {
            "set the damaged parts aside and keep every line that can be read"
        }
        (Kind::Misplaced, _) => "put the records into their own day",
        (Kind::WrongOrder, _) => "put the records into their order",
        (Kind::Repeated, _) => "set the repetitions aside",
        (Kind::NotRegular | Kind::DamagedAlert, _) => "set it aside",
        (Kind::DamagedState, _) => "set it aside; the generation before it takes its place if it is good",
        (Kind::DamagedBlock, _) => "set the damaged file aside and make it anew from snapshots",
        (Kind::MixedHosts, _) => "note it and remove nothing",
        (Kind::SnapshotsMissing, _) => "note the loss; the rollups stay",
        (Kind::RollupMissing | Kind::RollupWrong, _) => "make the rollups anew from snapshots",
        _ => return format!("{}: can do nothing about it: {}", finding.file, finding.text),
    };
    format!("{}: would {what} ({})", finding.file, finding.text)
}

impl Store {
    /// Repairs everything that can be repaired, and returns the findings of a second verification. The caller holds the
    /// lock.
    ///
    /// # Errors
    /// Errors of the file system; completed steps remain, and another call continues.
    pub fn repair(&self, repair: &mut Repair, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified> {
        let found = self.verify(repair.now, repair.kept_since, progress)?;
        self.remove_old_leftovers(&found.remarks, repair)?;
        for finding in found.findings.iter().filter(|finding| is_of_file(finding)) {
            self.repair_file(finding, repair)?;
        }
        let mixed: Vec<String> = found.findings.iter().filter_map(Finding::mixed_day).collect();
        if !mixed.is_empty() {
            for finding in found.findings.iter().filter(|finding| finding.kind == Kind::MixedHosts) {
                (repair.say)(&format!("{}: {}", finding.file, finding.text));
            }
            self.note_mixed_days(mixed)?;
        }
        let (touched, mistaken) = self.repair_streams(&found.findings, repair)?;
        let mut days = self.repair_tiers(&found.findings, repair)?;
        days.extend(touched.iter().cloned());
        let has_open_work = !days.is_empty() || found.findings.iter().any(|finding| is_of_tier(&finding.target));
        if has_open_work {
            for day in &days {
                self.remove_period(Tier::Columns, day)?;
            }
            self.forget_progress();
        }
        let mut months: BTreeMap<String, Vec<String>> = self.sealed_months("")?;
        months.values_mut().for_each(|sealed| sealed.retain(|day| days.contains(day)));
        for (month, sealed) in months.iter().filter(|(_, sealed)| !sealed.is_empty()) {
            self.rebuild_month(month, sealed, &mistaken)?;
            (repair.say)(&format!("rollups of {}: made anew", sealed.join(", ")));
        }
        let left = self.verify(repair.now, repair.kept_since, progress)?;
        let targets = left.findings.iter().flat_map(|finding| finding.more.iter().chain([&finding.target]));
        let losses: Losses = targets
            .filter_map(|target| if let Target::Loss(day, left) = target { Some((day.clone(), *left)) } else { None })
            .collect();
        if losses.is_empty() {
            return Ok(left);
        }
        for finding in left.findings.iter().filter(|finding| finding.kind == Kind::SnapshotsMissing) {
            (repair.say)(&format!("{}: {}", finding.file, finding.text));
        }
        self.note_losses(losses)?;
        self.verify(repair.now, repair.kept_since, progress)
    }

    /// Repairs days of streams. Returns the days of snapshots that were changed, and those whose rollups contain
    /// foreign samples.
    fn repair_streams(
        &self,
        findings: &[Finding],
        repair: &mut Repair,
    ) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
        let of_stream = findings.iter().filter(|finding| !is_beyond_repair(finding.kind));
        let mut work: BTreeSet<(String, String)> = of_stream
            .filter_map(|finding| match &finding.target {
                Target::Day(stream, day) => Some((stream.clone(), day.clone())),
                _ => None,
            })
            .collect();
        let (mut touched, mut mistaken) = (BTreeSet::new(), BTreeSet::new());
        while let Some((stream, day)) = work.pop_first() {
            let done = self.repair_day(&stream, &day, repair)?;
            (repair.say)(&format!("{stream}/{day}: {}", done.sentence()));
            let is_moved = !done.moved.is_empty();
            work.extend(done.moved.into_keys().map(|day| (stream.clone(), day)));
            if stream == SNAPSHOTS {
                if done.strange > 0 || is_moved {
                    mistaken.insert(day.clone());
                }
                touched.insert(day);
            }
        }
        Ok((touched, mistaken))
    }

    /// Repairs files of columns and rollups. Returns the days to be rolled up again.
    fn repair_tiers(&self, findings: &[Finding], repair: &mut Repair) -> Result<BTreeSet<String>> {
        let mut days = BTreeSet::new();
        let targets = |finding: &Finding| [vec![finding.target.clone()], finding.more.clone()].concat();
        for finding in findings.iter().filter(|finding| !is_beyond_repair(finding.kind)) {
            for target in targets(finding) {
                match target {
                    Target::Rollups(day) => {
                        days.insert(day);
                    }
                    Target::Period(tier, period) => {
                        self.repair_period(tier, &period, finding, repair)?;
                        let sealed = self.sealed_months("")?.into_values().flatten();
                        days.extend(sealed.filter(|day| tier != Tier::Columns && day.starts_with(&period)));
                    }
                    Target::Day(..) | Target::Loss(..) | Target::File => {}
                }
            }
        }
        Ok(days)
    }

    /// Moves a damaged file of a tier to the quarantine; its intact blocks stay.
    fn repair_period(&self, tier: Tier, period: &str, finding: &Finding, repair: &mut Repair) -> Result<()> {
        let path = self.directory().join(&finding.file);
        if finding.kind == Kind::NotRegular {
            self.quarantine_entry(&path)?;
        } else if path.exists() {
            self.quarantine_copy(&path)?;
            let is_open = self.days(SNAPSHOTS)?.iter().any(|day| day.name == period && day.plain.is_some());
            if tier == Tier::Columns || (tier == Tier::FiveMinutes && is_open) {
                // The next run rebuilds it.
                self.remove_period(tier, period)?;
            } else {
                self.rewrite_period(tier, period, &|_| false, &super::tier::Lines::new())?;
            }
        }
        (repair.say)(&format!("{}: set aside below damaged/", finding.file));
        Ok(())
    }
}

fn is_of_file(finding: &Finding) -> bool {
    finding.target == Target::File && !is_beyond_repair(finding.kind)
}

fn is_of_tier(target: &Target) -> bool {
    matches!(target, Target::Period(..) | Target::Rollups(_))
}

/// An unreadable file may become readable again, and only people know which of two hosts a history is for: both are
/// left alone.
pub fn is_beyond_repair(kind: Kind) -> bool {
    matches!(kind, Kind::Unreadable | Kind::MixedHosts)
}

/// The day after the present one.
fn tomorrow(now: DateTime<Utc>) -> String {
    day::of(now.checked_add_days(chrono::Days::new(1)).unwrap_or(now))
}
