//! The end of a stream's file: where to begin reading backwards.

use crate::model::record::time_of;
use memchr::memchr;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Number of bytes read first from the end of a file.
pub(super) const TAIL: u64 = 64 * 1024;

/// Offset of a line from which on every record is at `from` or later.
pub(super) fn start(file: &File, from: &str) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut window = TAIL;
    while window < length {
        let start = length - window;
        let mut begin = vec![0; usize::try_from(TAIL.min(window)).unwrap_or(0)];
        let count = file.read_at(&mut begin, start)?;
        let begin = begin.get(..count).unwrap_or(&[]);
        let skipped = memchr(b'\n', begin).map_or(begin.len(), |end| end + 1);
        let line = begin.get(skipped..).unwrap_or(&[]);
        let text = String::from_utf8_lossy(line.get(..100).unwrap_or(line));
        if time_of(&text).is_some_and(|time| time < from) {
            return Ok(start + skipped as u64);
        }
        window *= 2;
    }
    Ok(0)
}
