//! HTML escaping.

use askama::filters::{self, Html};

/// Escapes what HTML and XML treat as markup: ampersands, angle brackets and both kinds of quotes.
pub fn escape(text: &str) -> String {
    let Ok(escaped) = filters::escape(text, Html);
    escaped.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_is_left() {
        assert_eq!(escape("<b a=\"1\" c='2'>&é"), "&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;é");
    }
}
