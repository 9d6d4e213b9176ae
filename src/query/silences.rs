//! Silences and acknowledgements in force.

use crate::context::Context;
use crate::model::suppression::Suppressions;

/// Name of the state file.
pub const STATE: &str = "silence";

/// What is muted now. Of a file that is damaged the generation before it counts; those who write set it aside.
pub fn read(context: &Context) -> Suppressions {
    let mut mutes: Suppressions = context.peek_state(STATE).unwrap_or_default();
    mutes.tidy(context.now.wall);
    mutes
}
