//! Replacement of small files that are written each minute, at the least cost.
//!
//! A file that is renamed over another one is written to the disk at once by some file systems, and the blocks of the
//! old one are freed each time. Here two files change places instead: the spare one beside it is overwritten, then
//! exchanged with the one in use.

use super::file::{FILE_MODE, keep_owner, replace_cache};
use nix::fcntl::OFlag;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Content is filled up with blanks to a multiple of this many bytes, so that the length seldom changes.
const STEP: usize = 512;
const SPARE: &str = ".spare";

/// Replaces a text that can be rebuilt and whose trailing blanks mean nothing, such as JSON. A reader, also after a crash
/// of this process, sees the old content or the new, never a part; after a power cut the content is undefined. The caller
/// holds a lock: nobody else may write to the spare file.
///
/// # Errors
/// As [`super::file::replace_cache`], which is used where files cannot be exchanged.
pub fn replace_by_turns(path: &Path, mut content: Vec<u8>) -> io::Result<()> {
    let spare = spare(path);
    let turned = fs::symlink_metadata(path).and_then(|old| {
        if !old.is_file() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        content.resize(content.len().next_multiple_of(STEP), b' ');
        fill(&spare, &content, &old)?;
        Ok(renameat_with(CWD, &spare, CWD, path, RenameFlags::EXCHANGE)?)
    });
    if turned.is_ok() {
        return Ok(());
    }
    // The first time, a link, or a file system that cannot exchange.
    let _ = fs::remove_file(&spare);
    replace_cache(path, &content, FILE_MODE)
}

/// Writes the spare file. Its length changes only if it must.
fn fill(spare: &Path, content: &[u8], old: &fs::Metadata) -> io::Result<()> {
    let file = open(spare)?;
    let meta = file.metadata()?;
    // A hard link is somebody's copy of it.
    if !meta.is_file() || meta.nlink() != 1 {
        return Err(io::ErrorKind::Unsupported.into());
    }
    file.write_all_at(content, 0)?;
    if meta.len() > content.len() as u64 {
        file.set_len(content.len() as u64)?;
    }
    keep_owner(spare, &meta, old);
    Ok(())
}

fn open(spare: &Path) -> io::Result<File> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).custom_flags(flags).open(spare)
}

fn spare(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{SPARE}"))
}

/// Returns whether a file is the spare one of another.
pub fn is_spare(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') && name.ends_with(SPARE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn trimmed(path: &Path) -> String {
        fs::read_to_string(path).unwrap().trim_end().to_string()
    }

    #[test]
    fn a_reader_sees_whole_contents_of_any_length() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.json");
        for (turn, length) in [3, 5000, 4, 511, 512, 513, 0, 700].into_iter().enumerate() {
            let text = turn.to_string().repeat(length);
            let before = fs::read(&path).ok();
            let reader = File::open(&path).ok();
            replace_by_turns(&path, text.clone().into_bytes()).unwrap();
            assert_eq!(trimmed(&path), text);
            // A file that was opened before keeps its content.
            let mut read = Vec::new();
            if let Some(mut reader) = reader {
                io::Read::read_to_end(&mut reader, &mut read).unwrap();
                assert_eq!(Some(read), before);
            }
            assert!(turn == 0 || is_spare(&spare(&path)) && spare(&path).exists());
        }
        let kept = fs::metadata(&path).unwrap().ino();
        replace_by_turns(&path, b"a".to_vec()).unwrap();
        replace_by_turns(&path, b"b".to_vec()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().ino(), kept, "two files change places");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn copies_and_links_keep_their_content() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("x.json"), directory.path().join("other"));
        for text in ["1", "2"] {
            replace_by_turns(&path, text.into()).unwrap();
        }
        fs::hard_link(spare(&path), &other).unwrap();
        let copy = trimmed(&other);
        replace_by_turns(&path, b"3".to_vec()).unwrap();
        assert_eq!((trimmed(&other), trimmed(&path)), (copy.clone(), "3".into()));
        replace_by_turns(&path, b"4".to_vec()).unwrap();
        fs::remove_file(spare(&path)).unwrap();
        symlink(&other, spare(&path)).unwrap();
        replace_by_turns(&path, b"5".to_vec()).unwrap();
        assert_eq!((trimmed(&other), trimmed(&path)), (copy, "5".into()));
        let link = directory.path().join("link.json");
        symlink(&path, &link).unwrap();
        for text in ["6", "7"] {
            replace_by_turns(&link, text.into()).unwrap();
            assert_eq!(trimmed(&path), text);
        }
        assert!(link.is_symlink());
    }
}
