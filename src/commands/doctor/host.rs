//! The clock and the space.

use super::check::Check;
use crate::base::file::free_bytes;
use crate::base::units::bytes;
use crate::config::Store as Limits;
use crate::context::Context;
use crate::query::clock;
use crate::store::retain::used_bytes;

/// Free space below which records soon fail, in bytes.
const FAIL_BELOW: u64 = 10 << 20;
/// Free space below which a warning is due, in bytes.
const WARN_BELOW: u64 = 200 << 20;

/// Clock and space.
pub fn checks(context: &Context) -> Vec<Check> {
    let is_believed = clock::trust(context).is_believed();
    let mut checks = vec![clock_check(context.root.is_clock_synchronized(), is_believed)];
    let directory = context.store.directory();
    if directory.exists() {
        let size = |text: &str| Limits::size(text).unwrap_or_default();
        let limits = &context.config.store;
        let facts = Space {
            free: free_bytes(directory).ok(),
            used: used_bytes(directory),
            max: size(&limits.max_size),
            min_free: size(&limits.min_free),
            has_reserve: directory.join("reserve").exists(),
        };
        checks.push(space(&facts, &directory.display().to_string()));
    }
    checks
}

fn clock_check(is_synchronized: Option<bool>, is_believed: bool) -> Check {
    match (is_believed, is_synchronized) {
        (false, _) => {
            Check::fail("clock", "stepped, and is not believed yet: nothing expires by it", "timedatectl; date")
        }
        (true, Some(false)) => {
            Check::warn("clock", "not synchronised", "timedatectl set-ntp true, or apt install chrony")
        }
        (true, Some(true)) => Check::ok("clock", "synchronised"),
        (true, None) => Check::ok("clock", "believed; the kernel does not say whether it is synchronised"),
    }
}

struct Space {
    free: Option<u64>,
    used: u64,
    max: u64,
    min_free: u64,
    has_reserve: bool,
}

fn space(facts: &Space, directory: &str) -> Check {
    let Space { free, used, max, min_free, has_reserve } = *facts;
    let of = if max > 0 { format!(" of at most {}", bytes(max as f64)) } else { String::new() };
    let free_text = free.map_or("unknown".to_string(), |free| bytes(free as f64));
    let text = format!("{directory}: {}{of}, {free_text} free", bytes(used as f64));
    let fix = format!("df -h {directory}; du -sh {directory}/*");
    match free {
        Some(free) if free < FAIL_BELOW => Check::fail("space", text, fix),
        Some(free) if free < WARN_BELOW.max(min_free) => Check::warn("space", text, fix),
        _ if max > 0 && used > max + max / 10 => {
            Check::warn("space", text, "osmon run -v; osmon config show | grep store")
        }
        _ if !has_reserve => Check::warn("space", format!("{text}; no reserve for alerts on a full disk"), "osmon run"),
        _ => Check::ok("space", text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn little_space_is_named() {
        let facts = |free: u64, used| Space { free: Some(free), used, max: 1 << 30, min_free: 0, has_reserve: true };
        let state = |facts: Space| space(&facts, "/data").state;
        assert_eq!(state(facts(1 << 30, 1 << 20)), State::Ok);
        assert_eq!(state(facts(100 << 20, 1 << 20)), State::Warn);
        assert_eq!(state(facts(1 << 20, 1 << 20)), State::Fail);
        assert_eq!(state(facts(1 << 30, 3 << 30)), State::Warn);
        assert_eq!(state(Space { min_free: 2 << 30, ..facts(1 << 30, 0) }), State::Warn);
        assert_eq!(state(Space { has_reserve: false, ..facts(1 << 30, 0) }), State::Warn);
    }

    #[test]
    fn a_clock_has_to_be_believed_and_synchronised() {
        assert_eq!(clock_check(Some(true), false).state, State::Fail);
        assert_eq!(clock_check(Some(false), true).state, State::Warn);
        assert_eq!(clock_check(None, true).state, State::Ok);
    }
}
