//! The page as PDF: the last month on A4, printed by a browser.

use crate::base::error_kind::ErrorKind;
use crate::base::file::{read_at_most, replace};
use crate::base::subprocess;
use crate::base::text::clean;
use crate::cli::Exit;
use crate::context::Context;
use crate::pipeline::render::{PAGE_MODE, first, put};
use crate::query::health::Doubt;
use crate::report::input::gather;
use crate::report::page::data::PageData;
use crate::report::page::render::render;
use anyhow::{Context as _, Result, anyhow};
use nix::unistd::geteuid;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Browsers with a headless mode.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];
/// Time limit of a browser.
const LIMIT: Duration = Duration::from_secs(60);
/// Largest PDF that is accepted, in bytes.
const PDF_MAX: u64 = 256 * 1024 * 1024;

/// A temporary directory next to the output file, removed on drop.
struct Scratch(PathBuf);

impl Scratch {
    /// Not hidden and not in `/tmp`: a browser installed as a snap can read neither.
    fn beside(out: &Path) -> Result<Self> {
        let parent = out.parent().unwrap_or(Path::new("/"));
        for number in 0..100 {
            let path = parent.join(format!("osmon-print-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                done => done.with_context(|| format!("could not write in {}", parent.display()))?,
            }
            return Ok(Self(path));
        }
        Err(anyhow!("{} is full of osmon-print-… directories; remove them", parent.display()))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A leftover directory is visible but harmless.
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn print(context: &Context, range: Option<&str>, out: &Path) -> Result<Exit> {
    let shown = clean(&out.display().to_string(), 200);
    if out.is_dir() {
        return Err(
            ErrorKind::Usage(format!("--out: {shown} is a directory; name a file in it that ends in .pdf")).into()
        );
    }
    if !out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")) {
        return Err(ErrorKind::Usage(format!("--out: --pdf writes a file that ends in .pdf, not {shown}")).into());
    }
    let mut input = gather::read(context)?;
    // With less than a month of history, the longest range.
    let longest = input.ranges.last().map_or("30d", |drawn| drawn.id.as_str()).to_string();
    let has_month = input.ranges.iter().any(|drawn| drawn.id == "30d");
    let wanted = range.map_or(if has_month { "30d".to_string() } else { longest }, ToString::to_string);
    input.first_range = first(&input, &wanted)?;
    input.ranges.retain(|drawn| drawn.id == wanted);
    keep_on_paper(&mut input);
    let out = std::path::absolute(out).context("could not tell where --out is")?;
    let scratch = Scratch::beside(&out)?;
    put(&scratch.0.join("page.html"), &render(&input)?)?;
    let pdf = by_browser(&scratch.0)?;
    let mode = out.metadata().map_or(PAGE_MODE, |meta| meta.permissions().mode() & 0o777);
    replace(&out, &pdf, mode).with_context(|| format!("could not write {shown}"))?;
    context.out.info(&out.display().to_string());
    Ok(Exit::Done)
}

/// Longer than any page is kept, in seconds.
const FOR_EVER: f64 = 1e12;

/// Paper tells how the host was when it was measured: neither the age of the data nor the clock of the browser makes it
/// unknown.
fn keep_on_paper(input: &mut PageData) {
    let health = &mut input.health;
    health.stale_seconds = FOR_EVER;
    if let (Some(Doubt::Stale(_)), Some(taken)) = (&health.doubt, health.taken) {
        health.doubt = None;
        health.verdict = health.verdict_when_taken;
        (health.now, input.now) = (taken, taken);
    }
}

/// Prints `page.html` of a directory with a browser.
fn by_browser(directory: &Path) -> Result<Vec<u8>> {
    let made = directory.join("page.pdf");
    let mut arguments: Vec<String> =
        ["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"].map(ToString::to_string).to_vec();
    arguments.push(format!("--user-data-dir={}", directory.join("profile").display()));
    if geteuid().is_root() {
        // Chromium refuses to run as root with its sandbox. The page runs only its own script (docs/decisions).
        arguments.push("--no-sandbox".to_string());
    }
    arguments.push(format!("--print-to-pdf={}", made.display()));
    arguments.push(format!("file://{}", address(&directory.join("page.html"))));
    for browser in BROWSERS {
        let finished = match subprocess::run(browser, &arguments, Vec::new(), LIMIT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            result => result.with_context(|| format!("could not start {browser}"))?,
        };
        let pdf = read_at_most(&made, PDF_MAX).unwrap_or_default();
        if pdf.starts_with(b"%PDF") && finished.code == Some(0) {
            return Ok(pdf);
        }
        let message = String::from_utf8_lossy(&finished.stderr).lines().last().map(|line| clean(line, 200));
        let why = match (finished.timed_out, message, finished.code) {
            (true, _, _) => "it took longer than 60 s".to_string(),
            (_, Some(message), _) if !message.is_empty() => format!("it said: {message}"),
            (_, _, Some(code)) => format!("it ended with status {code} and said nothing"),
            _ => "a signal ended it".to_string(),
        };
        return Err(anyhow!(
            "{browser} wrote no PDF ({why}); make the page with osmon graph --out page.html and print it from a browser"
        ));
    }
    let message =
        "no browser is installed that prints without a window; install chromium, or open the page and print it";
    Err(ErrorKind::CannotCreate(message.to_string()).into())
}

/// A path as a URL.
fn address(path: &Path) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte);
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.map(|byte| if is_plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
