//! Plain types that modules exchange. No I/O.

pub mod action;
pub mod annotation;
pub mod catalogue;
pub mod condition;
pub mod consumers;
pub mod event;
pub mod evidence;
pub mod exposition;
pub mod incident;
pub mod locale;
pub mod message;
pub mod metric;
pub mod point;
pub mod process_record;
pub mod record;
pub mod service;
pub mod snapshot;
pub mod spread;
pub mod suppression;
pub mod title;
pub mod walk;
