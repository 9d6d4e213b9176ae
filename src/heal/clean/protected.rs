//! Names that are never removed: other programs find each other by them.

use crate::model::metric::Selector;

/// Patterns of protected names, at any depth.
const NAMES: [&str; 26] = [
    // Displays, fonts, sessions.
    ".X*-unix",
    ".X*-lock",
    ".ICE-unix",
    ".XIM-unix",
    ".Test-unix",
    ".font-unix",
    "dbus-*",
    "pulse-*",
    "tmux-*",
    "screen-*",
    "ssh-*",
    "krb5cc*",
    // Private directories of services, packages and containers.
    "systemd-private-*",
    "snap-*",
    "snap.*",
    "containers-*",
    "podman-*",
    "storage-run-*",
    // Files by which programs find each other.
    "*.lock",
    "*.pid",
    "*.sock",
    "sem.*",
    // Files of the file system itself.
    "lost+found",
    "aquota.*",
    ".journal",
    ".snapshots",
];

/// Returns whether an entry stays for its name, or for a pattern of the entry: one with a slash is compared with the whole
/// path, any other one with the name.
pub fn is_protected(name: &str, path: &str, keep: &[String]) -> bool {
    let keeps = |pattern: &String| Selector::pattern_fits(pattern, if pattern.contains('/') { path } else { name });
    NAMES.iter().any(|pattern| Selector::pattern_fits(pattern, name)) || keep.iter().any(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protected_names_and_those_of_the_entry_stay() {
        for name in [
            ".X11-unix",
            ".ICE-unix",
            "systemd-private-1",
            "tmux-0",
            "ssh-XX",
            "snap-private-tmp",
            ".font-unix",
            "lost+found",
            "a.lock",
            "a.pid",
            "a.sock",
        ] {
            assert!(is_protected(name, "", &[]), "{name}");
        }
        for name in ["a", "lock", "pid", "a.locks", "xtmux-0", "lost", "X11-unix"] {
            assert!(!is_protected(name, "", &[]), "{name}");
        }
        let keep = ["*.iso".to_string(), "/srv/in/keep*".to_string()];
        assert!(is_protected("a.iso", "/srv/in/a.iso", &keep) && is_protected("keep-1", "/srv/in/keep-1", &keep));
        assert!(!is_protected("keep-1", "/srv/out/keep-1", &keep));
    }
}
