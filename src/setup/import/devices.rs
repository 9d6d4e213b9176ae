//! `servers.yaml` of inventory-buildup and `config.json` of av-monitoring-agent. JSON is a subset of YAML, and the parser
//! gives the line of everything.

use super::draft::Draft;
use super::kind::Kind;
use saphyr_parser::{Event, Parser};

/// Values that are read.
const VALUES: usize = 10_000;

/// Names of lists of devices.
const DEVICES: [&str; 4] = ["devices", "equipment", "equipments", "equipements"];

/// Reads one. What these files describe, osmon does not do yet, which is said for each thing.
///
/// # Errors
/// A sentence: it is no valid document.
pub fn read(text: &str, kind: Kind, draft: &mut Draft) -> Result<(), String> {
    let mut last_device = Vec::new();
    for (line, path, value) in leaves(text)? {
        let names: Vec<&str> = path.iter().map(String::as_str).filter(|name| name.parse::<usize>().is_err()).collect();
        let key = names.join(".");
        let last = names.last().copied().unwrap_or_default().to_ascii_lowercase();
        let shown = crate::base::text::clean(&value, 80);
        // One line for each device.
        let device = path.get(..2).unwrap_or_default().to_vec();
        let is_device = kind == Kind::AvMonitoring && DEVICES.contains(&device.first().map_or("", String::as_str));
        if is_device && device == last_device {
            continue;
        }
        last_device = device;
        let is_secret = ["token", "password", "secret", "community", "key"].iter().any(|word| last.contains(word));
        let message = match (kind, names.first().copied()) {
            _ if is_secret => "is a secret, and not repeated here; osmon does not need it".to_string(),
            (Kind::Servers, Some("servers")) => {
                format!(
                    "osmon does not poll other hosts yet: install it on {shown}, which then watches and mails itself"
                )
            }
            (Kind::AvMonitoring, _) if is_device => {
                format!("{shown}: osmon does not check devices on the network yet; keep the old agent for them")
            }
            (Kind::AvMonitoring, Some(name))
                if name.contains("backend") || name.contains("url") || name.contains("api") =>
            {
                "osmon sends nothing to a central server yet; its mails and its page come from each host".to_string()
            }
            (_, Some(name)) if name.contains("interval") => {
                "how often osmon measures is no setting; osmon schedule shows and changes it".to_string()
            }
            _ => "has no counterpart".to_string(),
        };
        draft.note(line, &key, message);
    }
    Ok(())
}

/// Every scalar of a document with its line and its path.
fn leaves(text: &str) -> Result<Vec<(usize, Vec<String>, String)>, String> {
    /// An open mapping or list, with the key or index of the present value.
    struct Level {
        is_list: bool,
        key: Option<String>,
        index: usize,
    }
    let (mut levels, mut found): (Vec<Level>, Vec<_>) = (Vec::new(), Vec::new());
    let path = |levels: &[Level]| -> Vec<String> {
        levels.iter().map(|level| level.key.clone().unwrap_or_else(|| level.index.to_string())).collect()
    };
    let done = |levels: &mut Vec<Level>| {
        if let Some(level) = levels.last_mut() {
            level.index += 1;
            level.key = None;
        }
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| format!("not valid YAML or JSON: {error}"))?;
        if found.len() >= VALUES || levels.len() > 100 {
            return Err("more values than a configuration has".to_string());
        }
        match event {
            Event::MappingStart(..) => levels.push(Level { is_list: false, key: None, index: 0 }),
            Event::SequenceStart(..) => levels.push(Level { is_list: true, key: None, index: 0 }),
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                done(&mut levels);
            }
            Event::Scalar(value, ..) => match levels.last_mut() {
                Some(level) if !level.is_list && level.key.is_none() => level.key = Some(value.to_string()),
                _ => {
                    found.push((span.start.line(), path(&levels), value.to_string()));
                    done(&mut levels);
                }
            },
            Event::Alias(_) => done(&mut levels),
            _ => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_with_line_and_path() {
        let found = |text: &str| -> Vec<String> {
            leaves(text)
                .unwrap()
                .iter()
                .map(|(line, path, value)| format!("{line} {} {value}", path.join(".")))
                .collect()
        };
        let yaml = "# agents\nservers:\n  - \"10.0.0.1:80\"  # one\n  - &x 10.0.0.2:80\n  - *x\nport: 8084\n";
        assert_eq!(found(yaml), ["3 servers.0 10.0.0.1:80", "4 servers.1 10.0.0.2:80", "6 port 8084"]);
        let json = "{\n\t\"devices\": [\n\t\t{\"name\": \"a\", \"ip\": \"10.0.0.3\"}\n\t],\n\t\"n\": null}";
        assert_eq!(found(json), ["3 devices.0.name a", "3 devices.0.ip 10.0.0.3", "5 n null"]);
        for wrong in ["a: [1", "{\"a\": }}", &"[".repeat(100_000), &"- a\n".repeat(20_000)] {
            assert!(leaves(wrong).is_err(), "{}", wrong.get(..10).unwrap_or(wrong));
        }
    }
}
