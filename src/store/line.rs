//! One record as one line: JSON whose last member is the CRC-32 of everything before it.

use memchr::memchr;

/// What stands between the record and its checksum.
const MARK: &str = ",\"crc32\":\"";
/// Length of the mark, eight hexadecimal digits and `"}`.
const TAIL: usize = MARK.len() + 8 + 2;
/// Longest line that is read, in bytes: a longer one is damage, not a record.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// Seals a JSON object with its checksum and a newline. The CRC (IEEE 802.3) is of the object without its last brace.
pub fn seal(json: &str) -> String {
    let body = json.strip_suffix('}').unwrap_or(json);
    format!("{body}{MARK}{:08x}\"}}\n", crc32fast::hash(body.as_bytes()))
}

/// The line as text when its checksum is right.
pub fn check(line: &[u8]) -> Option<&str> {
    let at = line.len().checked_sub(TAIL)?;
    let (body, tail) = line.split_at_checked(at)?;
    let digits = tail.strip_prefix(MARK.as_bytes())?.strip_suffix(b"\"}")?;
    let expected = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    if crc32fast::hash(body) == expected { std::str::from_utf8(line).ok() } else { None }
}

/// Calls `each` with the number (from 1) and content of every line; `None` for a damaged one. Empty lines are nothing.
pub fn split<'a>(content: &'a [u8], mut each: impl FnMut(usize, Option<&'a str>)) {
    let (mut rest, mut number) = (content, 0);
    while !rest.is_empty() {
        number += 1;
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or(&[]);
        if !line.is_empty() {
            each(number, if line.len() <= LINE_MAX { check(line) } else { None });
        }
    }
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

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm_and_good_lines_among_them_are_found(
            before in proptest::collection::vec(any::<u8>(), 0..200),
            after in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let good = seal("{\"n\":1}");
            let mut content = before;
            content.push(b'\n');
            content.extend_from_slice(good.as_bytes());
            content.extend_from_slice(&after);
            let mut found = Vec::new();
            split(&content, |_, line| found.extend(line.map(str::to_string)));
            prop_assert!(found.contains(&good.trim_end().to_string()));
        }
    }
}
