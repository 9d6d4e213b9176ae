//! Changes silences and acknowledgements in `state/silence.json`, and records the change in the history.

use super::journal;
use crate::base::clock::stamp;
use crate::base::text::clean;
use crate::context::Context;
use crate::model::annotation::{Annotation, AnnotationKind};
use crate::model::suppression::Suppressions;
use crate::pipeline::{annotations, clock};
use crate::query;
use crate::query::silences::STATE;
use anyhow::Result;
use std::time::Duration;

/// Wait for another osmon process.
const PATIENCE: Duration = Duration::from_secs(10);

/// Changes the silences under the lock and records the change in the history.
pub fn change<T>(context: &Context, change: impl FnOnce(&mut Suppressions) -> Result<(T, String)>) -> Result<T> {
    let lock = context.store.lock(PATIENCE)?;
    let mut mutes: Suppressions = context.load_state(STATE).unwrap_or_default();
    mutes.prepare();
    if clock::trust(context).is_believed() {
        mutes.tidy(context.now.wall);
    }
    // In the time of a clock that is far off; kept in that of the believed one.
    let offset = query::clock::offset(context);
    mutes.shift(offset);
    let (value, text) = change(&mut mutes)?;
    mutes.shift(-offset);
    context.store.save_state(STATE, &mutes)?;
    note(context, &text)?;
    drop(lock);
    Ok(value)
}

fn note(context: &Context, text: &str) -> Result<()> {
    let now = context.now.wall;
    let author = annotations::author();
    let checksum = crc32fast::hash(format!("{author}\n{text}").as_bytes());
    let mark = Annotation {
        id: format!("note-{}-{checksum:08x}", now.timestamp_millis()),
        kind: AnnotationKind::Note,
        time: stamp(now),
        since: None,
        duration_seconds: None,
        text: clean(text, 500),
        localized: None,
        author: Some(author),
    };
    journal::append_annotation(context, &mark)
}
