//! Silences and acknowledgements in force.

use crate::context::Context;
use crate::model::suppression::Suppressions;
use crate::query::clock;

/// Name of the state file.
pub const STATE: &str = "silence";

/// The silences and acknowledgements in force. If the file is damaged, the previous generation is used; only writers
/// set it aside.
pub fn read(context: &Context) -> Suppressions {
    let mut mutes: Suppressions = context.peek_state(STATE).unwrap_or_default();
    // In the time of a clock that is far off they hold as before.
    mutes.shift(clock::offset(context));
    mutes.tidy(context.now.wall);
    mutes
}
