//! The shipped crontabs and units, with the path of the program in place.

/// The path of the program in the shipped files.
const SHIPPED: &str = "/usr/bin/osmon";

/// The shipped file for `/etc/cron.d`: `osmon` or `osmon-watch`.
pub fn cron_file(name: &str, program: &str) -> String {
    let text = match name {
        "osmon-watch" => include_str!("../../../contrib/cron/osmon-watch"),
        _ => include_str!("../../../contrib/cron/osmon"),
    };
    text.replace(SHIPPED, program)
}

/// The shipped unit: `osmon`, `osmon-watch` or `osmon-heal`, with the suffix `service` or `timer`.
pub fn unit(name: &str, suffix: &str, of_user: bool, program: &str) -> String {
    let text = match (name, suffix, of_user) {
        ("osmon-watch", "timer", _) => include_str!("../../../contrib/systemd/osmon-watch.timer"),
        ("osmon-watch", _, _) => include_str!("../../../contrib/systemd/osmon-watch.service"),
        ("osmon-heal", "timer", _) => include_str!("../../../contrib/systemd/osmon-heal.timer"),
        ("osmon-heal", _, _) => include_str!("../../../contrib/systemd/osmon-heal.service"),
        (_, "timer", _) => include_str!("../../../contrib/systemd/osmon.timer"),
        (_, _, true) => include_str!("../../../contrib/systemd/user/osmon.service"),
        (_, _, false) => include_str!("../../../contrib/systemd/osmon.service"),
    };
    text.replace(SHIPPED, program)
}

/// Returns whether a unit is the shipped one, apart from the program that it starts.
pub fn is_shipped(text: &str, name: &str, suffix: &str, of_user: bool) -> bool {
    let rest = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("ExecStart="));
        lines.map(ToString::to_string).collect()
    };
    rest(text) == rest(&unit(name, suffix, of_user, SHIPPED))
}

/// The drop-in of a timer with another interval.
pub fn interval(calendar: &str) -> String {
    format!("# Written by osmon schedule --every.\n[Timer]\nOnCalendar=\nOnCalendar={calendar}\n")
}
