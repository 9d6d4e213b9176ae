//! Keys with a new name. The old name keeps working.

use toml::{Table, Value};

/// Section, old name and new name.
const RENAMED: [(&str, &str, &str); 1] = [("alert", "heartbeat_url", "ping_url")];

/// Renames settings with an old name. A setting under the new name takes precedence.
pub fn apply(given: &mut Table) {
    for (section, old, new) in RENAMED {
        let Some(section) = given.get_mut(section).and_then(Value::as_table_mut) else { continue };
        if let Some(value) = section.remove(old) {
            section.entry(new).or_insert(value);
        }
    }
}

/// The old path of a key that was renamed.
pub fn old_path(path: &[String]) -> Option<Vec<String>> {
    let [section, key] = path else { return None };
    let (_, old, _) = RENAMED.iter().find(|(renamed, _, new)| renamed == section && new == key)?;
    Some(vec![section.clone(), (*old).to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_name_is_read_and_the_new_one_wins() {
        for (written, expected) in [
            ("[alert]\nheartbeat_url = \"a\"", "[alert]\nping_url = \"a\""),
            ("[alert]\nheartbeat_url = \"a\"\nping_url = \"b\"", "[alert]\nping_url = \"b\""),
            ("heartbeat_url = \"a\"", "heartbeat_url = \"a\""),
        ] {
            let mut given: Table = toml::from_str(written).unwrap();
            apply(&mut given);
            assert_eq!(given, toml::from_str::<Table>(expected).unwrap(), "{written}");
        }
        let path = |key: &str| vec!["alert".to_string(), key.to_string()];
        assert_eq!((old_path(&path("ping_url")), old_path(&path("to"))), (Some(path("heartbeat_url")), None));
    }
}
