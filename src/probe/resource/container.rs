//! Network transfer of containers that have a network of their own: `/proc/<pid>/net/dev` of a process in each.
//!
//! The list of containers is renewed every ten minutes, and when a process of one has ended.

use crate::host::Root;
use crate::probe::cgroup_kind::CONTAINER;
use crate::probe::cgroup_owner::OwnerNames;
use crate::probe::cgroup_tree::CgroupTree;
use crate::probe::fields::{lines, number, words};
use crate::probe::growth::{NoGrowth, growth, rate};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How often containers are looked up, in seconds.
const LIST_SECONDS: f64 = 600.0;
/// Name of the list among the counters.
const LIST: &str = "container.list";
/// Kinds of owners of cgroups that are containers.
const KINDS: [&str; 8] = ["docker", "podman", "lxc", "kubernetes", CONTAINER, "ecs", "mesos", "garden"];
/// Most bytes per second in each direction.
const BYTES_PER_SECOND_MAX: f64 = 1e12;
/// Most containers that are followed.
const COUNT_MAX: usize = 500;

/// An element of the section `container`.
#[derive(Debug, Serialize)]
struct Container<'a> {
    container: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    received_bytes_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_bytes_per_second: Option<f64>,
}

/// A container with a network of its own, kept with the counters.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Networked {
    name: String,
    kind: String,
    /// A process in it.
    pid: u32,
    /// Its network namespace: `net:[4026532281]`.
    namespace: String,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "container", scope: Scope::All, has_counters: true, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let (mut list, age) = run.periodic(LIST, LIST_SECONDS, |run| Ok(find(run.root)))?;
    let root = run.root;
    let read = |list: &[Networked]| -> Vec<Option<[u64; 2]>> {
        // The kernel gives the number of a process that has ended to another one.
        let is_there = |it: &Networked| root.network_namespace(it.pid).is_some_and(|found| found == it.namespace);
        let read = |it: &Networked| transferred(&root.proc(&format!("{}/net/dev", it.pid)).ok()?);
        list.iter().map(|it| if is_there(it) { read(it) } else { None }).collect()
    };
    let mut found = read(&list);
    if age > 0.0 && found.iter().any(Option::is_none) {
        list = run.periodic(LIST, 0.0, |run| Ok(find(run.root)))?.0;
        found = read(&list);
    }
    let before = run.previous::<BTreeMap<String, [u64; 2]>>("container");
    let mut counters = BTreeMap::new();
    let mut containers = Vec::new();
    for (container, [received, sent]) in
        list.iter().zip(&found).filter_map(|(container, found)| Some((container, (*found)?)))
    {
        counters.insert(container.namespace.as_str(), [received, sent]);
        let before = before.as_ref().and_then(|(before, seconds)| Some((*before.get(&container.namespace)?, *seconds)));
        let mut rate = |name: &str, at: fn([u64; 2]) -> u64| {
            let (before, seconds) = before.filter(|(_, seconds)| *seconds > 0.0)?;
            match growth(at([received, sent]), at(before), BYTES_PER_SECOND_MAX * seconds) {
                Ok(grown) => Some(rate(grown, seconds)),
                // Another network with the number of an earlier one: no fault.
                Err(NoGrowth::Fell { .. }) => None,
                Err(jumped) => {
                    run.discard(format!("container {}.{name}", container.name), jumped);
                    None
                }
            }
        };
        containers.push(Container {
            container: &container.name,
            kind: &container.kind,
            received_bytes_per_second: rate("received_bytes", |[received, _]| received),
            sent_bytes_per_second: rate("sent_bytes", |[_, sent]| sent),
        });
    }
    run.counters.keep("container", &counters);
    // An empty section says that there are none any more.
    if containers.is_empty() && before.is_none_or(|(before, _)| before.is_empty()) {
        return Ok(());
    }
    run.add("container", &containers)
}

/// The containers, each network once: those of a pod share theirs. One in the network of the host is left out: its
/// interfaces are measured there.
fn find(root: &Root) -> Vec<Networked> {
    let Some(tree) = CgroupTree::of(root) else { return Vec::new() };
    let mut names = OwnerNames::new(root);
    let mut seen: BTreeSet<String> = root.network_namespace(1).into_iter().collect();
    // Without the right to see the namespace of process 1, a network cannot be told from that of the host.
    if seen.is_empty() {
        return Vec::new();
    }
    let mut list: Vec<Networked> = Vec::new();
    for path in tree.paths().0 {
        let Some(owner) = names.owner_of_cgroup(&path).filter(|owner| KINDS.contains(&owner.kind)) else { continue };
        let Some(pid) = tree.process(&path) else { continue };
        let Some(namespace) = root.network_namespace(pid).filter(|namespace| seen.insert(namespace.clone())) else {
            continue;
        };
        if list.len() < COUNT_MAX {
            // The name of another one, such as of another user or engine: the path tells them apart.
            let is_known = list.iter().any(|known| known.name == owner.name);
            let name = if is_known { path } else { owner.name };
            list.push(Networked { name, kind: owner.kind.to_string(), pid, namespace });
        }
    }
    list
}

/// Bytes received and sent over all interfaces but the loopback, from `/proc/<pid>/net/dev`; `None` without a line of one.
fn transferred(content: &[u8]) -> Option<[u64; 2]> {
    let of = |line: &[u8]| {
        let colon = memchr::memrchr(b':', line)?;
        let name = line.get(..colon)?.trim_ascii();
        let numbers: Vec<u64> = words(line.get(colon + 1..)?).map_while(number).collect();
        (name != b"lo").then_some([*numbers.first()?, *numbers.get(8)?])
    };
    let is_readable = lines(content).any(|line| line.contains(&b':'));
    let sum =
        |[received, sent]: [u64; 2], [more, out]: [u64; 2]| [received.saturating_add(more), sent.saturating_add(out)];
    is_readable.then(|| lines(content).filter_map(of).fold([0, 0], sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEV: &str = "Inter-|   Receive  |  Transmit\n face |bytes packets|bytes\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n  eth0:1000 9 0 0 0 0 0 0 2000 9 0 0 0 0 0 0\n";

    #[test]
    fn the_loopback_is_no_transfer() {
        assert_eq!(transferred(DEV.as_bytes()), Some([1000, 2000]));
        assert_eq!(transferred(b""), None, "the process has ended");
    }

    proptest! {
        #[test]
        fn a_strange_line_costs_no_other(noise in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = transferred(&noise);
            let is_line = noise.contains(&b':') || noise.contains(&b'\n');
            prop_assume!(!is_line);
            prop_assert_eq!(transferred(&[noise.as_slice(), b"\n", DEV.as_bytes()].concat()), Some([1000, 2000]));
        }
    }
}
