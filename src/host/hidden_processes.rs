//! Detects that processes are hidden from users other than root, by the mount option `hidepid` of proc(5).

use super::Root;

impl Root {
    /// Returns whether the visible mount of `/proc` has the option.
    pub fn hides_processes(&self) -> bool {
        is_hiding(&self.proc("self/mountinfo").unwrap_or_default())
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ').filter(|word| !word.is_empty())
}

fn is_hiding(mountinfo: &[u8]) -> bool {
    let is_proc = |line: &&[u8]| words(line).nth(4) == Some(b"/proc");
    let options = mountinfo.split(|byte| *byte == b'\n').rfind(is_proc).unwrap_or_default();
    let value =
        words(options).flat_map(|word| word.split(|byte| *byte == b',')).filter_map(|o| o.strip_prefix(b"hidepid="));
    value.last().is_some_and(|value| !matches!(value, b"0" | b"off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_of_the_visible_mount_counts() {
        let mount = |options: &str| format!("19 1 0:4 / /proc rw,nosuid shared:1 - proc proc rw{options}\n");
        for (options, hides) in [
            ("", false),
            (",hidepid=0", false),
            (",hidepid=off", false),
            (",hidepid=1", true),
            (",hidepid=2,gid=4", true),
            (",gid=4,hidepid=invisible", true),
            (",hidepid=ptraceable", true),
        ] {
            assert_eq!(is_hiding(mount(options).as_bytes()), hides, "{options}");
            let below = format!("{}20 1 0:5 / /mnt/proc rw - proc proc rw,hidepid=2\n", mount(options));
            assert_eq!(is_hiding(below.as_bytes()), hides, "{options} and another mount");
        }
        assert!(!is_hiding((mount(",hidepid=2") + &mount("")).as_bytes()), "mounted over");
        assert!(!is_hiding(b"\xff / \n"));
    }
}
