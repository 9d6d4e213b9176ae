//! Names under which other parts of the page link to charts.

/// Titles of the charts that are linked to, in English.
const LINKED: [&str; 7] = ["CPU", "Memory", "File systems", "Inodes", "Load", "Pressure", "Processes"];

/// The HTML id of a chart in a range; empty for one that nothing links to.
pub fn anchor(range: &str, title: &str) -> String {
    if LINKED.contains(&title) { format!("c{range}-{}", title.replace(' ', "-")) } else { String::new() }
}
