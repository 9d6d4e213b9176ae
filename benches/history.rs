//! What years of history cost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod year;

use std::fs;
use std::path::PathBuf;

fn main() {
    let begun = std::time::Instant::now();
    let lines = |stream: &str| {
        let text =
            fs::read_to_string(format!("{}/{stream}/2026-11-20.jsonl", std::env::args().nth(2).unwrap())).unwrap();
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    };
    let data = PathBuf::from("/tmp/year/data");
    let days = std::env::args().nth(1).and_then(|days| days.parse().ok()).unwrap_or(365);
    year::make(&data, days, &lines("snapshots"), &lines("processes"));
    println!("{days} days in {:?}", begun.elapsed());
}
