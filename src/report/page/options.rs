//! Options of the page from `[report]`.

use crate::config;
use crate::model::locale::Locale;

/// Largest custom style sheet, in bytes.
pub const STYLE_MAX: u64 = 64 * 1024;

/// Options of the page.
#[derive(Debug, Clone)]
pub struct PageOptions {
    /// Language.
    pub locale: Locale,
    /// The page is public: without names of processes and users.
    pub is_public: bool,
    /// Custom style sheet; empty: none.
    pub style: String,
    /// Identifiers of the sections shown.
    pub sections: Vec<String>,
}

impl PageOptions {
    /// The configured options. `style` is the content of the custom style sheet.
    pub fn new(report: &config::Report, style: &str) -> Self {
        // The style sheet must not close the element that it is in.
        let style = style.replace("</", "<\\/");
        Self {
            locale: Locale::from_tag(&report.language),
            is_public: report.public,
            style,
            sections: report.sections.clone(),
        }
    }

    /// Returns whether a section is shown.
    pub fn has(&self, section: &str) -> bool {
        self.sections.iter().any(|shown| shown == section)
    }
}
