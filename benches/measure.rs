//! Measures CPU time and peak memory of two programs, run in turn.

use nix::sys::resource::{UsageWho, getrusage};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 21;

/// Prints one line of the result: both values and their ratio.
pub fn row(what: &str, here: f64, other: f64, unit: &str) {
    println!("{what:<58}{:>9}{:>9}{:>8.2}", format!("{here:.2} {unit}"), format!("{other:.2} {unit}"), here / other);
}

/// CPU time in milliseconds and peak memory in KiB of one run of a program, started by a helper that has no other child.
pub fn cost(command: &[&str]) -> (f64, f64) {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--measure")
        .args(command)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.lines().last().unwrap().split(' ').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// The helper: runs the program and prints its CPU time in milliseconds and peak memory in KiB.
pub fn measure(command: &[String]) {
    let status = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let ms = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e3 + time.tv_usec() as f64 / 1e3;
    println!("{} {}", ms(usage.user_time()) + ms(usage.system_time()), usage.max_rss());
}

/// Medians of CPU time and peak memory of two programs, run in turn.
pub fn compare(here: &[&str], other: &[&str]) -> [(f64, f64); 2] {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.push(cost(here));
        b.push(cost(other));
    }
    [a, b].map(|runs| {
        let median = |values: Vec<f64>| {
            let mut values = values;
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        (median(runs.iter().map(|run| run.0).collect()), median(runs.iter().map(|run| run.1).collect()))
    })
}

/// Returns whether a program is installed.
pub fn installed(program: &str) -> bool {
    Command::new(program).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Creates a year of one-minute values in these archives of rrdtool; false when it is not installed.
pub fn year_of_minutes(file: &Path, archives: &[&str]) -> bool {
    let create = ["create", file.to_str().unwrap(), "--start", "1763683140", "--step", "60", "DS:v:GAUGE:120:0:100"];
    let create = [&create[..], archives].concat();
    if !Command::new("rrdtool").args(create).status().is_ok_and(|status| status.success()) {
        return false;
    }
    let mut child = Command::new("rrdtool").arg("-").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for hour in 0..8760_u64 {
        let values: Vec<String> = (0..60)
            .map(|minute| format!("{}:{}", 1_763_683_200 + hour * 3600 + minute * 60, (hour + minute) % 97))
            .collect();
        writeln!(input, "update {} {}", file.display(), values.join(" ")).unwrap();
    }
    drop(input);
    child.wait().unwrap().success()
}
