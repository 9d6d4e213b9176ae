//! The last snapshots of a rule that counts breaches.

use serde::{Deserialize, Serialize};

/// The last snapshots, a bit for each: 1 for a breach, 0 for none or no value. The lowest bit is the newest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaches {
    /// Beyond the warning limit, or critical.
    #[serde(default)]
    pub warning: u32,
    /// Beyond critical.
    #[serde(default)]
    pub critical: u32,
}

impl Breaches {
    /// Adds the next snapshot; the last `of` are kept.
    pub(super) fn add(&mut self, warning: bool, critical: bool, of: u32) {
        let kept = u32::MAX >> (32 - of.clamp(1, 32));
        self.warning = ((self.warning << 1) | u32::from(warning)) & kept;
        self.critical = ((self.critical << 1) | u32::from(critical)) & kept;
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
