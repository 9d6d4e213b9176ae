//! The store: state files, alerts, and what was set aside.

use super::check::Check;
use crate::base::text::plural;
use crate::context::Context;

/// The health of the store.
pub fn checks(context: &Context) -> Vec<Check> {
    let directory = context.store.directory();
    if !directory.exists() {
        return Vec::new();
    }
    if !context.store.is_writable() && nix::unistd::geteuid().is_root() {
        let text = format!("{} cannot be written", directory.display());
        return vec![Check::fail("store", text, format!("findmnt -T {}; dmesg | tail", directory.display()))];
    }
    let findings = context.store.verify_documents(context.now.wall);
    let set_aside = directory.join("damaged").exists();
    vec![match findings.first() {
        Some(first) => {
            let text = format!("{}: {} {}", plural(findings.len(), "damaged file"), first.file, first.text);
            Check::fail("store", text, "osmon verify -v; osmon repair")
        }
        None if set_aside => {
            let text = "damaged data was set aside; state and alerts are intact";
            Check::warn("store", text, format!("look into and remove {}/damaged", directory.display()))
        }
        None => Check::ok("store", "state and alerts are intact (osmon verify checks the history)"),
    }]
}
