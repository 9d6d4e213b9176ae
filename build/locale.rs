//! `data/locale/*.toml` → `$OUT_DIR/locale.rs`: the languages, a constant for each key, and the texts. The build fails
//! where two languages differ in their keys or in the parameters of a text, or a label of a chart is not translated.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use toml::{Table, Value};

/// The language whose texts the others translate.
const BASE: &str = "en";
/// Sections whose entries are looked up by something else than a key.
const TABLES: [&str; 3] = ["format", "label", "hint"];

/// One language.
struct Language {
    tag: String,
    file: Table,
    /// Texts by key: `verdict.healthy`; of a plural `count.cores.one` and `count.cores.other`.
    texts: BTreeMap<String, String>,
}

/// Writes the tables. `labels`: texts of charts, which every language but the base must translate.
pub fn generate(labels: &BTreeSet<String>) -> Result<(), String> {
    println!("cargo::rerun-if-changed=build/locale.rs");
    println!("cargo::rerun-if-changed=data/locale");
    let languages = read()?;
    let base = languages.first().ok_or("data/locale is empty")?;
    for other in &languages {
        compare(base, other)?;
        let known: BTreeSet<String> = entries(other, "label").into_iter().map(|(english, _)| english).collect();
        if let Some(label) = labels.difference(&known).next().filter(|_| other.tag != base.tag) {
            return Err(format!("data/locale/{}.toml: [label] lacks {label:?}", other.tag));
        }
    }
    let out = std::env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let path = Path::new(&out).join("locale.rs");
    std::fs::write(&path, tables(&languages, base)?).map_err(|e| format!("{}: {e}", path.display()))
}

/// The base language first.
fn read() -> Result<Vec<Language>, String> {
    let directory = std::fs::read_dir("data/locale").map_err(|e| format!("data/locale: {e}"))?;
    let mut languages = Vec::new();
    for entry in directory {
        let path = entry.map_err(|e| e.to_string())?.path();
        let Some(tag) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".toml")) else { continue };
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut file: Table = text.parse().map_err(|e| format!("{}: {e}", path.display()))?;
        let format = file.get("format").and_then(Value::as_table);
        if format.and_then(|format| format.get("no_break")).and_then(Value::as_bool) == Some(true) {
            for (_, entries) in file.iter_mut().filter(|(section, _)| *section != "format") {
                no_breaks(entries);
            }
        }
        let mut texts = BTreeMap::new();
        for (section, entries) in file.iter().filter(|(section, _)| !TABLES.contains(&section.as_str())) {
            collect(section, entries, &mut texts)?;
        }
        languages.push(Language { tag: tag.to_string(), file, texts });
    }
    languages.sort_by_key(|language| (language.tag != BASE, language.tag.clone()));
    Ok(languages)
}

/// Marks and units before which a line must not end.
const BOUND: [&str; 6] = [":", ";", "?", "!", "»", "%"];
/// Units that belong to the number before them.
const UNITS: [&str; 16] =
    ["ms", "s", "min", "h", "j", "o", "Ko", "Mo", "Go", "To", "Kio", "Mio", "Gio", "Tio", "o/s", "°C"];

/// Puts no-break spaces into the texts of a language that needs them.
fn no_breaks(value: &mut Value) {
    match value {
        Value::String(text) => *text = no_break(text),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, entry)| no_breaks(entry)),
        _ => {}
    }
}

fn no_break(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(' ') {
        out.push_str(before);
        let end = after.find([' ', ',', '.', ';', ':', ')', '(']).unwrap_or(after.len());
        let is_unit = out.ends_with(|c: char| c.is_ascii_digit() || c == '}')
            && after.get(..end).is_some_and(|word| UNITS.contains(&word));
        let is_bound = is_unit || out.ends_with('«') || BOUND.iter().any(|mark| after.starts_with(mark));
        out.push(if is_bound { '\u{a0}' } else { ' ' });
        rest = after;
    }
    out + rest
}

fn collect(key: &str, value: &Value, texts: &mut BTreeMap<String, String>) -> Result<(), String> {
    match value {
        Value::String(text) => drop(texts.insert(key.to_string(), text.clone())),
        Value::Table(entries) => {
            for (name, value) in entries {
                collect(&format!("{key}.{name}"), value, texts)?;
            }
        }
        _ => return Err(format!("{key}: expected a text")),
    }
    Ok(())
}

fn compare(base: &Language, other: &Language) -> Result<(), String> {
    let keys = |language: &Language| -> BTreeSet<String> {
        let hints = entries(language, "hint").into_iter().map(|(prefix, _)| format!("hint.{prefix}"));
        language.texts.keys().cloned().chain(hints).collect()
    };
    if let Some(key) = keys(base).symmetric_difference(&keys(other)).next() {
        return Err(format!("data/locale: {key} is not in both {}.toml and {}.toml", base.tag, other.tag));
    }
    for (key, text) in &other.texts {
        if base.texts.get(key).map(|text| parameters(text)) != Some(parameters(text)) {
            return Err(format!(
                "data/locale/{}.toml: {key} has other parameters than in {}.toml",
                other.tag, base.tag
            ));
        }
    }
    Ok(())
}

/// The names in braces.
fn parameters(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// The texts of a section that is looked up by something else than a key.
fn entries(language: &Language, section: &str) -> Vec<(String, String)> {
    let table = language.file.get(section).and_then(Value::as_table).into_iter().flatten();
    table.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string()))).collect()
}

fn tables(languages: &[Language], base: &Language) -> Result<String, String> {
    let variant = |tag: &str| tag[..1].to_uppercase() + &tag[1..].replace('-', "");
    let mut out = String::new();
    let mut say = |line: String| writeln!(out, "{line}").map_err(|e| e.to_string());
    say("/// A language of the page, the mails and the events: one for each file in `data/locale`.".to_string())?;
    say("#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]\npub enum Locale {".to_string())?;
    for (at, language) in languages.iter().enumerate() {
        let name = entries(language, "format").into_iter().find(|(key, _)| key == "name").ok_or("format.name")?.1;
        say(format!("/// {name}.\n{}{},", if at == 0 { "#[default]\n" } else { "" }, variant(&language.tag)))?;
    }
    say("}".to_string())?;
    let count = languages.len();
    let all: Vec<String> = languages.iter().map(|language| format!("Locale::{}", variant(&language.tag))).collect();
    say(format!("const ALL: [Locale; {count}] = [{}];", all.join(", ")))?;
    say(format!("static FORMATS: [Format; {count}] = ["))?;
    for language in languages {
        let format = language.file.get("format").and_then(Value::as_table).ok_or("no [format]")?;
        let mut fields = format!("tag: {:?}", language.tag);
        for (key, value) in format.iter().filter(|(key, _)| *key != "name") {
            match value {
                Value::String(text) => write!(fields, ", {key}: {text:?}"),
                Value::Array(texts) => {
                    write!(fields, ", {key}: &{:?}", texts.iter().filter_map(Value::as_str).collect::<Vec<_>>())
                }
                Value::Boolean(is) => write!(fields, ", {key}: {is}"),
                _ => return Err(format!("format.{key}: unexpected type")),
            }
            .map_err(|e| e.to_string())?;
        }
        say(format!("Format {{ {fields} }},"))?;
    }
    say("];".to_string())?;
    let names: Vec<&String> = base.texts.keys().collect();
    say(format!("static NAMES: [&str; {}] = {names:?};", names.len()))?;
    say(format!("static TEXTS: [[&str; {}]; {count}] = [", names.len()))?;
    for language in languages {
        say(format!("{:?},", language.texts.values().collect::<Vec<_>>()))?;
    }
    say("];".to_string())?;
    for (section, name) in [("label", "LABELS"), ("hint", "HINTS")] {
        say(format!("static {name}: [&[(&str, &str)]; {count}] = ["))?;
        for language in languages {
            let mut entries = entries(language, section);
            match section {
                // The longest beginning first.
                "hint" => entries.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len())),
                _ => entries.sort(),
            }
            say(format!("&{entries:?},"))?;
        }
        say("];".to_string())?;
    }
    say("/// The key of each text.\npub mod key {\nuse super::{Key, Plural};".to_string())?;
    for (at, (name, text)) in base.texts.iter().enumerate() {
        let constant = |name: &str| name.replace(['.', '-'], "_").to_uppercase();
        say(format!("#[doc = {text:?}]\npub const {}: Key = Key({at});", constant(name)))?;
        if let Some(plural) = name.strip_suffix(".other") {
            let one = names.iter().position(|name| **name == format!("{plural}.one")).ok_or(format!("{plural}.one"))?;
            say(format!(
                "#[doc = {text:?}]\npub const {}: Plural = Plural {{ one: Key({one}), other: Key({at}) }};",
                constant(plural)
            ))?;
        }
    }
    say("}".to_string())?;
    Ok(out)
}
