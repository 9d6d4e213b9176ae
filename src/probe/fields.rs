//! Lines, words and numbers of kernel files. They are read as bytes: names in them may be no UTF-8.

use memchr::memchr_iter;

/// The lines of a file, without the newline.
pub fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut begin = 0;
    memchr_iter(b'\n', content).chain((!content.ends_with(b"\n")).then_some(content.len())).map(move |end| {
        let line = content.get(begin..end).unwrap_or_default();
        begin = end + 1;
        line
    })
}

/// The words of a line, separated by any number of blanks and tabs.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty())
}

/// The decimal number that a field begins with; `None` without a digit, or beyond 64 bits.
pub fn leading_number(field: &[u8]) -> Option<u64> {
    let mut value = None::<u64>;
    for byte in field {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = Some(value.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(digit))?);
    }
    value
}

/// A word that is a decimal number and nothing else.
pub fn number(word: &[u8]) -> Option<u64> {
    leading_number(word).filter(|_| word.iter().all(u8::is_ascii_digit))
}

/// A finite decimal fraction, such as `0.25`.
pub fn fraction(word: &[u8]) -> Option<f64> {
    std::str::from_utf8(word).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}

/// The number behind a key at the beginning of a line: `key 12`, `key: 12 kB`.
pub fn value_of(line: &[u8], key: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(key)?;
    rest.first().filter(|byte| !byte.is_ascii_alphanumeric() && **byte != b'_')?;
    number(words(rest.strip_prefix(b":").unwrap_or(rest)).next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_words_and_numbers() {
        let split = |content: &'static [u8]| lines(content).collect::<Vec<_>>();
        assert_eq!(split(b"a\n\nb"), [b"a".as_slice(), b"", b"b"]);
        assert_eq!(split(b"a\n"), [b"a"]);
        assert_eq!(words(b"  a\t b ").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!((number(b"12"), number(b"12x"), number(b""), number(b"-1")), (Some(12), None, None, None));
        assert_eq!(leading_number(b"18446744073709551615 1"), Some(u64::MAX));
        assert_eq!((leading_number(b"18446744073709551616"), leading_number(b"x")), (None, None));
        assert_eq!((fraction(b"0.25"), fraction(b"nan"), fraction(b"x")), (Some(0.25), None, None));
        assert_eq!((value_of(b"MemFree:  12 kB", b"MemFree"), value_of(b"pswpin 3", b"pswpin")), (Some(12), Some(3)));
        assert_eq!((value_of(b"MemFreeX: 1", b"MemFree"), value_of(b"MemFree: x", b"MemFree")), (None, None));
    }
}
