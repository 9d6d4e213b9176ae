//! Identity of the machine, or of its installation: `/etc/machine-id`.

use super::Root;
use sha2::{Digest, Sha256};

/// Name of this application in the hash.
const APPLICATION: &[u8] = b"osmon machine\n";

impl Root {
    /// Hash of the machine id for this application, 32 hexadecimal digits: machine-id(5) asks not to expose the id itself.
    /// `None` without an id of its own: none, `uninitialized`, or one of this boot only (`/run/machine-id`).
    pub fn machine(&self) -> Option<String> {
        if self.has("run/machine-id") {
            return None;
        }
        let id = self.etc("machine-id").or_else(|_| self.var("lib/dbus/machine-id")).ok()?;
        let id = String::from_utf8(id.trim_ascii().to_ascii_lowercase()).ok()?;
        let is_valid = id.len() == 32
            && id.bytes().all(|digit| digit.is_ascii_hexdigit())
            && id.bytes().any(|digit| digit != b'0');
        let hash = is_valid.then(|| Sha256::new().chain_update(APPLICATION).chain_update(id.as_bytes()).finalize())?;
        Some(hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_an_id_of_its_own_identifies_a_machine() {
        let of = |content: &str| {
            let directory = tempfile::tempdir().unwrap();
            fs::create_dir_all(directory.path().join("etc")).unwrap();
            fs::write(directory.path().join("etc/machine-id"), content).unwrap();
            Root::new(Some(directory.path())).machine()
        };
        let known = of("0123456789abcdef0123456789abcdef\n").unwrap();
        assert_eq!((known.len(), known.contains("0123456789abcdef")), (32, false));
        assert_eq!(of("0123456789ABCDEF0123456789ABCDEF").as_ref(), Some(&known));
        assert_ne!(of("1123456789abcdef0123456789abcdef").as_ref(), Some(&known));
        for none in ["", "uninitialized\n", "another\n", "00000000000000000000000000000000", "0123"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
