//! The manifest of an archive.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Name of the manifest in the archive.
pub const NAME: &str = "MANIFEST.json";

/// Description and contents of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the manifest format.
    pub schema: u32,
    /// Version of osmon that made the archive.
    pub version: String,
    /// Name of the host.
    pub host: String,
    /// Time of the backup, RFC 3339, UTC.
    pub created: String,
    /// Every file, in the order of the archive.
    pub file: Vec<Member>,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Path in the data directory; what is no UTF-8 in it is replaced.
    pub path: String,
    /// The bytes of a path that is no UTF-8, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_hex: Option<String>,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// A reader that counts and hashes the bytes read.
pub struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Hashing<R> {
    /// Wraps a reader.
    pub fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// The manifest entry of the bytes read.
    pub fn member(self, path: &Path) -> Member {
        let path_hex = path.to_str().is_none().then(|| hex(path.as_os_str().as_bytes()));
        let path = path.to_string_lossy().into_owned();
        Member { path, path_hex, bytes: self.bytes, sha256: hex(&self.hash.finalize()) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or(&[]));
        self.bytes += count as u64;
        Ok(count)
    }
}
