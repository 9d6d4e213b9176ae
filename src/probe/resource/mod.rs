//! The resources of a host, one file each. Each file holds a constant `RESOURCE` that registers it.

mod btrfs;
mod clock;
mod container;
mod cpu;
mod disk;
mod disk_health;
mod disk_io;
mod drop;
mod file_handle;
mod freshness;
mod limit;
mod load;
mod memory;
mod memory_error;
mod network;
mod nfs;
mod pressure;
mod process;
mod raid;
mod service;
mod session;
mod task;
mod tcp;
mod temperature;
mod unit;
mod zfs_pool;

use super::measurement::Resource;

/// Every resource, in the order of the snapshot.
pub const ALL: &[Resource] = &[
    cpu::RESOURCE,
    load::RESOURCE,
    memory::RESOURCE,
    memory_error::RESOURCE,
    pressure::RESOURCE,
    disk::RESOURCE,
    disk_io::RESOURCE,
    raid::RESOURCE,
    btrfs::RESOURCE,
    zfs_pool::RESOURCE,
    disk_health::RESOURCE,
    network::RESOURCE,
    tcp::RESOURCE,
    drop::RESOURCE,
    nfs::RESOURCE,
    temperature::RESOURCE,
    file_handle::RESOURCE,
    clock::RESOURCE,
    task::RESOURCE,
    process::RESOURCE,
    unit::RESOURCE,
    limit::RESOURCE,
    container::RESOURCE,
    service::RESOURCE,
    session::RESOURCE,
    freshness::RESOURCE,
];
