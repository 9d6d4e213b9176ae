//! The owner of a process, by its control groups (cgroups(7)).

/// Owner of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessOwner {
    /// A service or another unit that systemd starts and restarts: its name.
    Unit(String),
    /// A container or a virtual machine.
    Container,
    /// A scope, a session, or nothing.
    Nobody,
}

/// The owner of a process by the paths of its control groups. One hierarchy that says so is enough.
pub fn owner(cgroups: &[String]) -> ProcessOwner {
    if cgroups.iter().any(|path| path.split('/').any(is_container)) {
        return ProcessOwner::Container;
    }
    cgroups.iter().find_map(|path| unit(path)).map_or(ProcessOwner::Nobody, ProcessOwner::Unit)
}

/// The innermost unit of a path, unless it is a scope, whose processes systemd did not start.
fn unit(path: &str) -> Option<String> {
    let is_unit = |part: &&str| {
        part.rsplit_once('.').is_some_and(|(_, kind)| matches!(kind, "service" | "socket" | "mount" | "swap" | "scope"))
    };
    let innermost = path.rsplit('/').find(is_unit)?;
    // A unit named `…\x2d…` has hyphens (systemd.unit(5)).
    (!innermost.ends_with(".scope")).then(|| innermost.replace("\\x2d", "-"))
}

fn is_container(part: &str) -> bool {
    const BEGINNINGS: [&str; 11] = [
        "docker-",
        "libpod-",
        "libpod_parent",
        "kubepods",
        "cri-containerd-",
        "crio-",
        "lxc.payload",
        "machine-",
        "machine.slice",
        "buildkit",
        "systemd-nspawn@",
    ];
    const NAMES: [&str; 4] = ["docker", "lxc", "podman", "containerd"];
    BEGINNINGS.iter().any(|beginning| part.starts_with(beginning)) || NAMES.contains(&part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_by_path() {
        let id = "0123456789abcdef".repeat(4);
        let unit = |name: &str| ProcessOwner::Unit(name.to_string());
        let cases = [
            ("/system.slice/shop.service".to_string(), unit("shop.service")),
            ("/system.slice/shop.service/worker/3".to_string(), unit("shop.service")),
            ("/system.slice/a\\x2db.service".to_string(), unit("a-b.service")),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service".to_string(), unit("x.service")),
            ("/user.slice/user-1000.slice/user@1000.service".to_string(), unit("user@1000.service")),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope".to_string(), ProcessOwner::Nobody),
            ("/user.slice/user-0.slice/session-3.scope".to_string(), ProcessOwner::Nobody),
            ("/system.slice/run-r1.scope".to_string(), ProcessOwner::Nobody),
            ("/init.scope".to_string(), ProcessOwner::Nobody),
            ("/".to_string(), ProcessOwner::Nobody),
            (format!("/system.slice/docker-{id}.scope"), ProcessOwner::Container),
            (format!("/docker/{id}"), ProcessOwner::Container),
            (format!("/machine.slice/libpod-{id}.scope"), ProcessOwner::Container),
            (format!("/kubepods/burstable/podX/{id}"), ProcessOwner::Container),
            ("/lxc.payload.web/system.slice/x.service".to_string(), ProcessOwner::Container),
        ];
        for (path, expected) in cases {
            assert_eq!(owner(std::slice::from_ref(&path)), expected, "{path}");
            // In any hierarchy.
            assert_eq!(owner(&["/".to_string(), path.clone()]), expected, "{path}");
        }
        assert_eq!(owner(&[]), ProcessOwner::Nobody);
    }
}
