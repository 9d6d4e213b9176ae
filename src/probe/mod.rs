//! The host, measured: counters and states from the kernel's files, one file per resource.
//!
//! A resource that cannot be read is absent and says why under `probe.failed`; it never fails the run.

mod cgroup;
pub mod change;
mod cpu;
mod disk;
mod disk_io;
mod ending;
mod kernel;
mod load;
mod measure;
mod memory;
mod mounts;
mod network;
mod package;
mod pressure;
pub mod previous;
mod process;
mod process_top;
mod rate;
pub mod root;
mod secrets;
mod sensor;
mod service;
mod session;
mod socket;
mod system;
mod unit;
mod unit_name;
mod utmp;

pub use measure::{Asked, Probed, probe};
pub use previous::Previous;
pub use root::Root;

use measure::Measure;

/// Why a resource is not in the snapshot.
type Absent = String;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything: a snapshot.
    All,
    /// Who uses the host: processes and units, and what they are held against.
    Who,
}

/// One resource: its section's name and how it is measured.
struct Resource {
    name: &'static str,
    measure: fn(&mut Measure<'_>) -> Result<(), Absent>,
}

/// Every resource, in the order of the snapshot.
const RESOURCES: [Resource; 14] = [
    Resource { name: "cpu", measure: cpu::measure },
    Resource { name: "load", measure: load::measure },
    Resource { name: "memory", measure: memory::measure },
    Resource { name: "pressure", measure: pressure::measure },
    Resource { name: "disk", measure: disk::measure },
    Resource { name: "disk_io", measure: disk_io::measure },
    Resource { name: "network", measure: network::measure },
    Resource { name: "tcp", measure: socket::measure },
    Resource { name: "temperature", measure: sensor::measure },
    Resource { name: "file_handle", measure: kernel::measure },
    Resource { name: "process", measure: process::measure },
    Resource { name: "unit", measure: unit::measure },
    Resource { name: "service", measure: service::measure },
    Resource { name: "session", measure: session::measure },
];
