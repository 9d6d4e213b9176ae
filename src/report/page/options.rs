//! How the page looks: from `[report]`.

use crate::config;
use crate::model::locale::Locale;

/// Largest style sheet of one's own, in bytes.
pub const STYLE_MAX: u64 = 64 * 1024;

/// What `[report]` says of the page.
#[derive(Debug, Clone)]
pub struct PageOptions {
    /// Its language.
    pub words: Locale,
    /// Names of processes and users stay out.
    pub is_public: bool,
    /// A style sheet of one's own.
    pub style: String,
    /// The sections that are shown.
    pub sections: Vec<String>,
}

impl PageOptions {
    /// As configured. `style`: the content of the file with one's own style sheet.
    pub fn new(report: &config::Report, style: &str) -> Self {
        // Nothing may end the element it stands in.
        let style = style.replace("</", "<\\/");
        Self {
            words: Locale::from_tag(&report.language),
            is_public: report.public,
            style,
            sections: report.sections.clone(),
        }
    }

    /// Whether a section is shown.
    pub fn has(&self, section: &str) -> bool {
        self.sections.iter().any(|shown| shown == section)
    }
}
