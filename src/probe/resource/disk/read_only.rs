//! Tells a switch to read-only by the kernel after an error from one by a person.
//!
//! The kernel changes the option of the file system and none of its mounts. `mount -o remount,ro` changes the option of the
//! mount that it names, too, but a mount may have been a read-only view long before. Therefore the read-only views of
//! file systems that can be written are kept with the counters, and so is the verdict while a file system is read-only.

use super::kind;
use crate::probe::mounts::Mount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is kept of a file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It could be written; its read-only views.
    Views(Vec<String>),
    /// It was read-only, by the kernel or not.
    ReadOnlyByKernel(bool),
}

/// What is kept of all file systems, by `major:minor`.
pub type KeptByDevice = BTreeMap<String, Kept>;

/// Returns whether the kernel made the file system of these mounts read-only after an error, and what to keep of it.
/// `mounts` are all mounts of one file system, seen or not; `kept` is from an earlier snapshot of this boot.
pub fn by_kernel<'m>(mounts: impl Iterator<Item = &'m Mount> + Clone, kept: Option<&Kept>) -> (bool, Option<Kept>) {
    let views = || mounts.clone().filter(|mount| mount.is_read_only_view()).map(Mount::name);
    if !mounts.clone().any(Mount::is_read_only) {
        let views: Vec<String> = views().collect();
        return (mounts.clone().any(Mount::is_emergency), (!views.is_empty()).then_some(Kept::Views(views)));
    }
    let is_for_writing = mounts.clone().any(|mount| !mount.is_read_only_view());
    let by_kernel = mounts.clone().any(Mount::is_emergency)
        || (mounts.clone().all(|mount| kind::may_be_switched(&mount.kind))
            && match kept {
                Some(Kept::ReadOnlyByKernel(by_kernel)) => *by_kernel,
                Some(Kept::Views(before)) => is_for_writing && views().all(|view| before.contains(&view)),
                None => is_for_writing && views().next().is_none(),
            });
    (by_kernel, Some(Kept::ReadOnlyByKernel(by_kernel)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::mounts::parse;

    /// The verdicts at each of a sequence of moments.
    fn verdicts(kind: &str, moments: &[&[(&str, &str)]]) -> Vec<bool> {
        let mut kept = None;
        let mut verdict = |moment: &&[(&str, &str)]| {
            let line = |(number, (view, all)): (usize, &(&str, &str))| {
                format!("2 1 8:1 / /m{number} {view} - {kind} a {all}\n")
            };
            let mounts = parse(moment.iter().enumerate().map(line).collect::<String>().as_bytes());
            let (is, keep) = by_kernel(mounts.iter(), kept.as_ref());
            kept = keep;
            is
        };
        moments.iter().map(&mut verdict).collect()
    }

    #[test]
    fn an_error_is_told_from_a_purpose() {
        type Case = (&'static str, &'static [&'static [(&'static str, &'static str)]], &'static [bool]);
        let cases: [Case; 11] = [
            ("an error", &[&[("rw", "rw")], &[("rw", "ro,errors=remount-ro")], &[("rw", "ro")]], &[false, true, true]),
            ("an emergency", &[&[("rw", "rw")], &[("rw", "rw,emergency_ro")]], &[false, true]),
            ("a shutdown", &[&[("rw", "rw")], &[("rw", "rw,shutdown")]], &[false, true]),
            ("an error before the first snapshot", &[&[("rw", "ro")]], &[true]),
            ("mounted so", &[&[("ro", "ro")], &[("ro", "ro")]], &[false, false]),
            ("remounted", &[&[("rw", "rw")], &[("ro", "ro")]], &[false, false]),
            (
                "remounted, and bound elsewhere",
                &[&[("rw", "rw"), ("rw", "rw")], &[("ro", "ro"), ("rw", "ro")]],
                &[false, false],
            ),
            ("that, and the first is unmounted", &[&[("ro", "ro"), ("rw", "ro")], &[("rw", "ro")]], &[false, false]),
            (
                "an error where a view was read-only",
                &[&[("ro", "rw"), ("rw", "rw")], &[("ro", "ro"), ("rw", "ro")]],
                &[false, true],
            ),
            (
                "that, and a view more",
                &[&[("rw", "rw")], &[("rw", "ro")], &[("rw", "ro"), ("ro", "ro")]],
                &[false, true, true],
            ),
            (
                "written again, then remounted",
                &[&[("rw", "ro")], &[("rw", "rw")], &[("ro", "ro")]],
                &[true, false, false],
            ),
        ];
        for (name, moments, expected) in cases {
            assert_eq!(verdicts("ext4", moments), expected, "{name}");
        }
        for kind in ["overlay", "tmpfs", "zfs", "squashfs", "nfs4", "fuse.sshfs"] {
            assert_eq!(verdicts(kind, &[&[("rw", "rw")], &[("rw", "ro")]]), [false, false], "{kind}");
        }
    }
}
