//! `templates/report/script.js` → `$OUT_DIR/script.js`: without comments and blanks, and with short names. Only what the
//! script of the page uses is understood: its statements end with a semicolon, no name of its own is that of a property
//! in a shorthand, and the names that it does not define are listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where the script stands in the repository.
const SOURCE: &str = "templates/report/script.js";
/// Words of the language, names of the browser, and ids of elements of the page, which are names too.
const KEPT: &str = "const else for if in let new null of return typeof while \
    Date JSON Math Number document getSelection history innerHeight innerWidth location onkeydown onpointercancel onpointerdown \
    onpointermove onpointerup onscroll performance setInterval \
    ago cmp rest stale tip whole";
/// Characters behind which a slash begins a regular expression.
const BEFORE_PATTERN: &str = "(,=:[!&|?{};>";

/// Signs of more than one character that must not be taken apart.
const SIGNS: [&str; 5] = ["...", "?.", "=>", "++", "--"];

/// A part of the script that stays together.
#[derive(PartialEq)]
enum Token {
    /// A name or a word of the language.
    Word(String),
    /// A number, a string, a piece of a template, a regular expression or a sign.
    Other(String),
}

/// Writes the short script.
pub fn generate() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build/script.rs");
    println!("cargo::rerun-if-changed={SOURCE}");
    let source = std::fs::read_to_string(SOURCE).map_err(|e| format!("{SOURCE}: {e}"))?;
    let out = std::env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let path = Path::new(&out).join("script.js");
    std::fs::write(&path, shortened(&source)?).map_err(|e| format!("{}: {e}", path.display()))
}

/// The script, shortened.
pub fn shortened(source: &str) -> Result<String, String> {
    let tokens = tokens(source)?;
    let names = names(&tokens);
    let short = short_names(&names);
    let mut out = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let text = match (token, names.get(&at).and_then(|name| short.get(name))) {
            (_, Some(short)) => short,
            (Token::Word(word), None) if word == "const" => "let",
            (Token::Word(text) | Token::Other(text), None) => text,
        };
        let touches = out.chars().next_back().zip(text.chars().next());
        if touches.is_some_and(|(a, b)| is_of_name(a) && is_of_name(b) || a == b && "+-".contains(a)) {
            out.push(' ');
        }
        if text == "}" && out.ends_with(';') {
            out.pop();
        }
        out.push_str(text);
    }
    Ok(out)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// Returns whether a word is a name of the script itself: neither kept, nor a property, nor a key of an object.
fn is_own(tokens: &[Token], at: usize) -> bool {
    let sign = |at: usize| match tokens.get(at) {
        Some(Token::Other(text)) => text.as_str(),
        _ => "",
    };
    let Some(Token::Word(word)) = tokens.get(at) else { return false };
    let before = sign(at.wrapping_sub(1));
    let is_key = matches!(before, "{" | ",") && sign(at + 1) == ":";
    !KEPT.split(' ').any(|kept| kept == word) && !matches!(before, "." | "?.") && !is_key
}

/// A name: that of the whole script, or that of one statement inside of it.
type Name<'a> = (Option<usize>, &'a str);

/// The names of the script, by the place of the part.
fn names(tokens: &[Token]) -> BTreeMap<usize, Name<'_>> {
    let places = places(tokens);
    let own = tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Word(word) if is_own(tokens, at) => Some((at, word.as_str())),
        _ => None,
    });
    let own: Vec<(usize, &str)> = own.collect();
    let outside = own.iter().filter(|(at, _)| places.get(*at).is_none_or(|(_, is_inside)| !is_inside));
    let outside: BTreeSet<&str> = outside.map(|(_, word)| *word).collect();
    let name = |(at, word): (usize, &'_ str)| {
        let statement = places.get(at).map(|(statement, _)| *statement).filter(|_| !outside.contains(word));
        (at, statement)
    };
    own.iter().map(|(at, word)| (*at, (name((*at, word)).1, *word))).collect()
}

/// Short names, the shortest for the most frequent. What is inside of different statements may be called the same.
fn short_names<'a>(names: &BTreeMap<usize, Name<'a>>) -> BTreeMap<Name<'a>, String> {
    let mut counts: BTreeMap<Name, usize> = BTreeMap::new();
    names.values().for_each(|name| *counts.entry(*name).or_default() += 1);
    let mut counts: Vec<(Name, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    // Names that share a short one: one of the script, or one of each statement.
    let mut groups: Vec<(usize, Vec<Name>)> = Vec::new();
    let mut inner: Vec<(usize, Vec<Name>)> = Vec::new();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for (name, count) in counts {
        let Some(statement) = name.0 else {
            groups.push((count, vec![name]));
            continue;
        };
        let size = sizes.entry(statement).or_default();
        match inner.get_mut(*size) {
            Some(group) => {
                group.0 += count;
                group.1.push(name);
            }
            None => inner.push((count, vec![name])),
        }
        *size += 1;
    }
    groups.append(&mut inner);
    groups.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let letters = || ('a'..='z').chain('A'..='Z').chain(['$', '_']).map(String::from);
    let pairs = letters().flat_map(|first| letters().map(move |second| first.clone() + &second));
    let short = letters().chain(pairs).filter(|short| !KEPT.split(' ').any(|kept| kept == short));
    let called = |((_, names), short): ((usize, Vec<Name<'a>>), String)| {
        names.into_iter().map(move |name| (name, short.clone()))
    };
    groups.into_iter().zip(short).flat_map(called).collect()
}

/// Of each part: the number of its statement or declaration, and whether it is inside of it.
fn places(tokens: &[Token]) -> Vec<(usize, bool)> {
    let sign = |text: &str| Token::Other(text.to_string());
    let (mut depth, mut statement, mut is_pattern) = (0_usize, 0, false);
    let mut places = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        if let Token::Other(text) = token {
            match text.as_str() {
                "(" | "[" | "{" => {
                    // Names that are declared together: [a, b] = …
                    let declares = matches!(before, Some(Token::Word(word)) if word == "const" || word == "let");
                    is_pattern |= depth == 1 && (declares || before == Some(&sign(",")));
                    depth += 1;
                }
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                // The whole script stands in a block.
                "," | ";" if depth <= 1 => statement += 1,
                _ if text.starts_with('}') && !text.ends_with("${") => depth = depth.saturating_sub(1),
                _ if text.starts_with('`') && text.ends_with("${") => depth += 1,
                _ => {}
            }
            is_pattern &= depth > 1;
        }
        let is_parameter = tokens.get(at + 1) == Some(&sign("=>"));
        places.push((statement, is_parameter || depth > 1 && !is_pattern));
    }
    places
}

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    // Open braces; true: of an expression in a template.
    let mut braces: Vec<bool> = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let last = match tokens.last() {
            Some(Token::Other(text)) => text.chars().next_back(),
            _ => None,
        };
        let mut is_word = false;
        let length = if first.is_whitespace() {
            rest = rest.trim_start();
            continue;
        } else if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        } else if first == '"' || first == '\'' {
            closed(rest, 1, first)?
        } else if first == '`' || first == '}' && braces.last() == Some(&true) {
            if first == '}' {
                braces.pop();
            }
            let length = piece(rest)?;
            if rest[..length].ends_with("${") {
                braces.push(true);
            }
            length
        } else if first == '/' && last.is_some_and(|last| BEFORE_PATTERN.contains(last)) {
            let length = closed(rest, 1, '/')?;
            length + rest[length..].chars().take_while(char::is_ascii_alphabetic).count()
        } else if first.is_ascii_digit() {
            rest.find(|c: char| !is_of_name(c) && c != '.').unwrap_or(rest.len())
        } else if is_of_name(first) {
            is_word = true;
            rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len())
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            sign.len()
        } else {
            match first {
                '{' => braces.push(false),
                '}' => drop(braces.pop()),
                _ => {}
            }
            first.len_utf8()
        };
        let text = rest[..length].to_string();
        tokens.push(if is_word { Token::Word(text) } else { Token::Other(text) });
        rest = &rest[length..];
    }
    if braces.is_empty() { Ok(tokens) } else { Err(format!("{SOURCE}: a brace is not closed")) }
}

/// Length of a text up to and with its end, from `begin` on.
fn closed(text: &str, begin: usize, end: char) -> Result<usize, String> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < begin) {
        match c {
            '\n' => break,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == end => return Ok(at + c.len_utf8()),
            _ => {}
        }
    }
    Err(format!("{SOURCE}: {end} is not closed: {}", text.lines().next().unwrap_or_default()))
}

/// Length of a piece of a template: up to and with its end, or the begin of the next expression.
fn piece(text: &str) -> Result<usize, String> {
    let end = text.get(1..).and_then(|rest| rest.find('`')).map(|at| at + 2);
    let hole = text.find("${").map(|at| at + 2);
    end.into_iter().chain(hole).min().ok_or_else(|| format!("{SOURCE}: a template is not closed"))
}
