//! What a cgroup is, by its path: a unit of systemd or OpenRC, or a container of any engine.

/// Kind of a container whose engine its path does not tell.
pub const CONTAINER: &str = "container";
/// Kind of a slice: everything below it.
pub const SLICE: &str = "slice";

/// What engines put before the id of a container in the name of its scope.
const PREFIXES: [(&str, &str); 8] = [
    ("docker-", "docker"),
    ("balena-", "docker"),
    ("libpod-", "podman"),
    ("cri-containerd-", "kubernetes"),
    ("crio-", "kubernetes"),
    ("nerdctl-", CONTAINER),
    ("buildkit-", CONTAINER),
    ("", CONTAINER),
];
/// Directories with a directory per container or job, named by it.
const PARENTS: [(&str, &str); 7] = [
    ("lxc", "lxc"),
    ("lxc.payload", "lxc"),
    ("mesos", "mesos"),
    ("garden", "garden"),
    ("nomad", "nomad"),
    ("openrc", "service"),
    ("machine", "machine"),
];
/// Directories whose containers are those of an engine even without its prefix.
const ENGINES: [(&str, &str); 4] =
    [("docker", "docker"), ("ecs", "docker"), ("ecstasks", "docker"), ("libpod_parent", "podman")];

/// Returns whether a path belongs to a unit or container rather than a slice, which only groups them.
pub fn has_owner(path: &str) -> bool {
    classify(path).is_some()
}

/// Kind of the last component of a path, and the id or name in it.
pub fn classify(path: &str) -> Option<(&'static str, String)> {
    let mut parts = path.rsplit('/');
    let (last, parent) = (parts.next()?, parts.next().unwrap_or_default());
    // containerd with a path of systemd under cgroupfs: `kubepods-podX.slice:cri-containerd:ID`.
    let bare = last.rsplit(':').next().unwrap_or(last);
    let bare = bare.strip_suffix(".scope").unwrap_or(bare);
    let container =
        PREFIXES.iter().find_map(|(prefix, kind)| Some((*kind, bare.strip_prefix(prefix).filter(|id| is_id(id))?)));
    if path.contains("kubepods") {
        return container.map(|(_, id)| ("kubernetes", id.to_string()));
    }
    if let Some((kind, id)) = container {
        let of_engine = |name: &&(&str, &str)| {
            path.split('/').any(|part| part == name.0 || part.starts_with(&format!("{}-", name.0)))
        };
        let engine = ENGINES.iter().find(of_engine).map(|(_, engine)| *engine);
        return Some((if kind == CONTAINER { engine.unwrap_or(kind) } else { kind }, id.to_string()));
    }
    if let Some(name) = last.strip_prefix("lxc.payload.") {
        return Some(("lxc", name.to_string()));
    }
    if let Some((_, kind)) = PARENTS.iter().find(|(name, _)| *name == parent) {
        return Some((kind, last.to_string()));
    }
    // Fargate: `/ecs/TASK/TASK-NUMBER`, a task of 32 digits.
    if path.contains("/ecs/") && last.strip_prefix(parent).is_some_and(|rest| rest.starts_with('-')) {
        return Some(("ecs", last.to_string()));
    }
    let is_job = |name: &str| name.strip_prefix("job_").is_some_and(|id| !id.is_empty());
    if is_job(last) && path.contains("slurm") {
        return Some(("slurm", last.to_string()));
    }
    if let Some(task) = last.strip_suffix(".scope").filter(|_| path.contains("nomad.slice/")) {
        return Some(("nomad", task.to_string()));
    }
    if let Some(name) = last.strip_prefix("openrc.") {
        return Some(("service", name.to_string()));
    }
    match last.rsplit_once('.') {
        Some((_, "service")) if !last.starts_with("user@") => Some(("service", last.to_string())),
        // All jobs of a node are below it.
        Some((name, "scope")) if !name.ends_with("slurmstepd") => Some(("scope", last.to_string())),
        _ => None,
    }
}

/// Returns whether a text is a container id: 64 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_of_every_engine() {
        let id = "0123456789abcdef".repeat(4);
        let id = id.as_str();
        let cases = [
            ("/system.slice/nginx.service", Some(("service", "nginx.service"))),
            ("/openrc.nginx", Some(("service", "nginx"))),
            ("/openrc/nginx", Some(("service", "nginx"))),
            ("/user.slice/user-0.slice/session-3.scope", Some(("scope", "session-3.scope"))),
            ("/user.slice/user-1000.slice/user@1000.service", None),
            ("/system.slice", None),
            ("/system.slice/docker-ID.scope", Some(("docker", id))),
            ("/docker/ID", Some(("docker", id))),
            ("/ecs/0a1b2c/ID", Some(("docker", id))),
            ("/ecs/f00d-f00d/ID", Some(("docker", id))),
            ("/ecs/0a1b2c", None),
            ("/ecstasks.slice/ecstasks-0a1b2c.slice/docker-ID.scope", Some(("docker", id))),
            ("/ecs/0a1b2c/0a1b2c-1234567890", Some(("ecs", "0a1b2c-1234567890"))),
            ("/actions_job/ID", Some((CONTAINER, id))),
            ("/any/parent.slice/docker-ID.scope", Some(("docker", id))),
            ("/system.slice/nerdctl-ID.scope", Some((CONTAINER, id))),
            ("/machine.slice/libpod-ID.scope", Some(("podman", id))),
            ("/libpod_parent/libpod-ID", Some(("podman", id))),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope", Some(("podman", id))),
            ("/lxc.payload.web", Some(("lxc", "web"))),
            ("/lxc.payload/web", Some(("lxc", "web"))),
            ("/lxc/web", Some(("lxc", "web"))),
            ("/machine.slice/systemd-nspawn@web.service", Some(("service", "systemd-nspawn@web.service"))),
            ("/machine/qemu-1-web.libvirt-qemu", Some(("machine", "qemu-1-web.libvirt-qemu"))),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podX.slice/cri-containerd-ID.scope",
                Some(("kubernetes", id)),
            ),
            ("/kubepods/burstable/podX/ID", Some(("kubernetes", id))),
            ("/system.slice/k3s.service/kubepods-burstable-podX.slice:cri-containerd:ID", Some(("kubernetes", id))),
            ("/kubepods.slice/kubepods-podX.slice/crio-ID.scope", Some(("kubernetes", id))),
            ("/kubepods/burstable/podX", None),
            ("/mesos/0a1b-2c3d", Some(("mesos", "0a1b-2c3d"))),
            ("/garden/0a1b-2c3d", Some(("garden", "0a1b-2c3d"))),
            ("/nomad/0a1b", Some(("nomad", "0a1b"))),
            ("/nomad.slice/share.slice/0a1b.web.scope", Some(("nomad", "0a1b.web"))),
            ("/slurm/uid_1000/job_77", Some(("slurm", "job_77"))),
            ("/system.slice/slurmstepd.scope", None),
            ("/system.slice/slurmstepd.scope/job_77", Some(("slurm", "job_77"))),
        ];
        for (path, expected) in cases {
            let found = classify(&path.replace("ID", id));
            assert_eq!(found.as_ref().map(|(kind, name)| (*kind, name.as_str())), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_classified(path in "(/[a-z0-9:.\\-é]{0,12}){0,6}") {
            prop_assert!(classify(&path).is_none_or(|(_, name)| path.contains(&name)));
        }
    }
}
