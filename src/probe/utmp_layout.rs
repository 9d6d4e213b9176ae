//! Binary layouts of utmp(5): the C library, the architecture and its byte order decide, and no header says which.
//!
//! The layout is the one that explains most of a file, so that a file of another architecture is read as well, and a torn
//! record costs no other.

/// A layout of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    size: usize,
    /// Offset of the seconds, and their length. The microseconds follow in as many bytes.
    seconds_at: usize,
    seconds_size: usize,
    is_big_endian: bool,
}

/// Size, offset and length of the seconds: glibc with 32-bit times (x86, ARM, PowerPC, MIPS, SPARC, RISC-V), glibc with
/// 64-bit times (ARM64, s390x, LoongArch, Alpha) and musl, musl on 32-bit x86.
const SHAPES: [(usize, usize, usize); 3] = [(384, 340, 4), (400, 344, 8), (396, 344, 8)];
/// Latest plausible time, in seconds since 1970: that of unsigned 32 bits.
const SECONDS_MAX: u64 = u32::MAX as u64;
/// Largest `ut_type` (`ACCOUNTING`).
const KIND_MAX: u16 = 9;

/// A record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// `ut_type`, 1…9.
    pub kind: u16,
    /// Process id; for a change of the runlevel the new one, and the former times 256.
    pub pid: u32,
    /// Terminal.
    pub line: &'a [u8],
    /// Login name, or what happened.
    pub user: &'a [u8],
    /// Remote host, or the release of the kernel.
    pub host: &'a [u8],
    /// Seconds since 1970.
    pub seconds: i64,
}

impl Layout {
    /// Every layout, that of this machine's byte order first.
    fn all() -> impl Iterator<Item = Self> {
        let native = cfg!(target_endian = "big");
        [native, !native].into_iter().flat_map(|is_big_endian| {
            SHAPES.map(|(size, seconds_at, seconds_size)| Self { size, seconds_at, seconds_size, is_big_endian })
        })
    }

    fn number(&self, record: &[u8], at: usize, size: usize) -> Option<u64> {
        let bytes = record.get(at..at + size)?.iter().map(|byte| u64::from(*byte));
        let fold = |value: u64, byte: u64| value << 8 | byte;
        Some(if self.is_big_endian { bytes.fold(0, fold) } else { bytes.rev().fold(0, fold) })
    }

    /// The record at the beginning of `content`; `None` where there cannot be one.
    fn entry<'a>(&self, content: &'a [u8]) -> Option<Entry<'a>> {
        let record = content.get(..self.size)?;
        let kind = u16::try_from(self.number(record, 0, 2)?).ok().filter(|kind| (1..=KIND_MAX).contains(kind))?;
        let seconds =
            self.number(record, self.seconds_at, self.seconds_size).filter(|time| (1..=SECONDS_MAX).contains(time))?;
        self.number(record, self.seconds_at + self.seconds_size, self.seconds_size).filter(|us| *us < 1_000_000)?;
        let text = |at: usize, size: usize| {
            let field = record.get(at..at + size)?;
            let field = field.split(|byte| *byte == 0).next()?;
            field.iter().all(|byte| *byte >= b' ').then_some(field)
        };
        let pid = u32::try_from(self.number(record, 4, 4)?).ok()?;
        let seconds = i64::try_from(seconds).ok()?;
        Some(Entry { kind, pid, line: text(8, 32)?, user: text(44, 32)?, host: text(76, 256)?, seconds })
    }

    /// Returns whether the record at the beginning is the last one, or followed by another.
    fn is_followed(&self, content: &[u8]) -> bool {
        let next = content.get(self.size..).unwrap_or_default();
        next.len() < self.size || self.entry(next).is_some()
    }

    /// Returns whether a record begins before the end of the one at the beginning, which is torn then.
    fn begins_within(&self, content: &[u8]) -> bool {
        let rests = (4..self.size).step_by(4).filter_map(|skipped| content.get(skipped..));
        rests.into_iter().any(|rest| self.entry(rest).is_some() && self.is_followed(rest))
    }

    /// The records of a file, and the number of bytes in them.
    fn entries<'a>(&self, content: &'a [u8]) -> (Vec<Entry<'a>>, usize) {
        let (mut at, mut found) = (0, Vec::new());
        while let Some(rest) = content.get(at..).filter(|rest| rest.len() >= self.size) {
            let next = rest.get(self.size..).unwrap_or_default();
            match self.entry(rest) {
                Some(entry) if self.is_followed(rest) || !self.begins_within(rest) => {
                    found.push(entry);
                    at += self.size;
                }
                // An empty or damaged record, or one that was torn: the next begins at a multiple of four bytes.
                None if self.entry(next).is_some() => at += self.size,
                _ => at += 4,
            }
        }
        let explained = found.len() * self.size;
        (found, explained)
    }
}

/// The records of a file of any layout.
pub fn entries(content: &[u8]) -> Vec<Entry<'_>> {
    let mut best = (Vec::new(), 0);
    for layout in Layout::all() {
        let found = layout.entries(content);
        if found.1 > best.1 {
            best = found;
        }
        if best.1 == content.len() {
            break;
        }
    }
    best.0
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Number of layouts that [`record`] knows.
    pub const LAYOUTS: usize = 6;

    /// A record in a layout.
    pub fn record(layout: usize, kind: u16, pid: u32, [line, user, host]: [&str; 3], seconds: u32) -> Vec<u8> {
        let layout = Layout::all().nth(layout).unwrap();
        let mut record = vec![0_u8; layout.size];
        let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
        let number = |value: u64, size: usize| {
            if layout.is_big_endian {
                value.to_be_bytes()[8 - size..].to_vec()
            } else {
                value.to_le_bytes()[..size].to_vec()
            }
        };
        put(0, &number(u64::from(kind), 2));
        put(4, &number(u64::from(pid), 4));
        put(8, line.as_bytes());
        put(44, user.as_bytes());
        put(76, host.as_bytes());
        put(layout.seconds_at, &number(u64::from(seconds), layout.seconds_size));
        put(layout.seconds_at + layout.seconds_size, &number(123_456, layout.seconds_size));
        record
    }

    /// Records of all kinds, one an hour.
    fn file(layout: usize, count: u32) -> Vec<u8> {
        let one = |number: u32| {
            let kind = [2, 1, 7, 8][number as usize % 4];
            record(layout, kind, 1000 + number, ["pts/0", "anna", "6.1.0-30-arm64"], 1_795_000_000 + number * 3600)
        };
        (0..count).flat_map(one).collect()
    }

    fn seconds(content: &[u8]) -> Vec<i64> {
        entries(content).iter().map(|entry| entry.seconds).collect()
    }

    #[test]
    fn every_layout_is_known_by_its_records() {
        for layout in 0..LAYOUTS {
            // 24 records of 400 bytes are as long as 25 of 384.
            for count in [1, 2, 24, 25, 48, 100] {
                let content = file(layout, count);
                let expected: Vec<i64> = (0..count).map(|number| i64::from(1_795_000_000 + number * 3600)).collect();
                assert_eq!(seconds(&content), expected, "layout {layout}, {count} records");
                let first = entries(&content)[0];
                assert_eq!((first.kind, first.line, first.user), (2, b"pts/0".as_slice(), b"anna".as_slice()));
            }
        }
    }

    #[test]
    fn a_torn_record_costs_no_other() {
        for layout in 0..LAYOUTS {
            let (content, size) = (file(layout, 9), Layout::all().nth(layout).unwrap().size);
            let all = seconds(&content);
            assert_eq!(seconds(&content[..content.len() - 100]), all[..8], "the last is torn");
            assert_eq!(seconds(&content[52..]), all[1..], "the first is torn");
            let torn = [&content[..size * 4 + 100], &content[size * 5..]].concat();
            assert_eq!(seconds(&torn), [&all[..4], &all[5..]].concat(), "one within is torn");
            let zeros = [&content[..size * 4], &vec![0; size * 2 + 40], &content[size * 4..]].concat();
            assert_eq!(seconds(&zeros), all, "zeros after a crash");
        }
    }

    proptest! {
        #[test]
        fn any_content_is_read(content in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(entries(&content).len() <= content.len() / 384);
        }
    }
}
