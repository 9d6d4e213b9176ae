//! A snapshot to show, and its values as text.

use crate::base::units::{bytes, short};
use crate::cli::Output;
use crate::cli::output::Style;
use crate::commands::view::beyond::Beyond;
use serde_json::Value;

/// A snapshot to show.
pub struct View<'a> {
    pub out: &'a Output,
    /// The record of the stream.
    pub snapshot: &'a Value,
    /// Its values beyond limits, the worst first.
    pub beyond: &'a [Beyond],
}

pub fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_string()
}
pub fn percent(value: &Value, key: &str) -> String {
    value[key].as_f64().map(short).unwrap_or_else(|| "–".to_string())
}
pub fn plain(value: &Value, key: &str) -> String {
    percent(value, key)
}
pub fn size(value: &Value, key: &str) -> String {
    value[key].as_f64().map(bytes).unwrap_or_else(|| "–".to_string())
}

impl View<'_> {
    /// A number by its JSON pointer.
    pub fn number(&self, path: &str) -> Option<f64> {
        self.snapshot.pointer(path).and_then(Value::as_f64)
    }

    /// The colour of an element of a section, or of the section itself (""): of its worst value beyond a limit.
    pub fn style(&self, section: &str, name: &str) -> Option<Style> {
        self.beyond.iter().find(|beyond| beyond.is_about(section, name)).map(Beyond::style)
    }

    /// Text in a colour, if there is one.
    pub fn painted(&self, style: Option<Style>, text: &str) -> String {
        style.map_or_else(|| text.to_string(), |style| self.out.paint(style, text))
    }
}
