//! The host that runs the tests, compared with other tools, and with hanging file systems and programs.

use super::harness::{binary, skip, tool, wait};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn probe(data: &Path, config: &str) -> Value {
    let file = data.with_extension("toml");
    fs::write(&file, config).unwrap();
    let mut command = Command::new(binary("osmon-probe"));
    let output = command.arg("--json").arg("--data-dir").arg(data).arg("--config").arg(&file).output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Asserts that two values differ by at most a percentage.
fn agrees(what: &str, ours: f64, theirs: f64, percent: f64) {
    assert!((ours - theirs).abs() <= theirs.abs() * percent / 100.0, "{what}: {ours} here, {theirs} there");
}

#[test]
fn it_agrees_with_the_tools_of_others() {
    let directory = tempfile::tempdir().unwrap();
    let snapshot = probe(&directory.path().join("data"), "");
    let df = tool("df", &["-B1", "--output=target,used,avail,ipcent", "/"]).out;
    let root = snapshot["disk"].as_array().unwrap().iter().find(|disk| disk["mount"] == "/").unwrap();
    let numbers: Vec<f64> = df
        .lines()
        .nth(1)
        .unwrap()
        .split_whitespace()
        .skip(1)
        .map(|word| word.trim_end_matches('%').parse().unwrap_or(0.0))
        .collect();
    agrees("used of /", root["used_bytes"].as_f64().unwrap(), numbers[0], 1.0);
    agrees("available of /", root["available_bytes"].as_f64().unwrap(), numbers[1], 1.0);
    let free = tool("free", &["-b"]);
    if free.code == 0 {
        let row: Vec<f64> =
            free.out.lines().nth(1).unwrap().split_whitespace().skip(1).map(|word| word.parse().unwrap()).collect();
        agrees("memory", snapshot["memory"]["total_bytes"].as_f64().unwrap(), row[0], 0.0);
        agrees("available memory", snapshot["memory"]["available_bytes"].as_f64().unwrap(), row[5], 5.0);
    }
    let uptime: f64 = fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
    agrees("uptime", snapshot["uptime"]["seconds"].as_f64().unwrap(), uptime, 2.0);
    let cores = std::thread::available_parallelism().unwrap().get();
    assert!(snapshot["cpu"]["cores"].as_u64().unwrap() as usize >= cores);
    assert_eq!(snapshot["cpu"]["core"].as_array().unwrap().len() as u64, snapshot["cpu"]["cores"].as_u64().unwrap());
}

/// A process that burns CPU until it is dropped.
struct Burner(Child);
impl Burner {
    fn start() -> Self {
        Self(Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn().unwrap())
    }
}
impl Drop for Burner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn who_burns_is_named_and_who_burnt_and_is_gone_is_unexplained() {
    // Other tests use CPU too: the process of this test must be among the listed ones, and its usage is compared with
    // the kernel's.
    const ALL: &str = "[probe]\ntop_processes = 1000\n";
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    probe(&data, ALL);
    let burner = Burner::start();
    let pid = burner.0.id().to_string();
    let used_seconds = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    };
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let least = used_seconds();
    probe(&data, ALL);
    let most = used_seconds();
    let newest = || -> Value {
        let file = fs::read_dir(data.join("processes")).unwrap().flatten().next().unwrap().path();
        serde_json::from_str(fs::read_to_string(file).unwrap().lines().last().unwrap()).unwrap()
    };
    let record = newest();
    let found = record["process"].as_array().unwrap().iter().find(|process| process["pid"] == pid.as_str());
    let share = found.expect("it is listed")["cpu_percent"].as_f64().unwrap() / 100.0;
    let interval = record["interval_seconds"].as_f64().unwrap();
    assert!(share * interval > least - 0.05 && share * interval < most + 0.05, "{least} to {most} s used: {record}");
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let gone = used_seconds() - most;
    drop(burner);
    probe(&data, ALL);
    let record = newest();
    let interval = record["interval_seconds"].as_f64().unwrap();
    assert!(!record["process"].as_array().unwrap().iter().any(|process| process["pid"] == pid.as_str()));
    let unexplained = record["unexplained"]["cpu_percent"].as_f64().unwrap() / 100.0 * interval;
    assert!(unexplained > gone / 2.0, "{gone} s gone, {unexplained} s unexplained: {record}");
}

/// A FUSE mount whose server never answers: every call on it hangs until it is unmounted.
struct DeadMount {
    server: Child,
    point: String,
}

impl DeadMount {
    fn make(point: &Path) -> Option<Self> {
        fs::create_dir_all(point).unwrap();
        let point = point.display().to_string();
        let script = format!(
            "import ctypes,os,sys,time\nfd=os.open('/dev/fuse',os.O_RDWR)\nlibc=ctypes.CDLL(None,use_errno=True)\n\
             options=('fd=%d,rootmode=40000,user_id=0,group_id=0'%fd).encode()\n\
             done=libc.mount(b'dead',b'{point}',b'fuse.dead',0,options)\nprint('ready' if done==0 else 'no',flush=True)\ntime.sleep(600)"
        );
        let mut server =
            Command::new("python3").args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut word = [0; 2];
        let read = server.stdout.as_mut()?.read_exact(&mut word);
        let made = Self { server, point };
        (read.is_ok() && &word == b"re").then_some(made)
    }
}

impl Drop for DeadMount {
    fn drop(&mut self) {
        // Killing the server ends every call that waits for it.
        let _ = self.server.kill();
        let _ = self.server.wait();
        wait(5, || (tool("umount", &["-l", &self.point]).code == 0).then_some(()));
    }
}

#[test]
fn a_dead_mount_costs_two_seconds_and_itself() {
    let directory = tempfile::tempdir().unwrap();
    let point = directory.path().join("dead");
    let Some(mount) = DeadMount::make(&point) else {
        return skip("a FUSE mount that never answers", "it cannot be made here");
    };
    let others: Vec<DeadMount> =
        (0..4).filter_map(|number| DeadMount::make(&directory.path().join(format!("dead{number}")))).collect();
    let data = directory.path().join("data");
    assert!(probe(&data, "")["probe"]["failed"].get("mount").is_none(), "left out unless it is named");
    let config = format!("[probe]\nnetwork_mounts = [\"{}\"]\n", mount.point);
    let all = others.iter().map(|other| format!(", {:?}", other.point)).collect::<String>();
    let all = format!("[probe]\nnetwork_mounts = [{:?}{all}]\n", mount.point);
    let started = std::time::Instant::now();
    let fresh = probe(&directory.path().join("fresh"), &all);
    assert!(started.elapsed().as_secs_f64() < 6.0, "five of them, and the first snapshot: {:?}", started.elapsed());
    assert_eq!(fresh["probe"]["failed"]["mount"].as_str().unwrap().matches("did not answer").count(), 5);
    let started = std::time::Instant::now();
    let snapshot = probe(&data, &config);
    assert!(started.elapsed().as_secs_f64() < 5.0, "{:?}", started.elapsed());
    assert_eq!(snapshot["probe"]["failed"]["mount"], format!("{}: did not answer within 2 s", mount.point));
    assert!(snapshot["disk"].as_array().unwrap().iter().any(|disk| disk["mount"] == "/"), "everything else is there");
    let file = data.with_extension("toml");
    let mut command = Command::new(binary("osmon"));
    let status = command
        .arg("run")
        .arg("--data-dir")
        .arg(&data)
        .arg("--config")
        .arg(&file)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let page = fs::read_to_string(data.join("report.html")).unwrap();
    assert!(page.contains("<h1>OK</h1>") || !page.contains("<h1>Unknown</h1>"), "one dead mount hides nothing else");
    assert!(page.contains(&format!("Not measured: mount: {}: did not answer", mount.point)), "the page says which");
}

#[test]
fn what_cannot_be_printed_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    let line =
        format!("{} --json --data-dir {} > /dev/full", binary("osmon-probe"), directory.path().join("data").display());
    let done = tool("sh", &["-c", &line]);
    assert_eq!(
        (done.code, done.err.contains("could not write to standard output: No space left")),
        (74, true),
        "{}",
        done.err
    );
}
