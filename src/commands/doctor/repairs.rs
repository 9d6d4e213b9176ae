//! Checks that the repairs of the configuration are not suspended.

use super::check::Check;
use crate::commands::view;
use crate::context::Context;
use crate::pipeline::heal;

/// The entries of `[heal]`, and what keeps them from being used.
pub fn check(context: &Context) -> Check {
    let suspension = heal::suspension(context);
    let text = view::heal::suspended(&suspension).join("; ");
    match (context.config.heal.entries.len(), &suspension.disabled_by, &suspension.pause) {
        (0, ..) => Check::ok("repairs", "none is configured ([heal])"),
        (_, Some(path), _) => Check::warn("repairs", text, format!("rm {path}")),
        (_, None, Some(_)) => Check::warn("repairs", text, "osmon heal --resume"),
        (count, None, None) => Check::ok("repairs", format!("entries of [heal]: {count}")),
    }
}
