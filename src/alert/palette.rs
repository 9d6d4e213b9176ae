//! Colours of mails on a light background. The template has others for dark.

/// Recovered.
pub const GREEN: &str = "#15803d";
/// Critical.
pub const RED: &str = "#b91c1c";
/// Warning.
pub const AMBER: &str = "#b45309";
/// Information.
pub const BLUE: &str = "#2563eb";
