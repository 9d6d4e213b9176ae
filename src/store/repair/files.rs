//! Repairs files other than the history: state, alerts, links, temporary files.

use super::Repair;
use super::quarantine::free;
use crate::base::file::{FILE_MODE, open_regular, read_at_most, replace, sync_parent};
use crate::store::verify::files::is_json;
use crate::store::verify::finding::{Finding, Kind};
use crate::store::{STREAMS, Store, at};
use anyhow::Result;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Longer than any run, in seconds: no process is still writing an older temporary file.
const ABANDONED_SECONDS: i64 = 3600;
/// Largest state file, in bytes.
const STATE_MAX: u64 = 64 * 1024 * 1024;

impl Store {
    /// Removes abandoned temporary files.
    pub(super) fn remove_old_leftovers(&self, remarks: &[Finding], repair: &mut Repair) -> Result<()> {
        for remark in remarks.iter().filter(|remark| remark.kind == Kind::Leftover) {
            let path = self.directory().join(&remark.file);
            let age = path.symlink_metadata().map_or(0, |meta| (repair.now.timestamp() - meta.mtime()).abs());
            if age > ABANDONED_SECONDS {
                at("remove", &path, fs::remove_file(&path))?;
                (repair.say)(&format!("{}: removed", remark.file));
            }
        }
        Ok(())
    }

    /// Repairs a finding about a whole file.
    pub(super) fn repair_file(&self, finding: &Finding, repair: &mut Repair) -> Result<()> {
        let path = self.directory().join(&finding.file);
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        if finding.kind == Kind::DamagedState {
            return self.repair_state(&path, &finding.file, repair);
        }
        if finding.kind == Kind::NotRegular && STREAMS.iter().any(|stream| finding.file.starts_with(stream)) {
            self.keep_linked(&path, &finding.file, repair)?;
        }
        if path.symlink_metadata().is_ok_and(|meta| finding.kind != Kind::NotRegular || !meta.is_file()) {
            let target = self.quarantine_entry(&path)?;
            (repair.say)(&format!("{}: set aside as {}", finding.file, target.display()));
        }
        Ok(())
    }

    /// Replaces a link by the file it points to, so that its records stay in the history.
    fn keep_linked(&self, path: &Path, name: &str, repair: &mut Repair) -> Result<()> {
        let Ok(to) = fs::read_link(path) else { return Ok(()) };
        let Ok(mut content) = open_regular(path) else { return Ok(()) };
        let temporary = path.with_file_name(format!(
            ".{}.{}.tmp",
            path.file_name().unwrap_or_default().to_string_lossy(),
            std::process::id()
        ));
        at("write", &temporary, replace(&temporary, b"", FILE_MODE))?;
        let mut file = at("write", &temporary, fs::OpenOptions::new().write(true).open(&temporary))?;
        at("copy", path, std::io::copy(&mut content, &mut file).and_then(|_| file.sync_all()))?;
        at("replace", path, fs::rename(&temporary, path).and_then(|()| sync_parent(path)))?;
        (repair.say)(&format!("{name}: was a link to {}; what it pointed to was copied here", to.display()));
        Ok(())
    }

    fn repair_state(&self, path: &Path, name: &str, repair: &mut Repair) -> Result<()> {
        if name.starts_with("rollups/") {
            at("remove", path, fs::remove_file(path))?;
            (repair.say)(&format!("{name}: removed; the next run finds it anew"));
            return Ok(());
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let target = free(&path.with_file_name(format!("{file}.corrupt-{}", repair.now.timestamp())));
        let before = read_at_most(&path.with_file_name(format!("{file}.1")), STATE_MAX).ok();
        let before = before.filter(|content| file.ends_with(".json") && is_json(content).is_ok());
        at("set aside", path, fs::rename(path, &target).and_then(|()| sync_parent(path)))?;
        let instead = match before {
            Some(content) => {
                at("write", path, replace(path, &content, FILE_MODE))?;
                "; the generation before took its place"
            }
            None => "",
        };
        (repair.say)(&format!("{name}: set aside as {}{instead}", target.display()));
        Ok(())
    }
}
