//! The CRC-32 (IEEE 802.3) of a record that is written, without a processor's special instructions: to ask a processor for
//! them costs more than one record, where a hypervisor answers. What reads a year of history uses the crate.

/// Remainders of each byte, followed by none to seven further bytes.
static TABLES: [[u32; 256]; 8] = tables();
const POLYNOMIAL: u32 = 0xedb8_8320;

#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut at = 0;
    while at < 256 {
        let mut rest = at as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { rest >> 1 ^ POLYNOMIAL } else { rest >> 1 };
            bit += 1;
        }
        tables[0][at] = rest;
        at += 1;
    }
    let mut number = 1;
    while number < 8 {
        at = 0;
        while at < 256 {
            let before = tables[number - 1][at];
            tables[number][at] = before >> 8 ^ tables[0][(before & 0xff) as usize];
            at += 1;
        }
        number += 1;
    }
    tables
}

/// The checksum of some bytes.
pub fn crc32(bytes: &[u8]) -> u32 {
    let [t0, t1, t2, t3, t4, t5, t6, t7] = &TABLES;
    let of = |table: &[u32; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or_default();
    let (blocks, rest) = bytes.as_chunks::<8>();
    let sum = blocks.iter().fold(u32::MAX, |sum, &[a, b, c, d, e, f, g, h]| {
        let [a, b, c, d] = (u32::from_le_bytes([a, b, c, d]) ^ sum).to_le_bytes();
        of(t7, a) ^ of(t6, b) ^ of(t5, c) ^ of(t4, d) ^ of(t3, e) ^ of(t2, f) ^ of(t1, g) ^ of(t0, h)
    });
    let byte = |sum: u32, byte: &u8| sum >> 8 ^ of(t0, byte ^ sum.to_le_bytes()[0]);
    !rest.iter().fold(sum, byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_that_of_the_crate(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert_eq!(crc32(&bytes), crc32fast::hash(&bytes));
        }
    }
}
