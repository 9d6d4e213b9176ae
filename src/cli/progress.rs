//! How far something is, where somebody watches.

use super::command::Call;
use std::io::{IsTerminal, Write};

/// Shows `verb` and how many of how many are done, on a terminal only.
pub fn progress(call: &Call, verb: &'static str) -> impl FnMut(u64, u64) + use<> {
    let shown = call.out.is_shown() && std::io::stderr().is_terminal();
    move |done, all| {
        if shown && (done % 20 == 0 || done + 1 >= all) {
            let end = if done + 1 >= all { "\r\x1b[K" } else { "" };
            // Only decoration.
            let _ = write!(std::io::stderr(), "\r{verb} {} of {all}{end}", done + 1);
        }
    }
}
