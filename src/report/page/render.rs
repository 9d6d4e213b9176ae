//! Renders the page.

use crate::base::clock::parse;
use crate::base::local_time::LocalTime;
use crate::base::text::{clean, is_plain};
use crate::model::locale::{Locale, key};
use crate::report::chart::layout::{PLOT, VIEW_BOX};
use crate::report::chart::range::RANGES;
use crate::report::chart::spark;
use crate::report::page::answers::{Answer, answers};
use crate::report::page::bad_days::{BadDay, bad_days};
use crate::report::page::beginning::{self, Beginning};
use crate::report::page::components;
use crate::report::page::consumers;
use crate::report::page::data::PageData;
use crate::report::page::fire::is_on_fire;
use crate::report::page::footer::{facts, footer, unexplained};
use crate::report::page::problem_blocks::{Block, blocks};
use crate::report::page::problems::{Problem, problems};
use crate::report::page::range_view::{RangeView, range_view};
use crate::report::page::repairs;
use crate::report::page::services::{Service, services};
use crate::report::page::sheet;
use crate::report::page::size_budget::{self, PAGE_MAX};
use crate::report::page::status_bars::row::Row;
use crate::report::page::tiles::{Tile, tiles};
use crate::report::page::timeline::{self, Happened};
use crate::report::page::verdict::{Verdict, verdict, was};
use anyhow::Result;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The script, shortened by build/script.rs.
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/script.js"));

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    w: Locale,
    style: String,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    host: String,
    heading: String,
    verdict: Verdict,
    facts: String,
    taken_ms: i64,
    stale_seconds: f64,
    taken: String,
    was: String,
    plot: String,
    most: String,
    zone: String,
    tiles: Vec<Tile>,
    spark_size: (u32, u32),
    beginning: Beginning,
    has: Sections,
    /// No problem is open; what is unusual may be.
    is_well: bool,
    answers: Vec<Answer>,
    open: Vec<Block>,
    /// Number of open incidents that are not shown; empty: none.
    more_open: String,
    events: Vec<Happened>,
    days: &'a [Row],
    /// Number of services without a row; empty: none.
    more_days: String,
    bad_days: Vec<BadDay>,
    ranges: Vec<RangeView<'a>>,
    tabs: Vec<(&'a str, &'a str, bool)>,
    services: Vec<Service>,
    components: Vec<components::Group>,
    /// Number of components without a row; empty: none.
    more_components: String,
    repairs: Vec<repairs::Row>,
    unexplained: String,
    problems: Vec<Problem>,
    /// Services that do not run as they should; on a page on fire.
    failing: Vec<Service>,
    /// Number of those that are not listed; empty: none.
    more_failing: String,
    no_recipient: bool,
    footer: Vec<String>,
}

/// Visibility of each section.
struct Sections {
    tiles: bool,
    attention: bool,
    changed: bool,
    days: bool,
    charts: bool,
    who: bool,
    services: bool,
    components: bool,
    /// A problem began lately: consumers and failing services come before the days.
    fire: bool,
}

/// Largest number of events listed.
const EVENTS_MAX: usize = 30;
/// Largest number of blocks of open incidents.
const OPEN_MAX: usize = 25;
/// Largest number of failing services at the top.
const FAILING_MAX: usize = 10;

/// The page as one self-contained HTML document.
///
/// # Errors
/// When the template fails, which is a bug.
pub fn render(input: &PageData) -> Result<String> {
    let (snapshot, record) = (&input.snapshot, &input.processes);
    let locale = input.options.locale;
    let taken = snapshot["time"].as_str().and_then(parse);
    let verdict = verdict(input);
    let host = clean(&input.title, 80);
    let problems_open = locale.count(key::COUNT_PROBLEMS, input.health.open.len());
    let heading = match input.health.open.len() {
        0 => format!("{}: {host}", verdict.word),
        _ => format!("{}: {host} ({problems_open})", verdict.word),
    };
    let taken_text = taken.map(|time| locale.exact(time)).unwrap_or_default();
    let services = services(snapshot, locale);
    let (components, more_components) = components::groups(snapshot, &input.health.open, locale);
    let style = sheet::of(&input.options.style, &format!("{host} · {taken_text}"));
    let drawn = input.ranges.iter().filter(|drawn| !drawn.html.trim().is_empty() || !drawn.flat.is_empty());
    let ranges: Vec<RangeView> = drawn.map(|drawn| range_view(input, drawn)).collect();
    // An unknown state is never shown in green.
    let is_unknown = input.health.doubt.is_some();
    let mut tiles = if snapshot.is_null() { Vec::new() } else { tiles(input, snapshot, &services) };
    tiles.iter_mut().filter(|_| is_unknown).for_each(Tile::neutralise);
    let has = |section: &str| input.options.has(section);
    let has_who = has("who") && !input.options.is_public;
    let (plot, wide) = (PLOT, VIEW_BOX.0);
    let (open, more_open) = blocks(input, OPEN_MAX);
    let answers = answers(input);
    let is_fire = is_on_fire(&input.health);
    let has_hour = has_who && ranges.iter().any(|range| range.id == "1h" && !range.who.is_empty());
    let is_failing =
        |service: &&Service| is_fire && has("services") && !input.options.is_public && service.state != "ok";
    let failing: Vec<Service> = services.iter().filter(is_failing).cloned().collect();
    let mut page = Page {
        w: locale,
        style_hash: hash(&style),
        style,
        script_hash: hash(SCRIPT),
        script: SCRIPT,
        heading,
        facts: facts(input, snapshot),
        stale_seconds: input.health.stale_seconds,
        taken_ms: taken.map_or(0, |time| time.timestamp_millis()),
        was: match taken {
            Some(taken) if !is_unknown => format!("{}: {}", was(&verdict.word, taken, locale), verdict.rest),
            _ => verdict.rest.clone(),
        },
        taken: taken_text,
        plot: format!("[{},{},{},{},{wide}]", plot.0, plot.1, plot.2, plot.3),
        most: if has_who { most(input) } else { String::new() },
        zone: LocalTime::here(input.now - chrono::TimeDelta::days(367), input.now).json(),
        tiles,
        spark_size: spark::SIZE,
        beginning: beginning::of(input),
        has: Sections {
            tiles: has("tiles"),
            attention: has("attention"),
            changed: has("changed"),
            days: has("days") && !snapshot.is_null(),
            charts: has("charts"),
            who: has_who,
            // Names of services, disks, users and jobs are nobody else's business.
            services: has("services") && !input.options.is_public,
            components: has("components") && !input.options.is_public,
            fire: is_fire && (has_hour || !failing.is_empty()),
        },
        is_well: input.health.open.is_empty(),
        problems: problems(input, snapshot, &answers),
        answers,
        open,
        more_open: some(more_open),
        more_failing: some(failing.len().saturating_sub(FAILING_MAX)),
        failing: failing.into_iter().take(FAILING_MAX).collect(),
        events: timeline::list(input, EVENTS_MAX),
        days: &input.days.rows,
        more_days: some(input.days.more),
        bad_days: bad_days(&input.days.rows),
        tabs: ranges.iter().map(|range| (range.id, range.title, range.is_first)).collect(),
        ranges,
        services,
        components,
        more_components: some(more_components),
        repairs: repairs::rows(input),
        unexplained: unexplained(input, record),
        no_recipient: input.no_recipient && !input.options.is_public,
        footer: footer(input, snapshot),
        host,
        verdict,
    };
    // Charts make up most of the page: allocate once.
    let drawings = input.ranges.iter().map(|range| range.html.len());
    let mut out = String::with_capacity(drawings.sum::<usize>() + 96 * 1024);
    page.render_into(&mut out)?;
    if out.len() > PAGE_MAX {
        size_budget::fold(page.ranges.iter_mut().map(|range| &mut range.charts), out.len() - PAGE_MAX);
        out.clear();
        page.render_into(&mut out)?;
    }
    Ok(plain(out))
}

/// The largest consumers of CPU over the shortest range: `java 34 min, postgres 4 min`.
fn most(input: &PageData) -> String {
    let locale = input.options.locale;
    let Some(first) = input.who.first() else { return String::new() };
    let users = consumers::rows(&first.consumers, locale).into_iter().filter(|row| row.share > 0).take(3);
    let users: Vec<String> = users.map(|row| format!("{} {}", row.name, row.cpu)).collect();
    let span = RANGES.iter().find(|range| range.id == first.range).map_or("", |range| locale.label(range.title));
    let text = locale.fill(key::PAGE_MOST_CPU, &[("span", span), ("list", &users.join(", "))]);
    if users.is_empty() { String::new() } else { text }
}

/// The number as text; empty for zero.
fn some(count: usize) -> String {
    if count > 0 { count.to_string() } else { String::new() }
}

/// The hash that the Content-Security-Policy allows.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// Replaces control characters and characters that reorder text.
fn plain(page: String) -> String {
    if is_plain(&page) { page } else { page.chars().map(|c| if is_plain_char(c) { c } else { '\u{FFFD}' }).collect() }
}

fn is_plain_char(c: char) -> bool {
    let mut bytes = [0; 4];
    is_plain(c.encode_utf8(&mut bytes))
}
