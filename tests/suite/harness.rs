//! A recorded host with its own clock, on which the real binaries run.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// Start time of every recorded host.
pub const BEGIN: &str = "2026-11-20T21:40:00Z";

/// Result of running a binary.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Asserts success without warnings.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "standard output: {}", self.out);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

/// The binary of that name.
pub fn binary(name: &str) -> &'static str {
    match name {
        "osmon" => env!("CARGO_BIN_EXE_osmon"),
        "osmon-probe" => env!("CARGO_BIN_EXE_osmon-probe"),
        "osmon-detect-crisis" => env!("CARGO_BIN_EXE_osmon-detect-crisis"),
        "osmon-send-alert" => env!("CARGO_BIN_EXE_osmon-send-alert"),
        "osmon-graph" => env!("CARGO_BIN_EXE_osmon-graph"),
        "osmon-backup" => env!("CARGO_BIN_EXE_osmon-backup"),
        "osmon-restore" => env!("CARGO_BIN_EXE_osmon-restore"),
        other => panic!("no binary {other}"),
    }
}

/// A path below the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A copy of a recorded host, with a data directory.
pub struct Host {
    directory: TempDir,
    pub now: DateTime<Utc>,
    pub config: String,
}

impl Host {
    pub fn recorded(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        copy(&repository("tests/fixtures/root").join(name), &directory.path().join("root"));
        Self { directory, now: BEGIN.parse().unwrap(), config: String::new() }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.directory.path().join(below)
    }
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }
    pub fn root(&self) -> PathBuf {
        self.path("root")
    }

    /// The configuration names the data directory, so that `[report] path` is the page of it.
    pub fn configure_data_dir(&mut self) {
        self.config = format!("data_dir = \"{}\"\n{}", self.data().display(), self.config);
    }

    /// A command of `osmon` on this host: recorded root, own data directory, own clock, no environment but PATH.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let config = self.path("osmon.toml");
        // Another command of this host may be reading it.
        if fs::read_to_string(&config).ok().as_ref() != Some(&self.config) {
            fs::write(&config, &self.config).unwrap();
        }
        let mut command = Command::new(binary(program));
        command
            .args(arguments)
            .arg("--root")
            .arg(self.root())
            .arg("--data-dir")
            .arg(self.data())
            .arg("--config")
            .arg(config);
        command
            .arg("--now")
            .arg(self.now.to_rfc3339())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    pub fn osmon(&self, arguments: &[&str]) -> Done {
        Done::new(&self.command("osmon", arguments).output().unwrap())
    }
    pub fn small(&self, program: &str, arguments: &[&str]) -> Done {
        Done::new(&self.command(program, arguments).output().unwrap())
    }

    /// Advances both clocks; every core is `busy` percent busy meanwhile, and above 80 % tasks wait for one.
    pub fn advance(&mut self, seconds: i64, busy: u64) {
        self.now += TimeDelta::seconds(seconds);
        self.boottime(seconds as f64);
        let stat = self.read("proc/stat");
        let lines: Vec<String> = stat
            .lines()
            .map(|line| {
                if line.starts_with("cpu") {
                    tick(line, seconds.unsigned_abs(), busy, cores(&stat))
                } else {
                    line.to_string()
                }
            })
            .collect();
        self.write("proc/stat", &(lines.join("\n") + "\n"));
        self.waiting(if busy >= 80 { 60 } else { 0 });
    }

    /// Tasks waited for a CPU in this share of the last minute, in percent; a kernel without pressure has none.
    pub fn waiting(&self, percent: u64) {
        let file = "proc/pressure/cpu";
        if !self.root().join(file).exists() {
            return;
        }
        let with = |line: &str| {
            let fields = line.split(' ').map(|field| match field.split_once('=') {
                Some(("avg60", before)) if percent > 0 || before.starts_with("60") => format!("avg60={percent}.00"),
                _ => field.to_string(),
            });
            fields.collect::<Vec<_>>().join(" ")
        };
        let text: Vec<String> = self.read(file).lines().map(with).collect();
        self.write(file, &(text.join("\n") + "\n"));
    }

    /// Advances the monotonic clock only.
    pub fn boottime(&self, seconds: f64) {
        let uptime = self.read("proc/uptime");
        let now: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        self.write("proc/uptime", &format!("{:.2} 0.00\n", now + seconds));
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root().join(file)).unwrap()
    }
    pub fn write(&self, file: &str, content: &str) {
        fs::write(self.root().join(file), content).unwrap();
    }
    /// Replaces text in a file of the recorded host; it must be there.
    pub fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replace(from, to));
    }

    /// The lines of a stream's file of the first day.
    pub fn lines(&self, stream: &str) -> Vec<String> {
        let path = self.day_file(stream);
        fs::read_to_string(path).unwrap_or_default().lines().map(ToString::to_string).collect()
    }
    pub fn day_file(&self, stream: &str) -> PathBuf {
        self.data().join(stream).join(format!("{}.jsonl", self.now.format("%Y-%m-%d")))
    }
    /// The events so far: kind, severity, title.
    pub fn events(&self) -> Vec<String> {
        self.sections("event")
            .into_iter()
            .map(|event| {
                format!(
                    "{} {} {}",
                    event["kind"].as_str().unwrap(),
                    event["severity"].as_str().unwrap(),
                    event["title"].as_str().unwrap()
                )
            })
            .collect()
    }
    /// The marks so far: kind and text.
    pub fn marks(&self) -> Vec<String> {
        let marks = self.sections("mark").into_iter();
        marks.map(|mark| format!("{}: {}", mark["kind"].as_str().unwrap(), mark["text"].as_str().unwrap())).collect()
    }
    /// That section of every record of the first day's events that has it.
    pub fn sections(&self, name: &str) -> Vec<Value> {
        let records = self.lines("events").into_iter().map(|line| serde_json::from_str::<Value>(&line).unwrap());
        records.filter_map(|record| record.get(name).cloned()).collect()
    }
    pub fn snapshots(&self) -> Vec<Value> {
        self.lines("snapshots").iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn cores(stat: &str) -> u64 {
    stat.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count() as u64
}

/// Adds ticks to a line of /proc/stat: user (field 1) and idle (field 4).
fn tick(line: &str, seconds: u64, busy: u64, cores: u64) -> String {
    let all = seconds * 100 * if line.starts_with("cpu ") { cores } else { 1 };
    let mut fields: Vec<String> = line.split_whitespace().map(ToString::to_string).collect();
    for (field, more) in [(1, all * busy / 100), (4, all - all * busy / 100)] {
        fields[field] = (fields[field].parse::<u64>().unwrap() + more).to_string();
    }
    fields.join(" ")
}

/// Copies a directory with all below it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs a program of the test's own tools; its output, whatever its status.
pub fn tool(program: &str, arguments: &[&str]) -> Done {
    match Command::new(program).args(arguments).stdin(Stdio::null()).output() {
        Ok(output) => Done::new(&output),
        Err(error) => Done { code: 127, out: String::new(), err: format!("{program}: {error}") },
    }
}

/// Reports why a test is skipped, bypassing the capture of the test runner.
pub fn skip(what: &str, reason: &str) {
    let _ = writeln!(std::io::stderr().lock(), "skipped: {what}: {}", reason.trim());
}

/// Waits until `found` returns a value, for a number of seconds at most.
pub fn wait<T>(seconds: u64, mut found: impl FnMut() -> Option<T>) -> Option<T> {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    loop {
        if let Some(found) = found() {
            return Some(found);
        }
        if std::time::Instant::now() > until {
            return None;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
