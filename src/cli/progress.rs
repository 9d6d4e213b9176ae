//! Progress of long operations, on a terminal.

use super::command::Call;
use std::io::{IsTerminal, Write};

/// Returns a callback that takes the number of done and of all items and shows `verb` with both, on a terminal only.
pub fn progress(call: &Call, verb: &'static str) -> impl FnMut(u64, u64) + use<> {
    let shown = call.out.is_shown() && std::io::stderr().is_terminal();
    move |done, all| {
        if shown && (done % 20 == 0 || done + 1 >= all) {
            let end = if done + 1 >= all { "\r\x1b[K" } else { "" };
            // Cosmetic: errors do not matter.
            let _ = write!(std::io::stderr(), "\r{verb} {} of {all}{end}", done + 1);
        }
    }
}
