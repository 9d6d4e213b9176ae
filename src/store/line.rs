//! The line format: one JSON object per line whose last member is the CRC-32 of everything before it.

use memchr::memchr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::ops::Range;

/// Separator between the record and its checksum.
const MARK: &str = ",\"crc32\":\"";
/// Length of the separator, eight hexadecimal digits and `"}`.
const TAIL: usize = MARK.len() + 8 + 2;
/// Longest line that is read, in bytes: a longer one counts as damaged.
pub const LINE_MAX: usize = 16 * 1024 * 1024;
/// Size of the first read, in bytes. It is small because the buffer is cleared first and most files are short.
const CHUNK_FIRST: usize = 8 * 1024;
const CHUNK: usize = 128 * 1024;

/// Appends the checksum and a newline to a JSON object. The CRC (IEEE 802.3) covers the object without its closing
/// brace.
pub fn seal(json: &str) -> String {
    let body = json.strip_suffix('}').unwrap_or(json);
    format!("{body}{MARK}{:08x}\"}}\n", crc32fast::hash(body.as_bytes()))
}

/// The line as text if its checksum is correct.
pub fn check(line: &[u8]) -> Option<&str> {
    let at = line.len().checked_sub(TAIL)?;
    let (body, tail) = line.split_at_checked(at)?;
    let digits = tail.strip_prefix(MARK.as_bytes())?.strip_suffix(b"\"}")?;
    let expected = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    if crc32fast::hash(body) == expected { std::str::from_utf8(line).ok() } else { None }
}

/// A line and its position in the text.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// Line number, from 1.
    pub number: usize,
    /// Offset of its first byte in the text.
    pub offset: u64,
    /// Length in bytes, without the newline.
    pub length: u64,
    /// The line ends with a newline.
    pub is_ended: bool,
    /// Its bytes; only the beginning if the line exceeds [`LINE_MAX`].
    pub bytes: &'a [u8],
}

impl Span<'_> {
    /// The record, if the line is intact.
    pub fn record(&self) -> Option<&str> {
        if self.length <= LINE_MAX as u64 { check(self.bytes) } else { None }
    }
}

/// Some lines of a file.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Where they are.
    pub(super) bytes: Range<u64>,
    /// Number of lines before them.
    pub(super) lines_before: usize,
}

/// Calls `each` with the number (from 1) and the bytes of every line, without its newline and without checking it.
/// Empty lines are skipped. Of a line longer than [`LINE_MAX`] only the beginning is passed. Holds one line in memory
/// at a time.
///
/// # Errors
/// Read errors; the lines before have been passed.
pub fn lines(input: impl Read, each: &mut dyn FnMut(usize, &[u8])) -> io::Result<()> {
    spans(input, &mut |span| each(span.number, span.bytes))
}

/// Like [`lines`], with the position of each line.
///
/// # Errors
/// As [`lines`].
pub fn spans(mut input: impl Read, each: &mut dyn FnMut(&Span)) -> io::Result<()> {
    let (mut chunk, mut held) = (vec![0; CHUNK_FIRST], Vec::new());
    let (mut number, mut offset, mut length) = (1, 0, 0);
    let result = loop {
        let count = match input.read(&mut chunk) {
            Ok(0) => break Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => break Err(error),
        };
        let mut rest = chunk.get(..count).unwrap_or(&[]);
        while let Some(end) = memchr(b'\n', rest) {
            let (head, tail) = rest.split_at(end);
            length += end as u64;
            if held.is_empty() {
                give(&Span { number, offset, length, is_ended: true, bytes: head }, each);
            } else {
                hold(&mut held, head);
                give(&Span { number, offset, length, is_ended: true, bytes: &held }, each);
                held.clear();
            }
            number += 1;
            offset += length + 1;
            length = 0;
            rest = tail.get(1..).unwrap_or(&[]);
        }
        length += rest.len() as u64;
        hold(&mut held, rest);
        if count == chunk.len() && count < CHUNK {
            chunk.resize(count * 4, 0);
        }
    };
    give(&Span { number, offset, length, is_ended: false, bytes: &held }, each);
    result
}

fn give(span: &Span, each: &mut dyn FnMut(&Span)) {
    if span.length > 0 {
        each(span);
    }
}

/// One byte more than the longest record is enough to detect that a line is too long.
fn hold(held: &mut Vec<u8>, more: &[u8]) {
    let room = (LINE_MAX + 1).saturating_sub(held.len());
    held.extend_from_slice(more.get(..room).unwrap_or(more));
}

/// Hash that identifies a line within one process, for lines that may be present in two files.
pub(super) fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}

/// Calls `each` with the number and content of every line of a text; `None` for a damaged one.
///
/// # Errors
/// Read errors; the lines before have been passed.
pub fn split(input: impl Read, each: &mut dyn FnMut(usize, Option<&str>)) -> io::Result<()> {
    spans(input, &mut |span| each(span.number, span.record()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_json_and_one_changed_byte_is_seen() {
        let line = seal("{\"time\":\"2026-11-20T21:40:00.012Z\",\"n\":1}");
        let text = line.trim_end();
        assert!(serde_json::from_str::<serde_json::Value>(text).unwrap()["crc32"].is_string());
        assert_eq!(check(text.as_bytes()), Some(text));
        for at in 0..text.len() {
            let mut broken = text.as_bytes().to_vec();
            broken[at] ^= 1;
            assert_eq!(check(&broken), None, "byte {at}");
        }
    }

    #[test]
    fn an_endless_line_costs_itself_only_and_no_more_memory_than_a_line() {
        let good = seal("{\"n\":1}");
        let endless = io::repeat(b'x').take(100 * 1024 * 1024);
        let input = good.as_bytes().chain(endless).chain(&b"\n"[..]).chain(good.as_bytes());
        let mut found = Vec::new();
        split(input, &mut |number, line| found.push((number, line.map(str::len)))).unwrap();
        let length = Some(good.len() - 1);
        assert_eq!(found, [(1, length), (2, None), (3, length)]);
    }

    /// A reader that returns a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);
    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm_and_good_lines_among_them_are_found(
            before in proptest::collection::vec(any::<u8>(), 0..200),
            after in proptest::collection::vec(any::<u8>(), 0..200),
            step in 1_usize..64,
        ) {
            let good = seal("{\"n\":1}");
            let mut content = before;
            content.push(b'\n');
            content.extend_from_slice(good.as_bytes());
            content.extend_from_slice(&after);
            let read = |input: &mut dyn Read| {
                let mut found = Vec::new();
                split(input, &mut |number, line| found.push((number, line.map(str::to_string)))).unwrap();
                found
            };
            let found = read(&mut content.as_slice());
            prop_assert!(found.iter().any(|(_, line)| line.as_deref() == Some(good.trim_end())));
            prop_assert_eq!(found, read(&mut Slow(&content, step)), "the size of a chunk changes nothing");
        }
    }
}
