//! Which incident a person means: `cpu`, `disk:/var`, or the beginning of an id.

use crate::base::error_kind::ErrorKind;
use crate::base::text::{NAME_MAX, clean, shell_word};
use crate::model::incident::typed;

/// Candidates that are listed at most.
const LISTED: usize = 8;

/// The names of one incident.
#[derive(Debug, Clone)]
pub struct Named<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its rule.
    pub rule: &'a str,
    /// Its short name.
    pub short: String,
    /// Whether it is open.
    pub is_open: bool,
}

/// How closely an incident is meant, the closest first; `None`: not at all.
pub fn closeness(named: &Named, name: &str) -> Option<u8> {
    let is = [named.id == name, named.short == name, named.rule == name];
    let begins = named.short.starts_with(name) || named.id.starts_with(name);
    is.iter().position(|is| *is).map(|at| at as u8).or(begins.then_some(3))
}

/// The position of the incident that is meant, of incidents with the newest first; without a name the newest open one. An
/// open incident wins over those that are over; of several about the same thing the newest is meant.
///
/// # Errors
/// When none matches, or several do: with a command for each.
pub fn find(incidents: &[Named], name: Option<&str>, command: &str) -> Result<Option<usize>, ErrorKind> {
    let Some(name) = name else { return Ok(incidents.iter().position(|named| named.is_open)) };
    let plain = clean(name, NAME_MAX);
    if plain.trim().is_empty() {
        return Err(ErrorKind::Usage("an empty name means no incident; osmon incidents lists all".to_string()));
    }
    let close = |named: &Named| closeness(named, name);
    let Some(closest) = incidents.iter().filter_map(close).min() else {
        return Err(ErrorKind::BadData(format!("no incident is called {plain}; osmon incidents lists all")));
    };
    let mut meant: Vec<usize> = (0..incidents.len()).collect();
    meant.retain(|at| incidents.get(*at).and_then(close) == Some(closest));
    let is_open = |at: &usize| incidents.get(*at).is_some_and(|named| named.is_open);
    if meant.iter().any(is_open) {
        meant.retain(is_open);
    }
    let Some(first) = meant.first().and_then(|at| incidents.get(*at)) else { return Ok(None) };
    // An incomplete id must be unique; a short name means the newest.
    let others = meant.iter().filter_map(|at| incidents.get(*at));
    let is_one_thing = closest < 3 || !first.id.starts_with(name) || first.short.starts_with(name);
    if others.clone().all(|named| named.short == first.short) && (is_one_thing || meant.len() == 1) {
        return Ok(meant.first().copied());
    }
    let mut commands: Vec<String> = Vec::new();
    for named in others {
        let name = if is_one_thing { shell_word(typed(&named.short, named.id)) } else { named.id.to_string() };
        let command = format!("osmon {command} {name}");
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    let count = commands.len();
    commands.truncate(LISTED);
    if count > LISTED {
        commands.push("…".to_string());
    }
    Err(ErrorKind::Usage(format!("{count} incidents are called {plain}; which one: {}", commands.join(", "))))
}

/// The shortest name that means the incident at a position: its short name, or its id where that means another one or is too
/// long to be shown.
pub fn shortest(incidents: &[Named], at: usize) -> String {
    let Some(named) = incidents.get(at) else { return String::new() };
    match find(incidents, Some(&named.short), "") {
        Ok(Some(found)) if found == at => typed(&named.short, named.id).to_string(),
        _ => named.id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_means_the_open_one_or_the_newest() {
        let named = |id, rule, short: &str, is_open| Named { id, rule, short: short.to_string(), is_open };
        let incidents = [
            named("disk-aa-900", "disk", "disk:/home", false),
            named("disk-bb-800", "disk", "disk:/var", true),
            named("disk-cc-700", "disk", "disk:/my data", true),
            named("cpu-600", "cpu", "cpu", false),
            named("cpu_unusual-550", "cpu_unusual", "cpu_unusual", true),
            named("cpu-500", "cpu", "cpu", true),
            named("load-400", "load", "load", false),
            named("load-300", "load", "load", false),
            named("service-dd-250", "service", "service:nginx.service", true),
            named("service-dd-240", "service", "service:nginx.service", false),
        ];
        let cases = [
            ("disk-aa-900", Ok(0)),
            ("disk:/var", Ok(1)),
            ("disk:/home", Ok(0)),
            ("disk:/v", Ok(1)),
            ("cpu", Ok(5)),
            ("cpu-6", Ok(3)),
            ("cp", Err("osmon ack cpu_unusual, osmon ack cpu")),
            ("load", Ok(6)),
            ("load-", Err("osmon ack load-400, osmon ack load-300")),
            ("disk", Err("osmon ack disk:/var, osmon ack 'disk:/my data'")),
            ("service", Ok(8)),
            ("service:nginx", Ok(8)),
            ("nothing", Err("no incident is called nothing")),
        ];
        for (name, expected) in cases {
            match (find(&incidents, Some(name), "ack"), expected) {
                (Ok(found), Ok(at)) => assert_eq!(found, Some(at), "{name}"),
                (Err(ErrorKind::Usage(text) | ErrorKind::BadData(text)), Err(part)) => {
                    assert!(text.contains(part), "{name}: {text}");
                }
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
        assert_eq!(find(&incidents, None, "explain").ok().flatten(), Some(1));
        let shortest: Vec<String> = (0..incidents.len()).map(|at| shortest(&incidents, at)).collect();
        assert_eq!(shortest[3..8], ["cpu-600", "cpu_unusual", "cpu", "load", "load-300"]);
    }
}
