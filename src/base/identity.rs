//! Names of things as identities of series: never cut or cleaned without a trace.

use super::text::clean_bytes;

/// The name of a thing, safe to store and print, of at most `max` characters (9 at least). A name that is valid UTF-8, has
/// no hostile characters and is short enough stays as it is. Any other is cleaned and cut as by [`clean_bytes`], and ends
/// in `~` and a checksum of its bytes in 8 hexadecimal digits, so that two names that differ remain two.
pub fn identity(name: &[u8], max: usize) -> String {
    let cleaned = clean_bytes(name, max);
    if cleaned.as_bytes() == name {
        return cleaned;
    }
    format!("{}~{:08x}", clean_bytes(name, max.saturating_sub(9).max(1)), crc32fast::hash(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_name_stays_and_any_other_keeps_its_difference() {
        assert_eq!(identity("/srv/été".as_bytes(), 80), "/srv/été");
        assert_eq!(identity(b"/caf\xe9", 80), "/caf\u{FFFD}~0f4420cf");
        let long = |end: &str| identity(format!("/{}{end}", "v".repeat(100)).as_bytes(), 80);
        assert_eq!(long("a").chars().count(), 80);
        assert_ne!(long("a"), long("b"));
    }

    proptest! {
        #[test]
        fn names_that_differ_remain_two(
            a in prop::collection::vec(any::<u8>(), 0..40),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            max in 9_usize..50,
        ) {
            let mut b = a.clone();
            if let Some(slot) = (!a.is_empty()).then(|| at.index(a.len())).and_then(|at| b.get_mut(at)) {
                *slot = byte;
            }
            let (one, other) = (identity(&a, max), identity(&b, max));
            prop_assert_eq!(a == b, one == other);
            prop_assert!(one.chars().count() <= max.max(10));
        }
    }
}
