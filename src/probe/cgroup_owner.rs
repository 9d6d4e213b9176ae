//! The owner of a cgroup: a unit or a container, with the name that its users know.

use super::cgroup_kind::{self, classify};
use crate::base::text::{UNIT_NAME_MAX, clean};
use crate::host::Root;
use serde_json::Value;

/// Owner of a cgroup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CgroupOwner {
    /// Name as its users know it.
    pub name: String,
    /// The word of [`cgroup_kind`](super::cgroup_kind): `service`, `docker`, …
    pub kind: &'static str,
}

/// Names of owners. Container names are read once per run, and only if there are containers.
pub struct OwnerNames<'a> {
    root: &'a Root,
    podman: Option<Value>,
    pods: Option<Vec<String>>,
}

impl<'a> OwnerNames<'a> {
    /// Creates an empty cache.
    pub fn new(root: &'a Root) -> Self {
        Self { root, podman: None, pods: None }
    }

    /// Owner of a cgroup. A container whose name cannot be read is called by the first digits of its id.
    pub fn owner_of_cgroup(&mut self, path: &str) -> Option<CgroupOwner> {
        let (kind, id) = classify(path)?;
        let name = match kind {
            "docker" => self.docker(&id),
            "podman" => self.podman(&id),
            "kubernetes" => self.pod(&id),
            // The engine is not known by the path.
            cgroup_kind::CONTAINER => self.docker(&id).or_else(|| self.podman(&id)),
            "service" | "scope" => Some(unescape(&id)),
            _ => Some(id.clone()),
        };
        let name = name.unwrap_or_else(|| id.get(..12).unwrap_or(&id).to_string());
        Some(CgroupOwner { name: clean(&name, UNIT_NAME_MAX), kind })
    }

    /// Name of the owner of a process, by its `/proc/<pid>/cgroup` (cgroups(7)).
    pub fn owner_of_process(&mut self, cgroup: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(cgroup);
        let of_tree = |line: &'_ str| {
            line.split_once("::").or_else(|| line.split_once(":name=systemd:")).map(|(_, path)| path.to_string())
        };
        let paths = text
            .lines()
            .filter_map(of_tree)
            .chain(text.lines().filter_map(|line| line.splitn(3, ':').nth(2).map(str::to_string)));
        // A service may have created cgroups of its own below that of the unit.
        paths
            .filter(|path| path != "/")
            .find_map(|path| {
                path.match_indices('/')
                    .map(|(at, _)| at)
                    .skip(1)
                    .chain([path.len()])
                    .find_map(|end| self.owner_of_cgroup(path.get(..end)?))
            })
            .map(|owner| owner.name)
    }

    fn docker(&self, id: &str) -> Option<String> {
        let content = self.root.var(&format!("lib/docker/containers/{id}/config.v2.json")).ok()?;
        let config: Value = serde_json::from_slice(&content).ok()?;
        Some(config.get("Name")?.as_str()?.trim_start_matches('/').to_string())
    }

    fn podman(&mut self, id: &str) -> Option<String> {
        let root = self.root;
        let list = self.podman.get_or_insert_with(|| {
            let content = root.var("lib/containers/storage/overlay-containers/containers.json").unwrap_or_default();
            serde_json::from_slice(&content).unwrap_or_default()
        });
        let container =
            list.as_array()?.iter().find(|container| container.get("id").and_then(Value::as_str) == Some(id))?;
        Some(container.get("names")?.as_array()?.first()?.as_str()?.to_string())
    }

    /// The kubelet links each container's log as `POD_NAMESPACE_CONTAINER-ID.log`.
    fn pod(&mut self, id: &str) -> Option<String> {
        let root = self.root;
        let logs = self.pods.get_or_insert_with(|| root.var_names("log/containers").unwrap_or_default());
        let log = logs.iter().find_map(|log| log.strip_suffix(".log")?.strip_suffix(id)?.strip_suffix('-'))?;
        let mut parts = log.splitn(3, '_');
        let (pod, namespace, container) = (parts.next()?, parts.next()?, parts.next()?);
        Some(format!("{namespace}/{pod}/{container}"))
    }
}

/// Undoes systemd's `\x2d` for a hyphen in a unit's name (systemd.unit(5)).
fn unescape(name: &str) -> String {
    name.replace("\\x2d", "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_a_process() {
        let id = "0123456789abcdef".repeat(4);
        let owner = |cgroup: &str| {
            OwnerNames::new(&Root::new(Some(std::path::Path::new("/nonexistent")))).owner_of_process(cgroup.as_bytes())
        };
        assert_eq!(owner("0::/system.slice/nginx.service/worker\n").as_deref(), Some("nginx.service"));
        assert_eq!(
            owner("9:name=systemd:/user.slice/user-0.slice/session-3.scope\n0::/\n").as_deref(),
            Some("session-3.scope")
        );
        assert_eq!(owner(&format!("4:memory:/docker/{id}\n")).as_deref(), Some("0123456789ab"));
        assert_eq!(owner("0::/\n"), None);
        assert_eq!(unescape("dev-disk\\x2dby.service"), "dev-disk-by.service");
    }
}
