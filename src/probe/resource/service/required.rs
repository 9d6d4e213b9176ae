//! Which unit of the answer is meant by each name of `[probe] services`.

use super::show::Unit;
use std::collections::{BTreeMap, HashSet};

/// What makes a name that of a unit which is no service.
const SUFFIXES: [&str; 11] = [
    ".service",
    ".socket",
    ".mount",
    ".automount",
    ".swap",
    ".timer",
    ".path",
    ".target",
    ".slice",
    ".scope",
    ".device",
];

/// The units of an answer, each once, and which of them are required.
#[derive(Debug, Default)]
pub struct Answer<'a> {
    /// The units in their order. A required service without an answer is among them, as not found.
    pub units: Vec<Unit<'a>>,
    /// Full names under which the configuration requires units, by their main names.
    required: BTreeMap<String, String>,
}

impl<'a> Answer<'a> {
    /// Sorts what systemctl printed for these names and for patterns.
    pub fn new(mut all: Vec<Unit<'a>>, named: &[String]) -> Self {
        let names: Vec<String> = named.iter().map(|name| full_name(name)).collect();
        let is_in_order = is_in_order(&all, &names);
        let mut required = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            let called = all.iter().find(|unit| unit.is_called(name));
            let in_place = || all.get(place).filter(|unit| is_in_order && unit.names.is_empty());
            let id = match called.or_else(in_place) {
                Some(unit) => unit.id.clone(),
                None => {
                    all.push(Unit::not_found(name.clone()));
                    name.clone()
                }
            };
            required.entry(id).or_insert_with(|| name.clone());
        }
        let mut known = HashSet::new();
        all.retain(|unit| known.insert(unit.id.clone()));
        Self { units: all, required }
    }

    /// The name under which the configuration requires a unit; `None`: it does not.
    pub fn name_of(&self, unit: &Unit<'_>) -> Option<&str> {
        self.required.get(&unit.id).map(String::as_str)
    }
}

/// systemctl answers what is asked for by name first and in that order, under the main name of the unit, and matches of
/// patterns afterwards: an active service comes a second time. A recording without the names of the units is taken at this
/// order only if it has it throughout.
fn is_in_order(all: &[Unit<'_>], names: &[String]) -> bool {
    let (Some(first), Some(others)) = (all.get(..names.len()), all.get(names.len()..)) else { return false };
    let is_in_place = |name: &String, unit: &Unit<'_>| unit.id == *name || all.iter().all(|other| other.id != *name);
    let comes_again = |unit: &Unit<'_>| unit.active == "inactive" || others.iter().any(|other| other.id == unit.id);
    first.iter().zip(names).all(|(unit, name)| is_in_place(name, unit) && comes_again(unit))
}

/// The name of a unit as systemd has it: `nginx` is `nginx.service`.
fn full_name(name: &str) -> String {
    let is_full = SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
    if is_full { name.to_string() } else { format!("{name}.service") }
}

#[cfg(test)]
mod tests {
    use super::super::show::parse;
    use super::*;

    fn required(output: &str, named: &[&str]) -> Vec<String> {
        let named: Vec<String> = named.iter().map(ToString::to_string).collect();
        let answer = Answer::new(parse(output), &named);
        let line = |unit: &Unit<'_>| {
            let name = answer.name_of(unit)?;
            Some(format!("{}={} {}", name, unit.id, unit.load))
        };
        answer.units.iter().filter_map(line).collect()
    }

    fn unit(id: &str, active: &str) -> String {
        format!("Id={id}\nLoadState=loaded\nActiveState={active}\n\n")
    }

    #[test]
    fn an_alias_is_found_by_the_names_of_the_unit() {
        let mysql = "Id=mariadb.service\nNames=mysql.service mariadb.service mysqld.service\nLoadState=loaded\n\n";
        for named in ["mysql", "mysql.service"] {
            assert_eq!(required(mysql, &[named]), ["mysql.service=mariadb.service loaded"]);
        }
        let twice = format!("{}{mysql}{mysql}{0}", unit("ssh.service", "active"));
        assert_eq!(required(&twice, &["mysql", "mysqld", "mariadb"]), ["mysql.service=mariadb.service loaded"]);
        assert_eq!(required(mysql, &["mysq"]), ["mysq.service=mysq.service not-found"], "never by a part of a name");
    }

    #[test]
    fn without_names_the_order_of_a_whole_answer_tells_them() {
        let stopped = ["mariadb.service", "ssh.service", "nginx.service"].map(|id| unit(id, "inactive")).concat();
        let expected = ["mysql.service=mariadb.service loaded", "sshd.service=ssh.service loaded"];
        assert_eq!(required(&stopped, &["mysql", "sshd", "nginx"])[..2], expected);
        let running = unit("mariadb.service", "active");
        let again = format!("{running}{}{running}", unit("cron.service", "active"));
        assert_eq!(required(&again, &["mysql"]), expected[..1], "once by its name, once by the pattern");
        // Not what systemctl would have printed for these names.
        assert_eq!(required(&running, &["mysql"]), ["mysql.service=mysql.service not-found"]);
        let other_order = format!("{}{}", unit("a.service", "inactive"), unit("b.service", "inactive"));
        let found = required(&other_order, &["b", "c"]);
        assert_eq!(found, ["b.service=b.service loaded", "c.service=c.service not-found"]);
        assert_eq!(required("", &["a"]), ["a.service=a.service not-found"]);
    }

    #[test]
    fn names_of_other_units_are_full() {
        for (name, full) in
            [("nginx", "nginx.service"), ("docker.socket", "docker.socket"), ("org.x.Y", "org.x.Y.service")]
        {
            assert_eq!(full_name(name), full);
        }
    }
}
