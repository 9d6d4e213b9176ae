//! Access to the keys of a route.

use super::secret::Secret;
use toml::{Table, Value};

/// The keys of a route, whose types were checked; an absent key has an empty value.
#[derive(Clone, Copy)]
pub struct RouteKeys<'a>(pub &'a Table);

impl RouteKeys<'_> {
    /// A text; empty when absent.
    pub fn text(self, key: &str) -> String {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
    }

    /// A list of texts; empty when absent.
    pub fn list(self, key: &str) -> Vec<String> {
        let items = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_string).collect()
    }

    /// An integer; 0 when absent.
    pub fn integer(self, key: &str) -> i64 {
        self.0.get(key).and_then(Value::as_integer).unwrap_or(0)
    }

    /// Returns whether a switch is on.
    pub fn is_set(self, key: &str) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// A secret: `key`, `key_file` or `key_env`.
    pub fn secret(self, key: &str) -> Secret {
        Secret { text: self.text(key), file: self.text(&format!("{key}_file")), env: self.text(&format!("{key}_env")) }
    }
}
