//! RAID: the arrays of the md driver.

mod array;
mod mdstat;

use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use array::Array;

/// The registration.
pub const RESOURCE: Resource = Resource { name: "raid", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let mut arrays = md(run);
    arrays.sort_by(|a, b| a.array.cmp(&b.array));
    if arrays.is_empty() { Ok(()) } else { run.add("raid", &arrays) }
}

/// Arrays of the md driver; none where the kernel does not have it.
fn md(run: &Measurement<'_>) -> Vec<Array> {
    let Ok(content) = run.root.proc("mdstat") else { return Vec::new() };
    let found = mdstat::parse(&String::from_utf8_lossy(&content));
    let mismatches = |name: &str| run.root.sys_line(&format!("block/{name}/md/mismatch_cnt")).ok()?.parse().ok();
    found.iter().filter_map(|md| Array::of_md(md, mismatches(&md.name))).collect()
}
