//! The packed form: a line of JSON, a JSON list of names on a line, and for each name its numbers as little-endian
//! doubles.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the form.
const SCHEMA: u32 = 1;

/// Something that consists of a fixed number of numbers.
pub trait Numbers {
    /// Calls `visit` with every number, always in the same order.
    fn numbers(&mut self, visit: &mut impl FnMut(&mut f64));
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    schema: u32,
    /// Numbers for each name.
    numbers: usize,
    /// Checksum of what this belongs to.
    of: u32,
    /// CRC-32 of all that follows this line.
    crc32: u32,
}

fn width<T: Numbers + Default>() -> usize {
    let mut count = 0;
    T::default().numbers(&mut |_| count += 1);
    count
}

/// Packs numbers by name.
pub fn pack<T: Numbers + Default>(of: u32, rows: &mut BTreeMap<String, T>) -> Vec<u8> {
    let numbers = width::<T>();
    let names: Vec<&String> = rows.keys().collect();
    let mut body = serde_json::to_vec(&names).unwrap_or_default();
    body.push(b'\n');
    body.reserve(rows.len() * numbers * size_of::<f64>());
    for row in rows.values_mut() {
        row.numbers(&mut |number| body.extend_from_slice(&number.to_le_bytes()));
    }
    let head = Head { schema: SCHEMA, numbers, of, crc32: crc32fast::hash(&body) };
    let mut packed = serde_json::to_vec(&head).unwrap_or_default();
    packed.push(b'\n');
    packed.append(&mut body);
    packed
}

fn head(packed: &[u8]) -> Option<(Head, &[u8])> {
    let (head, body) = line(packed)?;
    Some((serde_json::from_slice(head).ok()?, body))
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// The checksum of what is packed; 0 when it has none.
pub fn checksum(packed: &[u8]) -> u32 {
    head(packed).map_or(0, |(head, _)| head.crc32)
}

/// Reads numbers by name, and the checksum of what they belong to; `None` when they are damaged or of another version.
pub fn unpack<T: Numbers + Default>(packed: &[u8]) -> Option<(u32, BTreeMap<String, T>)> {
    let (head, body) = head(packed)?;
    if head.schema != SCHEMA || head.numbers != width::<T>() || head.crc32 != crc32fast::hash(body) {
        return None;
    }
    let (names, numbers) = line(body)?;
    let names: Vec<String> = serde_json::from_slice(names).ok()?;
    let (doubles, []) = numbers.as_chunks::<8>() else { return None };
    if doubles.len() != names.len() * head.numbers {
        return None;
    }
    let mut doubles = doubles.iter();
    let read = |name| {
        let mut row = T::default();
        row.numbers(&mut |number| *number = doubles.next().map_or(*number, |bytes| f64::from_le_bytes(*bytes)));
        (name, row)
    };
    Some((head.of, names.into_iter().map(read).collect()))
}
