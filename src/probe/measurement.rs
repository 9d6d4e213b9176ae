//! Common parts of the resources of a probe: registration, and the measurement in progress.

use super::block_devices::BlockDevices;
use super::counters::PreviousCounters;
use super::host_facts::HostFacts;
use crate::base::clock::Now;
use crate::config;
use crate::host::Root;
use crate::model::record::Record;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Why a resource, or a part of one, is missing from the snapshot: a sentence for people.
pub type Absent = String;

/// Reason given for a kernel file that does not parse.
pub const UNKNOWN_FORMAT: &str = "the file has a form that is not understood";

/// Most discarded values whose names and reasons are recorded with a snapshot.
pub const DISCARDED_NAMES_MAX: usize = 10;

/// Cores assumed where their number is not known, as a bound of what is possible.
pub const CORES_MAX: usize = 8192;

/// Resources measured by a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of them: a snapshot.
    All,
    /// Processes and units, and the totals their shares are computed from.
    Consumers,
}

/// A resource as it registers itself: a constant in its own file, listed in [`super::resource::ALL`].
pub struct Resource {
    /// Name of its main section in the snapshot, and of its reason under `probe.failed`.
    pub name: &'static str,
    /// Smallest scope in which it is measured.
    pub scope: Scope,
    /// The resource has rates and therefore counters to keep. Only such resources are read twice when there is no
    /// earlier snapshot.
    pub has_counters: bool,
    /// Reads the host, adds the sections, and keeps the counters.
    pub measure: fn(&mut Measurement<'_>) -> Result<(), Absent>,
}

/// A measurement in progress: the input of every resource and the place for its results. Resources are measured in the
/// order of the list; later ones use totals that earlier ones set.
pub struct Measurement<'a> {
    /// The host.
    pub root: &'a Root,
    /// The section `[probe]` of the configuration.
    pub settings: &'a config::Probe,
    /// Start of the run.
    pub now: Now,
    /// The counters of the previous snapshot and the seconds since then; `None`: no rates.
    pub previous: Option<(&'a PreviousCounters, f64)>,
    /// Counters kept by the previous snapshot, however old and of whichever boot; `None`: there was none.
    pub earlier: Option<&'a PreviousCounters>,
    /// Facts that do not change while the host runs.
    pub facts: HostFacts,
    /// Tasks of the kernel, threads included; set by `load`.
    pub tasks: Option<u64>,
    /// Number of cores that are online; set by `cpu`.
    pub cores: Option<usize>,
    /// CPU time used by everything since the previous snapshot, in ticks; set by `cpu`.
    pub busy_ticks: Option<u64>,
    /// Tasks started since the previous snapshot; set by `cpu`.
    pub forks: Option<u64>,
    /// Memory in use and total memory, in bytes; set by `memory`.
    pub memory_bytes: Option<(u64, u64)>,
    /// The block devices; set by `disk_io`.
    pub block_devices: Option<BlockDevices>,
    /// Number of impossible values that were left out.
    pub discarded: u64,
    /// Names of the first of them, and why.
    pub discarded_by_name: BTreeMap<String, String>,
    /// Absent parts of resources, by name.
    pub failed: BTreeMap<&'static str, Absent>,
    /// The counters for the next snapshot.
    pub counters: PreviousCounters,
    /// The snapshot.
    pub snapshot: Record,
    /// The record of the `processes` stream.
    pub processes: Record,
}

impl Measurement<'_> {
    /// Adds a section to the snapshot.
    ///
    /// # Errors
    /// When the section cannot be written as JSON.
    pub fn add(&mut self, name: &'static str, section: &impl Serialize) -> Result<(), Absent> {
        self.snapshot.add(name, section).map_err(|error| error.to_string())
    }

    /// The previous counters of a resource and the seconds since then.
    pub fn previous<T: DeserializeOwned>(&self, name: &str) -> Option<(T, f64)> {
        let (counters, seconds) = self.previous?;
        Some((counters.get(name)?, seconds))
    }

    /// A file below `/proc`, or the reason why it cannot be read.
    ///
    /// # Errors
    /// The message of the operating system.
    pub fn proc(&self, name: &str) -> Result<Vec<u8>, Absent> {
        self.root.proc(name).map_err(|error| error.to_string())
    }
}
