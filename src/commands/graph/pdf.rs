//! The month on A4: the page with its style for print, put on paper by a browser.

use super::{Here, first, input, put};
use crate::base::fault::Fault;
use crate::base::subprocess;
use crate::cli::Exit;
use crate::report::render;
use anyhow::{Context, Result};
use nix::unistd::geteuid;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Browsers that print without a window.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
/// How long one may take.
const LIMIT: Duration = Duration::from_secs(60);

pub fn print(here: &Here, range: Option<&str>, out: &Path) -> Result<Exit> {
    let mut input = input::read(here)?;
    // Without a month of history the longest range there is.
    let longest = input.ranges.last().map_or("30d", |drawn| drawn.id.as_str()).to_string();
    let has_month = input.ranges.iter().any(|drawn| drawn.id == "30d");
    let wanted = range.map_or(if has_month { "30d".to_string() } else { longest }, ToString::to_string);
    input.first_range = first(&input, &wanted)?;
    input.ranges.retain(|drawn| drawn.id == wanted);
    let out = std::path::absolute(out).context("could not tell where --out is")?;
    let page = out.with_extension("print.html");
    put(&page, &render(&input)?)?;
    let done = by_browser(&page, &out);
    // Left behind it would only be seen again.
    let _ = fs::remove_file(&page);
    done?;
    here.out.say(&out.display().to_string());
    Ok(Exit::Done)
}

fn by_browser(page: &Path, out: &Path) -> Result<()> {
    let before = fs::metadata(out).and_then(|meta| meta.modified()).ok();
    let profile = out.with_extension("print.profile");
    let mut arguments: Vec<String> =
        ["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"].map(ToString::to_string).to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    if geteuid().is_root() {
        // Chromium refuses its sandbox to root. The page runs nothing but its own script (docs/decisions).
        arguments.push("--no-sandbox".to_string());
    }
    arguments.push(format!("--print-to-pdf={}", out.display()));
    arguments.push(format!("file://{}", page.display()));
    for browser in BROWSERS {
        let finished = match subprocess::run(browser, &arguments, Vec::new(), LIMIT) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            result => result.with_context(|| format!("could not start {browser}"))?,
        };
        let _ = fs::remove_dir_all(&profile);
        let is_new = fs::metadata(out).and_then(|meta| meta.modified()).ok() != before;
        if is_new && finished.code == Some(0) {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&finished.stderr).lines().last().unwrap_or_default().to_string();
        let why = if finished.timed_out { "took longer than 60 s".to_string() } else { said };
        return Err(anyhow::anyhow!(
            "{browser} could not print to {}: {}",
            out.display(),
            crate::base::text::clean(&why, 200)
        ));
    }
    let message =
        "no browser is installed that prints without a window; install chromium, or open the page and print it";
    Err(Fault::CannotCreate(message.to_string()).into())
}
