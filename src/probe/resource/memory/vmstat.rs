//! Counters of `/proc/vmstat` (`Documentation/filesystems/proc.rst`).

use crate::probe::fields::{lines, value_of};
use serde::{Deserialize, Serialize};

/// Counters since boot, kept for the next snapshot; `None`: this kernel has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vmstat {
    /// Processes killed by the OOM killer (kernel 4.13).
    pub oom_kill: Option<u64>,
    /// Page faults that had to read from disk.
    pub pgmajfault: Option<u64>,
    /// Pages read back from swap.
    pub pswpin: Option<u64>,
    /// Pages written to swap.
    pub pswpout: Option<u64>,
}

impl Vmstat {
    /// Parses the file.
    pub fn parse(content: &[u8]) -> Self {
        let mut found = Self::default();
        for line in lines(content) {
            let (slot, name): (_, &[u8]) = match line {
                [b'o', b'o', ..] => (&mut found.oom_kill, b"oom_kill"),
                [b'p', b'g', b'm', ..] => (&mut found.pgmajfault, b"pgmajfault"),
                [b'p', b's', b'w', b'p', b'i', ..] => (&mut found.pswpin, b"pswpin"),
                [b'p', b's', b'w', b'p', b'o', ..] => (&mut found.pswpout, b"pswpout"),
                _ => continue,
            };
            if let Some(value) = value_of(line, name) {
                *slot = Some(value);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_the_kernel_lacks_is_absent() {
        let text = b"nr_free 7\noom_kill 3\npgmajfault 5\npgmajfault_x 6\npswpin x\npswpout 8";
        let expected = Vmstat { oom_kill: Some(3), pgmajfault: Some(5), pswpin: None, pswpout: Some(8) };
        assert_eq!(Vmstat::parse(text), expected);
        assert_eq!(Vmstat::parse(b"\0\n\xff"), Vmstat::default());
        let kept: Vmstat = serde_json::from_str(r#"{"oom_kill":3,"pgmajfault":5,"pswpin":0,"pswpout":8}"#).unwrap();
        assert_eq!(kept, Vmstat { pswpin: Some(0), ..expected }, "as earlier versions kept it");
    }
}
