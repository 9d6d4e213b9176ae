//! What runs osmon each minute: a crontab line or a systemd timer, never both; and the dead man's switch beside it.
//!
//! Root's schedule is the host's: `/etc/cron.d/osmon` or `osmon.timer`. A normal user has an own one: the own crontab, else
//! a timer of the user's systemd.

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
pub use cron::is_installed as is_cron_installed;
pub use every::Every;
pub use find::{find, find_own};
pub use found::{Found, Kind};
pub use host::Host;
pub use role::Role;

#[cfg(test)]
mod invented;
#[cfg(test)]
mod tests;
