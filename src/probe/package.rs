//! Installed packages: the last change of their database, and the packages that changed.

use crate::base::parse_past;
use crate::base::text::clean_bytes;
use crate::host::Root;
use crate::model::locale::key;
use crate::model::message::{Arg, Message};
use chrono::{DateTime, Utc};

/// The databases of dpkg, rpm (old, new, and of image-based systems), apk and pacman.
const DATABASES: [&str; 8] = [
    "var/lib/dpkg/status",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
    "lib/apk/db/installed",
    "var/lib/pacman/local",
];
/// Number of bytes read from the end of dpkg's log: some hundred packages.
const LOG_TAIL: u64 = 128 * 1024;
/// Maximum number of packages named.
const NAMED_MAX: usize = 5;
/// Longest name or version kept, in characters.
const WORD_MAX: usize = 40;

/// Time of the last write to a package database; `None` when there is none.
pub fn last_changed(root: &Root) -> Option<DateTime<Utc>> {
    DATABASES.iter().filter_map(|file| root.modified(file)).max()
}

/// The packages changed after `since`, in one sentence.
pub fn describe_changes(root: &Root, since: DateTime<Utc>, now: DateTime<Utc>) -> Message {
    let changes = root.tail("var/log/dpkg.log", LOG_TAIL).map(|log| changes(&log, since, now)).unwrap_or_default();
    if changes.is_empty() {
        return Message::new(key::CHANGE_PACKAGES_UNKNOWN);
    }
    let list: Vec<Arg> = changes.iter().take(NAMED_MAX).map(|change| change.message().into()).collect();
    let more = changes.len() - list.len();
    let message = Message::new(if more > 0 { key::CHANGE_PACKAGES_MORE } else { key::CHANGE_PACKAGES });
    let message = message.with("list", Arg::List { list });
    if more > 0 { message.with("count", more) } else { message }
}

/// A changed package. An empty version means that it was not installed before, or is not any more.
#[derive(Debug, PartialEq, Eq)]
struct PackageChange {
    name: String,
    old: String,
    new: String,
}

impl PackageChange {
    fn message(&self) -> Message {
        let message = match (self.old.as_str(), self.new.as_str()) {
            (_, "") => Message::new(key::CHANGE_PACKAGE_REMOVED),
            ("", new) => Message::new(key::CHANGE_PACKAGE_INSTALLED).with("new", new),
            (old, new) if old == new => Message::new(key::CHANGE_PACKAGE_REINSTALLED).with("new", new),
            (old, new) => Message::new(key::CHANGE_PACKAGE_CHANGED).with("old", old).with("new", new),
        };
        message.with("name", self.name.as_str())
    }
}

/// Parses dpkg.log: `2026-11-20 21:40:12 upgrade nginx:amd64 1.22 1.24`, in the time zone of the host. A package changed
/// twice is one change.
fn changes(log: &[u8], since: DateTime<Utc>, now: DateTime<Utc>) -> Vec<PackageChange> {
    let mut changes: Vec<PackageChange> = Vec::new();
    for line in log.split(|byte| *byte == b'\n') {
        let line = clean_bytes(line, 500);
        let words: Vec<&str> = line.split(' ').collect();
        let [day, time, action @ ("install" | "upgrade" | "remove" | "purge"), name, old, new] = words.as_slice()
        else {
            continue;
        };
        let at = parse_past::parse(&format!("{day} {time}"), now);
        // The log has whole seconds; entries of the second of `since` belong to the previous change.
        if at.is_ok_and(|at| at.timestamp() <= since.timestamp()) {
            continue;
        }
        let version =
            |text: &str| if text == "<none>" { String::new() } else { clean_bytes(text.as_bytes(), WORD_MAX) };
        let name = clean_bytes(name.split(':').next().unwrap_or(name).as_bytes(), WORD_MAX);
        let new = if ["remove", "purge"].contains(action) { String::new() } else { version(new) };
        match changes.iter_mut().find(|change| change.name == name) {
            Some(change) => change.new = new,
            None => changes.push(PackageChange { name, old: version(old), new }),
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_package_once_with_both_versions() {
        let parse = |text: &str| parse_past::parse(text, DateTime::UNIX_EPOCH).unwrap();
        let log = "2026-11-20 21:00:00 upgrade old:amd64 1 2\n2026-11-20 21:40:12 startup archives unpack\n\
                   2026-11-20 21:40:12 upgrade nginx:amd64 1.22 1.24\n2026-11-20 21:40:13 status installed nginx:amd64 1.24\n\
                   2026-11-20 21:40:13 install curl:amd64 <none> 8.1\n2026-11-20 21:40:14 remove vim:all 9.0 <none>\n\
                   2026-11-20 21:40:15 purge vim:all 9.0 <none>\n2026-11-20 21:40:16 upgrade nginx:amd64 1.24 1.25\n\u{7f}";
        let now = parse("2026-11-20 22:00:00");
        let words = |since: &str| -> Vec<String> {
            changes(log.as_bytes(), parse(since), now).iter().map(|change| change.message().english()).collect()
        };
        assert_eq!(words("2026-11-20 21:00:00"), ["nginx 1.22 → 1.25", "curl 8.1 installed", "vim removed"]);
        assert_eq!(words("2026-11-20 21:40:15"), ["nginx 1.24 → 1.25"]);
        assert!(words("2026-11-20 21:40:16").is_empty());
        assert!(changes(&[0xff; 1000], DateTime::UNIX_EPOCH, now).is_empty());
    }
}
