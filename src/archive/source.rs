//! An archive to read: a file, or a pipe that is copied to a file first.

use crate::base::error_kind::ErrorKind;
use crate::base::file::free_bytes;
use crate::base::units::bytes;
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// First bytes of archives that another program unpacks.
const OTHERS: [(&[u8], &str); 6] = [
    (b"\x28\xb5\x2f\xfd", "zstd -dc"),
    (b"\xfd7zXZ\0", "xz -dc"),
    (b"BZh", "bzip2 -dc"),
    (b"\x04\x22\x4d\x18", "lz4 -dc"),
    (b"LZIP", "lzip -dc"),
    (b"age-en", "age -d"),
];
/// Bytes by which the kind of an archive is told.
const HEAD: usize = 6;

/// An archive to read.
pub struct Source {
    /// Its name, for messages.
    pub name: String,
    file: File,
    is_pipe: bool,
}

impl Source {
    /// Opens a file, a pipe, or standard input (`-`).
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let could_not = || format!("could not read {}", path.display());
        if path.as_os_str() == "-" {
            let file = File::from(io::stdin().as_fd().try_clone_to_owned().with_context(could_not)?);
            return Ok(Self { name: "standard input".to_string(), file, is_pipe: true });
        }
        let file = File::open(path).with_context(could_not)?;
        let meta = file.metadata().with_context(could_not)?;
        if meta.is_dir() {
            return Err(ErrorKind::BadData(format!("{} is a directory, not an archive", path.display())).into());
        }
        Ok(Self { name: path.display().to_string(), file, is_pipe: !meta.is_file() })
    }

    /// An archive that can be read twice: what comes from a pipe is copied to a file without a name near `place`. It may
    /// take half of the free space there.
    ///
    /// # Errors
    /// When it cannot be copied, or takes more.
    pub fn again(self, place: &Path) -> Result<Self> {
        if !self.is_pipe {
            return Ok(self);
        }
        let mut directory = std::path::absolute(place).context("could not find the present directory")?;
        while directory.pop() && !directory.is_dir() {}
        let could_not = || format!("could not copy {} to {}", self.name, directory.display());
        let limit = free_bytes(&directory).with_context(could_not)? / 2;
        let mut copy = nameless(&directory).with_context(could_not)?;
        let copied = io::copy(&mut (&self.file).take(limit), &mut copy).with_context(could_not)?;
        copy.flush().with_context(could_not)?;
        if copied == limit && (&self.file).read(&mut [0]).with_context(could_not)? > 0 {
            let text = format!(
                "{}: it is larger than {}, half of the free space in {}; nothing was changed",
                self.name,
                bytes(limit as f64),
                directory.display()
            );
            return Err(ErrorKind::CannotCreate(text).into());
        }
        Ok(Self { name: self.name, file: copy, is_pipe: false })
    }

    /// The tar file inside: gzip is unpacked, whatever number of members it has.
    ///
    /// # Errors
    /// I/O errors; [`ErrorKind::BadData`] when another program has to unpack it.
    pub fn tar(&self) -> Result<Box<dyn Read + '_>> {
        let could_not = || format!("could not read {}", self.name);
        if !self.is_pipe {
            (&self.file).rewind().with_context(could_not)?;
        }
        let mut head = Vec::new();
        (&self.file).take(HEAD as u64).read_to_end(&mut head).with_context(could_not)?;
        if let Some((_, program)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
            let (name, text) = (&self.name, "it is packed by another program; unpack it first");
            let text = format!("{name}: {text}: {program} FILE | osmon restore -; nothing was changed");
            return Err(ErrorKind::BadData(text).into());
        }
        let is_gzip = head.starts_with(b"\x1f\x8b");
        let whole = io::Cursor::new(head).chain(&self.file);
        Ok(if is_gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(io::BufReader::new(whole)) })
    }
}

/// A new file that vanishes with its descriptor.
fn nameless(directory: &Path) -> io::Result<File> {
    let path: PathBuf = directory.join(format!(".osmon-restore.{}.tmp", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}
