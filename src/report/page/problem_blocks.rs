//! The blocks of *Needs attention*: an incident each, or a group of at least three of a kind.

use crate::base::sort::SmallSort;
use crate::base::text::clean;
use crate::model::incident::Incident;
use crate::model::locale::{Key, key};
use crate::report::page::attention::{Attention, attention, merged};
use crate::report::page::data::PageData;
use crate::report::page::public::is_private;
use crate::report::page::verdict::lasted;

/// A block.
#[derive(Default)]
pub struct Block {
    /// What is shown of it at once.
    pub head: Attention,
    /// Names of what it is about, worst first; empty when it is no group.
    pub names: String,
    /// Its members, worst first; empty when it is no group, and where they must not be named.
    pub members: Vec<Attention>,
    /// Number of members that are not listed; empty: none.
    pub more: String,
    /// Identifier of the list of members.
    pub list: String,
}

/// From so many incidents of one rule on they are a group.
const GROUP_MIN: usize = 3;
/// Names of a group that are shown at once, and its members listed in all.
const NAMES_MAX: usize = 6;
const MEMBERS_MAX: usize = 60;
/// Longest name, in characters.
const NAME_MAX: usize = 60;

/// Incidents of one value: the one shown, and perhaps a second.
type Pair<'a> = (&'a Incident, Option<&'a Incident>);

/// The blocks of the open incidents, at most `most`, and the number of incidents in the others.
pub fn blocks(input: &PageData, most: usize) -> (Vec<Block>, usize) {
    let mut kinds: Vec<(&str, Vec<Pair>)> = Vec::new();
    for pair in pairs(input) {
        match kinds.iter_mut().find(|(rule, pairs)| is_kind(rule, pairs, pair)) {
            Some((_, pairs)) => pairs.push(pair),
            None => kinds.push((&pair.0.rule, vec![pair])),
        }
    }
    // Two of a kind stay two, each in its place.
    let (groups, few): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|(_, pairs)| pairs.len() >= GROUP_MIN);
    let single = few.into_iter().flat_map(|(_, pairs)| pairs).map(|pair| vec![pair]);
    let mut all: Vec<Vec<Pair>> = groups.into_iter().map(|(_, pairs)| pairs).chain(single).collect();
    all.iter_mut().for_each(|pairs| pairs.arrange_by(|a, b| worse(a.0, b.0)));
    let order = |pairs: &Vec<Pair>| {
        let first = pairs.iter().map(|(incident, _)| incident.since).min();
        pairs.first().map(|(worst, _)| (worst.information, std::cmp::Reverse(worst.severity), first))
    };
    all.arrange_by_key(order);
    let left = all.split_off(most.min(all.len()));
    let left = left.iter().flatten().map(|(_, other)| 1 + usize::from(other.is_some())).sum();
    (all.into_iter().map(|pairs| block(&pairs, input)).collect(), left)
}

fn is_kind(rule: &str, pairs: &[Pair], pair: Pair) -> bool {
    rule == pair.0.rule && pairs.first().is_some_and(|(first, _)| first.information == pair.0.information)
}

/// Worst first: by severity, then by the distance from the limit, then the oldest, then by name.
fn worse(a: &Incident, b: &Incident) -> std::cmp::Ordering {
    let beyond = |incident: &Incident| (incident.value - incident.limit).abs();
    let is_same = a.limit == b.limit;
    let by_value = if is_same { beyond(b).total_cmp(&beyond(a)) } else { std::cmp::Ordering::Equal };
    b.severity.cmp(&a.severity).then(by_value).then(a.since.cmp(&b.since)).then_with(|| a.subject().cmp(b.subject()))
}

/// The open incidents, those of two rules on one value together: the more severe one first, a forecast last.
fn pairs(input: &PageData) -> Vec<Pair<'_>> {
    let mut pairs: Vec<Pair> = Vec::new();
    for incident in input.health.open.iter().chain(&input.health.unusual) {
        let is_same = |(first, other): &&mut Pair| {
            other.is_none()
                && first.metric == incident.metric
                && first.subject() == incident.subject()
                && !incident.subject().is_empty()
                && first.information == incident.information
        };
        let is_forecast = |incident: &Incident| input.forecast_rules.contains(&incident.rule);
        match pairs.iter_mut().find(is_same) {
            Some(pair) if is_forecast(pair.0) && !is_forecast(incident) && pair.0.severity == incident.severity => {
                *pair = (incident, Some(pair.0));
            }
            Some(pair) => pair.1 = Some(incident),
            None => pairs.push((incident, None)),
        }
    }
    pairs
}

fn shown((incident, other): &Pair, input: &PageData) -> Attention {
    other.map_or_else(|| attention(incident, input), |other| merged(incident, other, input))
}

fn block(pairs: &[Pair], input: &PageData) -> Block {
    let locale = input.options.locale;
    let mut members: Vec<Attention> = pairs.iter().take(MEMBERS_MAX).map(|pair| shown(pair, input)).collect();
    let head = if members.is_empty() { None } else { Some(members.remove(0)) };
    let (Some(head), Some((worst, _))) = (head, pairs.first()) else { return Block::default() };
    if pairs.len() < GROUP_MIN {
        return Block { head, ..Block::default() };
    }
    let count = pairs.len().to_string();
    let title = match group_title(&worst.rule) {
        Some(key) => locale.with(key, &count),
        None => {
            let others = (pairs.len() - 1).to_string();
            locale.fill(key::CRISIS_TITLE_AND_MORE, &[("title", &head.title), ("count", &others)])
        }
    };
    let all = || pairs.iter().flat_map(|(incident, other)| std::iter::once(*incident).chain(*other));
    let since = all().map(|incident| incident.since).min().unwrap_or(worst.since);
    let is_at_once = all().all(|incident| incident.since == since);
    let begun = if is_at_once { key::PAGE_SINCE } else { key::PAGE_FIRST_SINCE };
    let begun = locale.with(begun, &locale.moment(since, input.now));
    let is_unnamed = input.options.is_public && is_private(&worst.metric);
    let more = pairs.len().saturating_sub(MEMBERS_MAX);
    let list = format!("g-{:08x}", crc32fast::hash(worst.rule.as_bytes()));
    let names = if is_unnamed { String::new() } else { names(pairs, input) };
    let summary = Attention {
        state: head.state,
        word: head.word.clone(),
        title,
        since: format!("{begun} · {}", lasted(since, input.now, locale)),
        ..Attention::default()
    };
    members.insert(0, head);
    let members = if is_unnamed { Vec::new() } else { members };
    Block { head: summary, names, members, more: if more > 0 { more.to_string() } else { String::new() }, list }
}

/// The title of a group of a shipped rule; `None`: the worst is named, and the others are counted.
fn group_title(rule: &str) -> Option<Key> {
    Key::find(&format!("group.{rule}"))
}

/// `svc-00, svc-01`; of a measured value with it: `/var 98.7 %`.
fn names(pairs: &[Pair], input: &PageData) -> String {
    let locale = input.options.locale;
    let name = |pair: &Pair| {
        let subject = clean(pair.0.subject(), NAME_MAX);
        let subject = subject.strip_suffix(".service").unwrap_or(&subject).to_string();
        let value = shown(pair, input).value;
        if value.is_empty() { subject } else { format!("{subject} {value}") }
    };
    let mut names: Vec<String> = pairs.iter().take(NAMES_MAX).map(name).collect();
    let more = pairs.len().saturating_sub(NAMES_MAX);
    names.extend((more > 0).then(|| locale.with(key::PAGE_AND_MORE, &more.to_string())));
    names.join(", ")
}
