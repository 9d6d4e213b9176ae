//! Owners and modes of data and configuration, and secrets that others can read.

use super::check::Check;
use crate::base::group::{Group, READERS, groups, user_name};
use crate::context::Context;
use nix::unistd::geteuid;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bits of other users.
const OTHERS: u32 = 0o007;

/// Data directory, configuration file and secrets.
pub fn checks(context: &Context) -> Vec<Check> {
    let all = groups();
    let mut checks = Vec::new();
    let directory = context.store.directory();
    if let Some(facts) = facts(directory) {
        checks.push(data(&directory.display().to_string(), &facts, &all));
    }
    if let Some((path, facts)) = context.configuration_file().and_then(|path| Some((path, facts(Path::new(path))?))) {
        checks.push(file(path, &facts, &all));
    }
    checks.push(secrets(context));
    checks
}

struct Facts {
    uid: u32,
    gid: u32,
    mode: u32,
}

fn facts(path: &Path) -> Option<Facts> {
    let meta = path.metadata().ok()?;
    Some(Facts { uid: meta.uid(), gid: meta.gid(), mode: meta.mode() & 0o7777 })
}

fn shown(facts: &Facts, all: &[Group]) -> String {
    let group =
        all.iter().find(|group| group.gid == facts.gid).map_or(facts.gid.to_string(), |group| group.name.clone());
    format!("{}:{group} {:o}", user_name(facts.uid), facts.mode)
}

/// The data of root are for root and the group of readers, where it exists; those of a user for that user.
fn data(path: &str, facts: &Facts, all: &[Group]) -> Check {
    let text = format!("{path} is {}", shown(facts, all));
    if facts.mode & OTHERS != 0 {
        return Check::warn("data", format!("{text}: others may read it"), format!("chmod o= {path}"));
    }
    let readers = all.iter().find(|group| group.name == READERS);
    match readers.filter(|_| facts.uid == 0 && path.starts_with("/var/lib/")) {
        Some(group) if facts.gid != group.gid || facts.mode & 0o2050 != 0o2050 => Check::warn(
            "data",
            format!("{text}: members of group {READERS} cannot read it, or not what is new"),
            format!("chgrp -R {READERS} {path}; chmod -R g+rX {path}; find {path} -type d -exec chmod g+s {{}} +"),
        ),
        _ => Check::ok("data", text),
    }
}

fn file(path: &str, facts: &Facts, all: &[Group]) -> Check {
    let text = format!("{path} is {}", shown(facts, all));
    if facts.mode & 0o002 != 0 {
        return Check::fail("settings", format!("{text}: anybody may change it"), format!("chmod o= {path}"));
    }
    let readers = all.iter().find(|group| group.name == READERS).filter(|_| path.starts_with("/etc/"));
    let may_read = |gid| facts.mode & 0o004 != 0 || (facts.gid == gid && facts.mode & 0o040 != 0);
    match readers {
        Some(group) if !may_read(group.gid) => Check::warn(
            "settings",
            format!("{text}: members of group {READERS} cannot read it, and so no status"),
            format!("chgrp {READERS} {path}; chmod 640 {path}"),
        ),
        _ => Check::ok("settings", text),
    }
}

fn secrets(context: &Context) -> Check {
    let all: Vec<_> = context.config.alert.routes.iter().flat_map(|route| route.transport.secrets()).collect();
    let problems: Vec<String> = all.iter().filter_map(|(_, secret)| secret.file_problem()).collect();
    let Some(problem) = problems.first() else {
        return Check::ok("secrets", if all.is_empty() { "none is configured" } else { "for their owners only" });
    };
    let (text, fix) = match problem.split_once("; ") {
        Some((text, fix)) => (text, fix.to_string()),
        None => (problem.as_str(), "osmon config check".to_string()),
    };
    match text.contains("Permission denied") && !geteuid().is_root() {
        // The secrets of the system are not for its readers.
        true => Check::ok("secrets", "not for this user"),
        false => Check::fail("secrets", text, fix),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn data_is_for_root_and_the_readers() {
        let group = Group { name: READERS.to_string(), gid: 112, members: Vec::new() };
        let all = [group];
        let of = |uid, gid, mode| data("/var/lib/osmon", &Facts { uid, gid, mode }, &all).state;
        assert_eq!(of(0, 112, 0o2750), State::Ok);
        assert_eq!(of(0, 112, 0o750), State::Warn, "what is new would not be for the group");
        assert_eq!(of(0, 0, 0o2750), State::Warn);
        assert_eq!(of(0, 112, 0o2755), State::Warn);
        assert_eq!(
            data("/home/a/.local/state/osmon", &Facts { uid: 1000, gid: 1000, mode: 0o750 }, &all).state,
            State::Ok
        );
        assert_eq!(
            data("/var/lib/osmon", &Facts { uid: 0, gid: 0, mode: 0o750 }, &[]).state,
            State::Ok,
            "no such group"
        );
    }

    #[test]
    fn the_configuration_is_for_the_readers_and_nobody_changes_it() {
        let all = [Group { name: READERS.to_string(), gid: 112, members: Vec::new() }];
        let of = |gid, mode| file("/etc/osmon/osmon.toml", &Facts { uid: 0, gid, mode }, &all).state;
        assert_eq!(of(112, 0o640), State::Ok);
        assert_eq!(of(0, 0o644), State::Ok);
        assert_eq!(of(0, 0o600), State::Warn);
        assert_eq!(of(112, 0o666), State::Fail);
    }
}
