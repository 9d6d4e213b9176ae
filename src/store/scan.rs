//! Scanner for blocks exactly as osmon writes them. Most of what the page reads each minute are blocks, and their layout
//! is fixed. A block in any other layout, even with one more space, is left to serde.

use crate::base::clock::parse;
use crate::model::point::Point;
use memchr::memchr2;
use std::borrow::Cow;

/// Exact powers of ten, and the number of digits a mantissa may have to be exact.
const TENS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
const DIGITS_MAX: usize = 15;

/// The unread rest of a line.
struct Scan<'a> {
    rest: &'a str,
}

/// The series of a block in text form and its points; `None` when the layout is a different one.
pub fn read(text: &str) -> Option<(Cow<'_, str>, Vec<Point>)> {
    let mut scan = Scan { rest: text };
    scan.skip("{\"metric\":\"")?;
    let metric = scan.text()?;
    scan.skip(",\"time\":\"")?;
    let begin = parse(&scan.text()?)?.timestamp_millis();
    scan.skip(",\"")?;
    let mut points: Vec<Point> = Vec::new();
    if scan.skip("offset_ms\":").is_some() {
        scan.list(|_, offset| {
            let offset =
                offset.filter(|offset| *offset >= 0.0 && *offset <= f64::from(u32::MAX) && offset.fract() == 0.0)?;
            points.push(Point::sample(begin + offset as i64, 0.0));
            Some(())
        })?;
        scan.skip(",\"value\":")?;
        let count = scan.list(|at, value| {
            let point = points.get_mut(at)?;
            let value = value?;
            (point.min, point.avg, point.max) = (value, value, value);
            Some(())
        })?;
        scan.end()?;
        return (count == points.len()).then_some((metric, points));
    }
    scan.skip("step_seconds\":")?;
    let (digits, rest) = scan.rest.split_once(',')?;
    let step_ms = i64::from(digits.parse::<u32>().ok()?) * 1000;
    scan.rest = rest;
    scan.skip("\"min\":")?;
    scan.list(|at, value| {
        let min = value.unwrap_or(f64::NAN);
        points.push(Point { time_ms: begin + step_ms * at as i64, min, avg: f64::NAN, max: f64::NAN, count: 0 });
        Some(())
    })?;
    let mut column = |name: &str, set: fn(&mut Point, f64)| {
        scan.skip(name)?;
        let count = scan.list(|at, value| {
            let point = points.get_mut(at)?;
            value.into_iter().for_each(|value| set(point, value));
            Some(())
        })?;
        (count == points.len()).then_some(())
    };
    column(",\"avg\":", |point, value| point.avg = value)?;
    column(",\"max\":", |point, value| point.max = value)?;
    column(",\"count\":", |point, value| point.count = value as u32)?;
    scan.end()?;
    points.retain(|point| point.count > 0 && !(point.min.is_nan() || point.avg.is_nan() || point.max.is_nan()));
    Some((metric, points))
}

impl<'a> Scan<'a> {
    fn skip(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// The end of the line, with or without checksum: a truncated line is no block.
    fn end(&mut self) -> Option<()> {
        if self.skip(",\"crc32\":\"").is_some() {
            self.text()?;
        }
        (self.rest.trim_end() == "}").then_some(())
    }

    /// Text up to the closing quote. Knows only the escapes that labels need.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let (head, end, rest) = cut(self.rest)?;
        self.rest = rest;
        if end == b'"' {
            return Some(Cow::Borrowed(head));
        }
        let mut text = head.to_string();
        loop {
            let escaped = self.rest.get(..1).filter(|escaped| ["\"", "\\"].contains(escaped))?;
            text.push_str(escaped);
            let (head, end, rest) = cut(self.rest.get(1..)?)?;
            text.push_str(head);
            self.rest = rest;
            if end == b'"' {
                return Some(Cow::Owned(text));
            }
        }
    }

    /// Calls `each` with the index and the value (`None` for `null`) of every element; returns the number of elements.
    fn list(&mut self, mut each: impl FnMut(usize, Option<f64>) -> Option<()>) -> Option<usize> {
        self.skip("[")?;
        if self.skip("]").is_some() {
            return Some(0);
        }
        let (mut bytes, mut count) = (self.rest.as_bytes(), 0);
        loop {
            let (value, rest) = element(bytes)?;
            each(count, value)?;
            count += 1;
            let (end, rest) = rest.split_first()?;
            bytes = rest;
            match end {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        self.rest = self.rest.get(self.rest.len() - bytes.len()..)?;
        Some(count)
    }
}

/// Splits at the next quote or backslash: text before it, the character, text after it.
fn cut(text: &str) -> Option<(&str, u8, &str)> {
    let at = memchr2(b'"', b'\\', text.as_bytes())?;
    Some((text.get(..at)?, *text.as_bytes().get(at)?, text.get(at + 1..)?))
}

/// A number or `null`, and the rest behind it.
fn element(bytes: &[u8]) -> Option<(Option<f64>, &[u8])> {
    let (is_negative, mut rest) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let (mut mantissa, mut digits, mut fraction, mut step) = (0_u64, 0, 0, 0);
    while let Some((byte, tail)) = rest.split_first() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 && digits < DIGITS_MAX {
            mantissa = mantissa * 10 + u64::from(digit);
            digits += 1;
            fraction += step;
        } else if *byte == b'.' && step == 0 && digits > 0 {
            step = 1;
        } else {
            break;
        }
        rest = tail;
    }
    // Mantissa and power are exact, so their quotient is correctly rounded.
    let is_whole = digits > 0 && fraction >= step && matches!(rest.first(), Some(b',' | b']'));
    if let Some(ten) = TENS.get(fraction).filter(|_| is_whole) {
        let size = if fraction == 0 { mantissa as f64 } else { mantissa as f64 / ten };
        return Some((Some(if is_negative { -size } else { size }), rest));
    }
    // Longer mantissas, exponents, null.
    let end = memchr2(b',', b']', bytes)?;
    let (text, rest) = bytes.split_at_checked(end)?;
    let text = std::str::from_utf8(text).ok()?;
    if text == "null" {
        return Some((None, rest));
    }
    // JSON is stricter than Rust's parser.
    let _: f64 = serde_json::from_str(text).ok()?;
    Some((Some(text.parse().ok()?), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_escapes_and_unusual_numbers() {
        let text = r#"{"metric":"a{b=\"c \\ d\"}","time":"2026-11-20T00:00:00.000Z","step_seconds":3600,"min":[1,null,-2.5],"avg":[1.5,null,1e3],"max":[12345678901234567890,null,0.1],"count":[60,0,2],"crc32":"x"}"#;
        let (metric, points) = read(text).unwrap();
        assert_eq!((metric.as_ref(), points.len()), ("a{b=\"c \\ d\"}", 2));
        assert_eq!(
            (points[0].max, points[1].min, points[1].avg, points[1].max),
            (12_345_678_901_234_567_890.0, -2.5, 1000.0, 0.1)
        );
        assert_eq!(points[1].time_ms - points[0].time_ms, 7_200_000);
        for broken in ["[1,,2]", "[1.]", "[.5]", "[-]", "[1 ]", "[1", "[1,]", "[x]"] {
            assert!(Scan { rest: broken }.list(|_, _| Some(())).is_none(), "{broken}");
        }
        assert_eq!(Scan { rest: "[]" }.list(|_, _| Some(())), Some(0));
    }
}
