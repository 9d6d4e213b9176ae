//! Sizes that can be true: what a file system states is judged number by number, since some state more free space than
//! they have, or a number below zero, which arrives as one of 2⁶⁴.

use crate::host::file_system::Space;
use crate::probe::rates::percent;

/// Space and inodes that can be true. What cannot is absent, or the worst it can mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Size.
    pub total_bytes: u64,
    /// Total minus free.
    pub used_bytes: Option<u64>,
    /// Available to users.
    pub available_bytes: Option<u64>,
    /// Used share of the space that users can use; absent where they can use none.
    pub used_percent: Option<f64>,
    /// Used share of the inodes; absent without inodes.
    pub inodes_used_percent: Option<f64>,
    /// Free inodes; absent without inodes.
    pub inodes_free: Option<u64>,
}

/// The size that a file system states; `None` when it is beyond 64 bits. `discard` is told each number that was not taken
/// as it is, and why.
pub fn judge(space: &Space, discard: &mut dyn FnMut(&str, String)) -> Option<Size> {
    let Some(total_bytes) = space.blocks.checked_mul(space.block_bytes) else {
        discard("total", format!("{} blocks of {} bytes are beyond 64 bits", space.blocks, space.block_bytes));
        return None;
    };
    let free = part(space.free, space.blocks);
    if free != Some(space.free) {
        discard("free", impossible(space.free, "blocks", space.blocks, free));
    }
    let available = free.map(|free| match part(space.available, space.blocks) {
        Some(available) => available.min(free),
        None => free,
    });
    if let Some(taken) = available.filter(|available| *available != space.available) {
        discard("available", impossible(space.available, "free blocks", free.unwrap_or_default(), Some(taken)));
    }
    let inodes_free = part(space.inodes_free, space.inodes).filter(|_| space.inodes > 0);
    if space.inodes > 0 && inodes_free != Some(space.inodes_free) {
        discard("inodes_free", impossible(space.inodes_free, "inodes", space.inodes, inodes_free));
    }
    let used = free.map(|free| space.blocks - free);
    let usable = used.zip(available).map(|(used, available)| (used, used.saturating_add(available)));
    let share = |part: u64, whole: u64| percent(part as f64, whole as f64);
    Some(Size {
        total_bytes,
        used_bytes: used.map(|blocks| blocks.saturating_mul(space.block_bytes)),
        available_bytes: available.map(|blocks| blocks.saturating_mul(space.block_bytes)),
        used_percent: usable.filter(|(_, usable)| *usable > 0).map(|(used, usable)| share(used, usable)),
        inodes_used_percent: inodes_free.map(|free| share(space.inodes - free, space.inodes)),
        inodes_free,
    })
}

/// A part of a whole: as it is, none of it where it is a little below zero, `None` where it is larger than the whole.
fn part(stated: u64, whole: u64) -> Option<u64> {
    if stated <= whole {
        return Some(stated);
    }
    (stated.wrapping_neg() <= whole).then_some(0)
}

fn impossible(stated: u64, of: &str, whole: u64, taken: Option<u64>) -> String {
    let taken = taken.map_or_else(String::new, |taken| format!(", taken as {taken}"));
    // The kernel keeps signed numbers.
    format!("{} of {whole} {of}{taken}", stated as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judged(numbers: [u64; 5]) -> (Option<Size>, Vec<String>) {
        let [blocks, free, available, inodes, inodes_free] = numbers;
        let space = Space { block_bytes: 4096, blocks, free, available, inodes, inodes_free };
        let mut discarded = Vec::new();
        let size = judge(&space, &mut |name, reason| discarded.push(format!("{name}: {reason}")));
        (size, discarded)
    }

    #[test]
    fn what_cannot_be_is_absent_or_the_worst_it_can_mean() {
        let below = |number: u64| number.wrapping_neg();
        type Case = ([u64; 5], Option<f64>, Option<f64>, &'static str);
        let cases: [Case; 10] = [
            ([1000, 600, 500, 100, 25], Some(44.444), Some(75.0), ""),
            ([1000, 100, below(50), 100, 25], Some(100.0), Some(75.0), "available: -50 of 100 free blocks, taken as 0"),
            ([1000, 100, 900, 100, 25], Some(90.0), Some(75.0), "available: 900 of 100 free blocks, taken as 100"),
            (
                [1000, 100, below(5000), 100, 25],
                Some(90.0),
                Some(75.0),
                "available: -5000 of 100 free blocks, taken as 100",
            ),
            ([1000, 1200, 1200, 0, 0], None, None, "free: 1200 of 1000 blocks"),
            ([1000, below(3), 0, 0, 0], Some(100.0), None, "free: -3 of 1000 blocks, taken as 0"),
            ([1000, 600, 500, 100, 101], Some(44.444), None, "inodes_free: 101 of 100 inodes"),
            ([1000, 600, 500, 100, below(6)], Some(44.444), Some(100.0), "inodes_free: -6 of 100 inodes, taken as 0"),
            ([1000, 1000, 0, 0, 7], None, None, ""),
            ([1000, 1000, 1000, 100, 100], Some(0.0), Some(0.0), ""),
        ];
        for (numbers, used, inodes, said) in cases {
            let (size, discarded) = judged(numbers);
            let size = size.unwrap();
            assert_eq!((size.used_percent, size.inodes_used_percent), (used, inodes), "{numbers:?}");
            assert_eq!(discarded.join("; "), said, "{numbers:?}");
        }
        assert_eq!(judged([u64::MAX / 2, 0, 0, 0, 0]).0, None);
    }

    fn edge() -> impl Strategy<Value = u64> {
        prop_oneof![0_u64..2000, (0_u64..2000).prop_map(u64::wrapping_neg), any::<u64>(), Just(u64::from(u32::MAX))]
    }

    proptest! {
        #[test]
        fn whatever_is_stated_no_number_is_impossible(numbers in prop::array::uniform5(edge())) {
            let (size, discarded) = judged(numbers);
            let [blocks, free, available, inodes, inodes_free] = numbers;
            let is_possible = available <= free && free <= blocks && (inodes == 0 || inodes_free <= inodes);
            prop_assert_eq!(discarded.is_empty(), is_possible && size.is_some());
            if let Some(size) = size {
                prop_assert!(size.used_bytes.is_none_or(|used| used <= size.total_bytes));
                let sum = size.used_bytes.zip(size.available_bytes).map(|(used, available)| used + available);
                prop_assert!(sum.is_none_or(|sum| sum <= size.total_bytes));
                prop_assert!(size.inodes_free.is_none_or(|free| free <= inodes));
                let shares = [size.used_percent, size.inodes_used_percent];
                prop_assert!(shares.iter().flatten().all(|share| (0.0..=100.0).contains(share)));
                // Nothing that was doubted reads as empty.
                prop_assert!(available <= free || size.used_percent != Some(0.0) || free == blocks);
            }
        }
    }
}
