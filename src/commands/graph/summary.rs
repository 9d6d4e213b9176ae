//! `report.json`: what the page says, for other programs.

use crate::base::clock::stamp;
use crate::report::{Input, summary};

/// One object.
pub fn json(input: &Input) -> String {
    format!("{}\n", summary::of(input, &stamp(input.now)))
}
