//! Repairs that do no harm: which incident is repaired, what refuses it, what is done, and whether it helped.
//!
//! `decide` is pure: (entries, cases, situation, state) → what to do and what refused it. A repair finds its candidates
//! and acts on one of them through an [`Actuator`], of which there are two: one acts, the other only records.

pub mod actuator;
pub mod allow_list;
pub mod budget;
pub mod by_incident;
pub mod case;
pub mod clean;
pub mod command;
pub mod decide;
pub mod end;
pub mod ending;
pub mod finished;
pub mod guard;
pub mod journal;
pub mod moment;
pub mod packages;
pub mod page_cache;
pub mod process_guards;
pub mod process_load;
pub mod process_owner;
pub mod protected;
#[cfg(test)]
mod recorded;
pub mod repair;
pub mod restart;
pub mod situation;
pub mod state;
pub mod target_state;
pub mod tool;

use crate::config::{HealEntry, RepairSpec};
use repair::Repair;

/// The repair of a configured entry.
pub fn repair(entry: &HealEntry) -> Box<dyn Repair> {
    match entry.repair.clone() {
        RepairSpec::Restart { unit } => Box::new(restart::Restart { unit, matches: entry.matches.clone() }),
        RepairSpec::End { executables, users, memory_bytes } => Box::new(end::End { executables, users, memory_bytes }),
        RepairSpec::Clean { directories, older_than, keep, stop_bytes } => {
            Box::new(clean::Clean { directories, older_than, keep, stop_bytes })
        }
        RepairSpec::VacuumJournal { keep_bytes } => Box::new(journal::VacuumJournal { keep_bytes }),
        RepairSpec::ClearPackages => Box::new(packages::ClearPackages),
        RepairSpec::DropCaches => Box::new(page_cache::DropCaches),
        RepairSpec::Run { command, timeout } => {
            Box::new(command::RunCommand { entry: entry.name.clone(), command, timeout })
        }
    }
}
