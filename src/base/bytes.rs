//! Search in bytes with the C library, which knows the processor already: the crate for it asks anew what it can do, which
//! costs a short program more than the search, where a hypervisor answers.

use std::io::BufRead;

/// Position of the first `byte`.
pub fn position(byte: u8, content: &[u8]) -> Option<usize> {
    let mut rest = content;
    let at = rest.skip_until(byte).ok()?.checked_sub(1)?;
    (content.get(at) == Some(&byte)).then_some(at)
}

/// Positions of each `byte`, in order.
pub fn positions(byte: u8, content: &[u8]) -> impl Iterator<Item = usize> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        let at = begin + position(byte, content.get(begin..)?)?;
        begin = at + 1;
        Some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_position_is_found_once() {
        for content in [&b""[..], b"\n", b"a", b"a\n", b"a\n\nb", b"\n\n"] {
            let expected: Vec<usize> = (0..content.len()).filter(|at| content[*at] == b'\n').collect();
            assert_eq!(positions(b'\n', content).collect::<Vec<_>>(), expected);
            assert_eq!(position(b'\n', content), expected.first().copied());
        }
    }
}
