//! Keeps which channels accepted a test message.

use crate::alert::{LEDGER, Ledger, Outbox, Stage, TestSend, note_reached};
use crate::context::Context;
use anyhow::Result;
use std::time::Duration;

/// Records which targets accepted the message, for `osmon status`. Ends their pause; with an empty outbox they are no longer
/// failing.
///
/// # Errors
/// The state cannot be written.
pub fn remember(context: &Context, sends: &[TestSend]) -> Result<()> {
    let outbox = Outbox::new(context.store.directory());
    context.store.create()?;
    // A process that is sending notes its own results.
    let Some(_lock) = outbox.lock(Duration::ZERO)? else { return Ok(()) };
    let before: Ledger = context.load_state(LEDGER).unwrap_or_default();
    let mut ledger = before.clone();
    note_reached(sends, outbox.count(Stage::Queued) == 0, &mut ledger, context.now.wall);
    if ledger == before {
        return Ok(());
    }
    context.store.with_reserve(|| context.store.save_state(LEDGER, &ledger))
}
