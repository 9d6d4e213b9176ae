//! Changes single keys of a TOML document and leaves everything else, comments and order included, as it is.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// Sets a key. One that exists keeps its place and the comment behind it; a new one is added to its section, below a
/// comment.
pub fn set(document: &mut DocumentMut, path: &[&str], value: Value, comment: &str) {
    let Some((key, sections)) = path.split_last() else { return };
    let is_inline = is_inline(document, sections);
    let Some(section) = section(document, sections) else { return };
    if let Some(Item::Value(old)) = section.get_mut(key) {
        let decor = old.decor().clone();
        *old = value;
        *old.decor_mut() = decor;
        return;
    }
    section.insert(key, Item::Value(value));
    if let Some(mut key) = section.key_mut(key)
        && !(comment.is_empty() || is_inline)
    {
        key.leaf_decor_mut().set_prefix(format!("# {comment}\n"));
    }
}

/// Removes a key, if it is there.
pub fn remove(document: &mut DocumentMut, path: &[&str]) {
    let Some((key, sections)) = path.split_last() else { return };
    if has(document, path)
        && let Some(section) = section(document, sections)
    {
        section.remove(key);
    }
}

/// Returns whether a key is set.
pub fn has(document: &DocumentMut, path: &[&str]) -> bool {
    let item = path.iter().try_fold(document.as_item(), |item, key| item.as_table_like()?.get(key));
    item.is_some_and(|item| !item.is_none())
}

/// Returns whether a section, or one above it, is written in one line, where no comment has a place.
fn is_inline(document: &DocumentMut, path: &[&str]) -> bool {
    let mut item = document.as_item();
    for key in path {
        let Some(inner) = item.as_table_like().and_then(|table| table.get(key)) else { return false };
        if inner.is_inline_table() {
            return true;
        }
        item = inner;
    }
    false
}

/// The section at a path, made where it is missing; `None` where something else has its name.
fn section<'a>(document: &'a mut DocumentMut, path: &[&str]) -> Option<&'a mut dyn TableLike> {
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, key) in path.iter().enumerate() {
        if !table.contains_key(key) {
            let mut new = Table::new();
            // A section that only contains others has no header.
            new.set_implicit(depth + 1 < path.len());
            table.insert(key, Item::Table(new));
        }
        table = table.get_mut(key)?.as_table_like_mut()?;
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str, path: &[&str], value: &str) -> String {
        let mut document: DocumentMut = text.parse().unwrap();
        set(&mut document, path, Value::from(value), "why");
        document.to_string()
    }

    #[test]
    fn everything_but_the_key_stays() {
        for (text, path, expected) in [
            ("", &["a", "b"][..], "[a]\n# why\nb = \"x\"\n"),
            ("", &["b"], "# why\nb = \"x\"\n"),
            ("[a]\nb = 1   # old\n# c\nc = 2\n", &["a", "b"], "[a]\nb = \"x\"   # old\n# c\nc = 2\n"),
            (
                "# top\n[a]\nc = 2 # two\n\n[z]\nq = 1\n",
                &["a", "b"],
                "# top\n[a]\nc = 2 # two\n# why\nb = \"x\"\n\n[z]\nq = 1\n",
            ),
            ("a.c = 2\n", &["a", "b"], "a.c = 2\n# why\na.b = \"x\"\n"),
            ("a = { c = 2 }\n", &["a", "b"], "a = { c = 2 , b = \"x\" }\n"),
            ("a = { c = 2 }\n", &["a", "s", "b"], "a = { c = 2 , s = { b = \"x\" } }\n"),
            ("[a.s]\nc = 2\n", &["a", "b"], "[a]\n# why\nb = \"x\"\n[a.s]\nc = 2\n"),
            ("[a]\nc = 2\n\n[z]\n", &["a", "s", "b"], "[a]\nc = 2\n\n[a.s]\n# why\nb = \"x\"\n\n[z]\n"),
            ("a = 1\n", &["a", "b"], "a = 1\n"),
        ] {
            assert_eq!(changed(text, path, "x"), expected, "{text}");
        }
    }

    #[test]
    fn a_key_is_removed_and_found() {
        let mut document: DocumentMut = "[a]\nb = 1\nc = 2\n".parse().unwrap();
        assert!(has(&document, &["a", "b"]) && !has(&document, &["a", "d"]) && !has(&document, &["b"]));
        remove(&mut document, &["a", "b"]);
        remove(&mut document, &["z", "b"]);
        assert_eq!(document.to_string(), "[a]\nc = 2\n");
    }
}
