//! Btrfs: errors of its devices, and metadata that fills up while `df` shows space (`/sys/fs/btrfs`).

mod allocation;

use crate::base::sort::SmallSort;
use crate::base::text::clean_bytes;
use crate::probe::fields::{lines, number, words};
use crate::probe::measurement::{Absent, Measurement, Resource, Scope};
use crate::probe::mounts::{self, Mount};
use allocation::Metadata;
use serde::Serialize;

/// Longest text, in characters.
const TEXT_MAX: usize = 4096;
/// Length of a UUID: other names are no file systems.
const UUID_LENGTH: usize = 36;

/// An element of the section `btrfs`.
#[derive(Debug, Serialize)]
struct FileSystem {
    /// Where it is mounted; its UUID where no mount can be assigned to it.
    mount: String,
    /// In words: `12 device errors`.
    state: String,
    uuid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
    /// By device: `device 2: 3 write errors`.
    #[serde(skip_serializing_if = "String::is_empty")]
    problem: String,
    devices: usize,
    missing_devices: usize,
    /// Errors of all devices since they were last reset (`btrfs device stats --reset`).
    #[serde(skip_serializing_if = "Option::is_none")]
    device_errors: Option<u64>,
    #[serde(flatten)]
    metadata: Option<Metadata>,
}

/// The registration.
pub const RESOURCE: Resource = Resource { name: "btrfs", scope: Scope::All, has_counters: false, measure };

fn measure(run: &mut Measurement<'_>) -> Result<(), Absent> {
    let found = run.root.sys_names("fs/btrfs").unwrap_or_default();
    let ids: Vec<&String> = found.iter().filter(|name| name.len() == UUID_LENGTH).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let content = run.root.mount_info().unwrap_or_default();
    let mounts: Vec<Mount> = mounts::parse(&content).into_iter().filter(|mount| mount.kind == "btrfs").collect();
    let mut all: Vec<FileSystem> = ids.iter().map(|uuid| file_system(run, uuid, &mounts)).collect();
    all.arrange_by(|a, b| a.mount.cmp(&b.mount));
    run.add("btrfs", &all)
}

fn file_system(run: &Measurement<'_>, uuid: &str, mounts: &[Mount]) -> FileSystem {
    let directory = format!("fs/btrfs/{uuid}");
    let devices = run.root.sys_names(&format!("{directory}/devices")).unwrap_or_default();
    let ids = run.root.sys_names(&format!("{directory}/devinfo")).unwrap_or_default();
    let (mut problems, mut errors, mut missing) = (Vec::new(), None::<u64>, 0);
    for id in &ids {
        if run.root.sys_line(&format!("{directory}/devinfo/{id}/missing")).is_ok_and(|line| line == "1") {
            missing += 1;
            problems.push(format!("device {id} missing"));
        }
        let Some(text) = run.root.sys_text(&format!("{directory}/devinfo/{id}/error_stats")) else { continue };
        let counts = error_counts(text.as_bytes());
        let sum = counts.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        errors = Some(errors.unwrap_or(0).saturating_add(sum));
        let kinds: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} {kind} errors")).collect();
        if !kinds.is_empty() {
            problems.push(format!("device {id}: {}", kinds.join(", ")));
        }
    }
    let metadata = allocation::metadata(run.root, &directory, &devices, missing > 0);
    let label = run.root.sys_line(&format!("{directory}/label")).unwrap_or_default();
    FileSystem {
        mount: mount_point(run, &devices, mounts).unwrap_or_else(|| uuid.to_string()),
        state: state(missing, errors.unwrap_or(0), metadata.as_ref()),
        uuid: uuid.to_string(),
        label,
        problem: clean_bytes(problems.join("; ").as_bytes(), TEXT_MAX),
        devices: ids.len().max(devices.len()),
        missing_devices: missing,
        device_errors: errors,
        metadata,
    }
}

fn state(missing: usize, errors: u64, metadata: Option<&Metadata>) -> String {
    let full = metadata.and_then(|metadata| metadata.metadata_used_percent).filter(|percent| *percent >= 90.0);
    match (missing, errors, full) {
        (0, 0, None) => "no errors".to_string(),
        (0, 0, Some(percent)) => format!("metadata {percent} % full"),
        (0, 1, _) => "1 device error".to_string(),
        (0, _, _) => format!("{errors} device errors"),
        (1, ..) => "1 device missing".to_string(),
        _ => format!("{missing} devices missing"),
    }
}

/// The kinds of errors that occurred: `write_errs 3` of `error_stats`.
fn error_counts(text: &[u8]) -> Vec<(String, u64)> {
    let count = |line| {
        let mut words = words(line);
        let kind = String::from_utf8_lossy(words.next()?.strip_suffix(b"_errs")?).into_owned();
        number(words.next()?).filter(|count| *count > 0).map(|count| (kind, count))
    };
    lines(text).filter_map(count).collect()
}

/// The order of the mounts of a file system: those of the whole file system before subvolumes, then by the length of the path.
/// Of equally long ones the name decides: the order of the mounts may differ after a boot.
fn precedence(mount: &Mount) -> (bool, usize, &[u8]) {
    (mount.root != b"/", mount.point.len(), &mount.point)
}

/// The mount of a file system that `disk` shows: the first by `precedence`.
fn mount_point(run: &Measurement<'_>, devices: &[String], mounts: &[Mount]) -> Option<String> {
    let mapped = devices.iter().filter_map(|device| run.root.sys_line(&format!("block/{device}/dm/name")).ok());
    let names: Vec<String> = devices.iter().cloned().chain(mapped).collect();
    let is_of = |mount: &&Mount| {
        let source = String::from_utf8_lossy(&mount.source);
        source.rsplit('/').next().is_some_and(|name| names.iter().any(|known| known == name))
    };
    let first = mounts.iter().filter(is_of).min_by_key(|mount| precedence(mount))?;
    Some(clean_bytes(&first.point, TEXT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_by_kind() {
        let text = b"write_errs 3\nread_errs 0\nflush_errs x\ncorruption_errs 12\ngeneration_errs";
        assert_eq!(error_counts(text), [("write".to_string(), 3), ("corruption".to_string(), 12)]);
    }

    #[test]
    fn the_worst_is_named() {
        assert_eq!(state(0, 0, None), "no errors");
        assert_eq!((state(0, 12, None), state(0, 1, None)), ("12 device errors".into(), "1 device error".into()));
        assert_eq!((state(1, 12, None), state(2, 0, None)), ("1 device missing".into(), "2 devices missing".into()));
    }

    proptest! {
        #[test]
        fn a_damaged_line_costs_no_other(noise in "[^\n]{0,40}") {
            let counts = error_counts(format!("write_errs 3\n{noise}\ncorruption_errs 7\n").as_bytes());
            prop_assert!(counts.contains(&("write".to_string(), 3)) && counts.contains(&("corruption".to_string(), 7)));
        }
    }
}
