//! Measures the host: counters and states from kernel files, one file per resource in [`resource`].
//!
//! A resource that cannot be read is missing from the snapshot, with the reason under `probe.failed`; it never fails the
//! run.

mod block_devices;
mod block_stack;
pub mod blocked_processes;
mod cgroup_kind;
mod cgroup_owner;
mod cgroup_tree;
pub mod counters;
mod diskstats;
mod fields;
mod growth;
pub mod host_change;
mod host_facts;
mod last_shutdown;
mod measurement;
pub mod memory_modules;
mod mount_tree;
pub mod mounts;
pub mod oom_victims;
pub mod open_files;
mod package;
mod periodic;
mod rates;
mod resource;
mod run;
pub mod same_host;
mod system;
mod utmp;
mod utmp_layout;

pub use counters::PreviousCounters;
pub use measurement::Scope;
pub use run::{ProbeRequest, ProbeResult, probe};
