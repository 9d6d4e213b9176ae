//! The schedule of osmon: a crontab line or a systemd timer, never both, and the dead man's switch.
//!
//! Root's schedule is that of the host: `/etc/cron.d/osmon` or `osmon.timer`. A normal user has one in their own crontab,
//! else a timer of their own systemd.

mod change;
mod cron;
mod crontab;
mod every;
mod find;
mod found;
mod host;
mod role;
mod timer;
mod unit_text;

pub use change::{install, remove};
pub use cron::own_programs;
pub use every::Every;
pub use find::{find, find_own};
pub use found::{Found, Kind};
pub use host::Host;
pub use role::Role;

#[cfg(test)]
mod invented;
#[cfg(test)]
mod tests;
