//! Hours of the open day, packed as soon as they are over, so that sealing the day at its end costs little.
//!
//! `state/packed-STREAM` is a cache: for each hour a line that describes its content, and the member made of it. A member
//! is used where the checksums of the content and of the member fit; everything else is packed anew from the records.

use super::hour_ranges::HourRanges;
use super::{Store, at, line, member, stream};
use crate::base::file::{make_directory, read_at_most};
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;

/// Largest cache that is extended or read, in bytes.
const CACHE_MAX: u64 = 16 * 1024 * 1024;

/// What was packed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Content {
    hour: String,
    /// In bytes.
    length: usize,
    checksum: u32,
}

impl Content {
    fn new(hour: &str, content: &[u8]) -> Self {
        Self { hour: hour.to_string(), length: content.len(), checksum: crc32fast::hash(content) }
    }
}

/// The line before a member.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    content: Content,
    /// Length of the member, in bytes.
    member_length: usize,
    member_checksum: u32,
}

/// The members of a stream that are packed already.
#[derive(Debug, Default)]
pub struct PackedHours(HashMap<Content, Vec<u8>>);

impl PackedHours {
    /// Reads the cache up to the first damage.
    pub fn load(store: &Store, stream: &str) -> Self {
        let bytes = read_at_most(&store.packed_file(stream), CACHE_MAX).unwrap_or_default();
        let (mut known, mut rest) = (HashMap::new(), bytes.as_slice());
        while let Some((content, member, behind)) = entry(rest) {
            known.insert(content, member.to_vec());
            rest = behind;
        }
        Self(known)
    }

    /// The member of an hour with this content.
    ///
    /// # Errors
    /// As [`member::pack`].
    pub fn pack(&mut self, hour: &str, content: &[u8]) -> io::Result<Vec<u8>> {
        let known = if self.0.is_empty() { None } else { self.0.remove(&Content::new(hour, content)) };
        known.map_or_else(|| member::pack(hour, content), Ok)
    }
}

/// The first entry: content, member, what follows.
fn entry(bytes: &[u8]) -> Option<(Content, &[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let entry: Entry = serde_json::from_str(line::check(bytes.get(..end)?)?).ok()?;
    let (member, rest) = bytes.get(end + 1..)?.split_at_checked(entry.member_length)?;
    let is_whole = crc32fast::hash(member) == entry.member_checksum;
    is_whole.then_some((entry.content, member, rest.strip_prefix(b"\n")?))
}

impl Store {
    fn packed_file(&self, stream: &str) -> PathBuf {
        self.directory().join("state").join(format!("packed-{stream}"))
    }

    /// Packs an hour that is over. The caller holds the lock.
    ///
    /// # Errors
    /// What the file system says; then the hour is packed when its day is sealed.
    pub(super) fn pack_hour(&self, stream: &str, hour: DateTime<Utc>, ranges: &HourRanges) -> Result<()> {
        let Some(content) = ranges.content(hour) else { return Ok(()) };
        let (path, name) = (self.packed_file(stream), hour.format("%Y-%m-%dT%H").to_string());
        if fs::metadata(&path).is_ok_and(|meta| meta.len() > CACHE_MAX / 2) {
            self.forget_packed(stream);
        }
        let member = at("pack", &path, member::pack(&name, &content))?;
        let (member_length, member_checksum) = (member.len(), crc32fast::hash(&member));
        let entry = Entry { content: Content::new(&name, &content), member_length, member_checksum };
        let bytes = [line::seal(&serde_json::to_string(&entry)?).as_bytes(), &member, b"\n"].concat();
        let directory = self.directory().join("state");
        at("make", &directory, make_directory(&directory))?;
        at("write to", &path, stream::append_unsynced(&path, &bytes))
    }

    /// Removes the packed hours of a stream.
    pub(super) fn forget_packed(&self, stream: &str) {
        // Where there are none, nothing is to be forgotten.
        let _ = fs::remove_file(self.packed_file(stream));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::{Now, parse, stamp};
    use crate::store::SNAPSHOTS;
    use chrono::TimeDelta;

    /// Hours 0 to 3, the first three of them packed.
    fn packed(store: &Store) -> DateTime<Utc> {
        let begin = parse("2026-11-20T00:00:00Z").unwrap();
        for minute in 0..240 {
            let wall = begin + TimeDelta::minutes(minute);
            let json = format!("{{\"schema\":1,\"time\":\"{}\",\"n\":{{\"x\":{minute}}}}}", stamp(wall));
            store.append(SNAPSHOTS, &Now { wall, boottime_seconds: 0.0 }, &json).unwrap();
        }
        let ranges = HourRanges::find(store, SNAPSHOTS, begin);
        for hour in 0..3 {
            store.pack_hour(SNAPSHOTS, begin + TimeDelta::hours(hour), &ranges).unwrap();
        }
        begin
    }

    fn seal(store: &Store) -> Vec<u8> {
        let day = store.days(SNAPSHOTS).unwrap().remove(0);
        store.seal(SNAPSHOTS, &day).unwrap();
        fs::read(store.directory().join("snapshots/2026-11-20.jsonl.gz")).unwrap()
    }

    #[test]
    fn a_day_of_packed_hours_is_sealed_as_one_without_them() {
        let directory = tempfile::tempdir().unwrap();
        let (with, without) = (directory.path().join("with"), directory.path().join("without"));
        let (with, without) = (Store::new(with), Store::new(without));
        packed(&with);
        packed(&without);
        without.forget_packed(SNAPSHOTS);
        assert_eq!(PackedHours::load(&with, SNAPSHOTS).0.len(), 3);
        assert_eq!(seal(&with), seal(&without));
        assert!(!with.packed_file(SNAPSHOTS).exists());
    }

    #[test]
    fn damage_and_records_that_came_later_are_packed_anew() {
        let directory = tempfile::tempdir().unwrap();
        let whole = Store::new(directory.path().join("whole"));
        packed(&whole);
        let (cache, file) = (fs::read(whole.packed_file(SNAPSHOTS)).unwrap(), whole.file(SNAPSHOTS, "2026-11-20"));
        let content = fs::read(&file).unwrap();
        let expected = seal(&whole);
        for at in (0..cache.len()).step_by(7) {
            let mut broken = cache.clone();
            broken[at] ^= 0x10;
            fs::write(&file, &content).unwrap();
            fs::remove_file(whole.directory().join("snapshots/2026-11-20.jsonl.gz")).unwrap();
            fs::write(whole.packed_file(SNAPSHOTS), if at % 2 == 0 { &broken } else { &cache[..at] }).unwrap();
            assert_eq!(seal(&whole), expected, "byte {at}");
        }
        // A clock that was set back adds a record to an hour that is packed.
        let late = Store::new(directory.path().join("late"));
        let now = Now { wall: packed(&late), boottime_seconds: 0.0 };
        late.append(SNAPSHOTS, &now, "{\"schema\":1,\"time\":\"2026-11-20T01:30:00.500Z\"}").unwrap();
        seal(&late);
        let mut records = 0;
        late.read(SNAPSHOTS, now.wall, now.wall + TimeDelta::days(1), &mut |_| records += 1).unwrap();
        assert_eq!(records, 241);
    }
}
