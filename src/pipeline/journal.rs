//! Appends events and annotations to the `events` stream.

use crate::context::Context;
use crate::model::annotation::Annotation;
use crate::model::event::Event;
use crate::model::record::{Header, Record};
use crate::store::EVENTS;
use anyhow::Result;
use serde::Serialize;

/// Appends one event. The store lock is held.
///
/// # Errors
/// Errors of the file system.
pub fn append_event(context: &Context, event: &Event) -> Result<()> {
    append(context, event.host.clone(), "event", event)
}

/// Appends one annotation. The store lock is held.
///
/// # Errors
/// Errors of the file system.
pub fn append_annotation(context: &Context, mark: &Annotation) -> Result<()> {
    append(context, context.root.host_name(), "mark", mark)
}

fn append(context: &Context, host: String, key: &'static str, value: &impl Serialize) -> Result<()> {
    let header = Header { now: context.now, host, boot_id: context.root.boot_id(), interval_seconds: None };
    let mut record = Record::new(header);
    record.add(key, value)?;
    context.store.append(EVENTS, &context.now, &record.to_json()?)
}
