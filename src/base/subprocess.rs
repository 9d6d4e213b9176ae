//! Starts other programs; nothing else does. Time and output are limited, and the process group is killed as a whole.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Longest standard output kept, in bytes.
const OUTPUT_MAX: u64 = 4 * 1024 * 1024;
/// Longest time that a killed program is waited for; what hangs in the kernel does not end.
const END_LIMIT: Duration = Duration::from_millis(200);
/// Longest time that a pipe is read from after the program has ended.
const PIPE_LIMIT: Duration = Duration::from_millis(500);
/// Longest standard error kept, in bytes.
const ERRORS_MAX: u64 = 64 * 1024;

/// Where programs are found that are started with a clean environment.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit status; `None` when a signal ended it, or it could not be ended.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// It was killed because it exceeded the time limit.
    pub timed_out: bool,
    /// Standard output, at most 4 MiB.
    pub stdout: Vec<u8>,
    /// Standard error, at most 64 KiB.
    pub stderr: Vec<u8>,
}

/// Runs a program with `input` on standard input and `LC_ALL=C`, so that its output does not depend on the caller's locale.
///
/// # Errors
/// The program cannot be started.
pub fn run(program: &str, arguments: &[String], input: Vec<u8>, limit: Duration) -> io::Result<Finished> {
    run_with(program, arguments, &[], input, limit)
}

/// Like [`run`], with more variables in the environment.
///
/// # Errors
/// The program cannot be started.
pub fn run_with(
    program: &str,
    arguments: &[String],
    variables: &[(&str, &str)],
    input: Vec<u8>,
    limit: Duration,
) -> io::Result<Finished> {
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.iter().copied());
    wait_for(command, input, limit)
}

/// Like [`run`], for programs that change the host: the environment is clean, and the program is killed when this process
/// ends, so that no second one runs beside it.
///
/// # Errors
/// The program cannot be started.
pub fn run_confined(program: &str, arguments: &[String], input: Vec<u8>, limit: Duration) -> io::Result<Finished> {
    run_confined_with(program, arguments, &[], input, limit)
}

/// Like [`run_confined`], with variables in the environment.
///
/// # Errors
/// The program cannot be started.
pub fn run_confined_with(
    program: &str,
    arguments: &[String],
    variables: &[(&str, &str)],
    input: Vec<u8>,
    limit: Duration,
) -> io::Result<Finished> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", SYSTEM_PATH).env("HOME", "/").envs(variables.iter().copied());
    confine(&mut command);
    wait_for(command, input, limit)
}

/// Lets the program be killed when the thread ends that starts it.
#[expect(unsafe_code, reason = "prctl(2) may be called between fork(2) and execve(2), and allocates nothing")]
fn confine(command: &mut Command) {
    // SAFETY: the closure makes one system call and touches no memory of the parent.
    unsafe { command.pre_exec(|| Ok(set_pdeathsig(Signal::SIGKILL)?)) };
}

fn wait_for(mut command: Command, input: Vec<u8>, limit: Duration) -> io::Result<Finished> {
    let mut child = command
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    feed(&mut child, input);
    let stdout = child.stdout.take().map(|stream| collect(stream, OUTPUT_MAX));
    let stderr = child.stderr.take().map(|stream| collect(stream, ERRORS_MAX));
    let (status, timed_out) = wait(child, limit)?;
    // A grandchild that keeps the pipe open must not block this process.
    let until = Instant::now() + PIPE_LIMIT;
    let read = |reader: Option<mpsc::Receiver<Vec<u8>>>| {
        let left = until.saturating_duration_since(Instant::now());
        reader.and_then(|reader| reader.recv_timeout(left).ok()).unwrap_or_default()
    };
    let (stdout, stderr) = (read(stdout), read(stderr));
    let code = status.and_then(|status| status.code());
    let signal = status.and_then(|status| status.signal());
    Ok(Finished { code, signal, timed_out, stdout, stderr })
}

/// Replaces this process by a program (`execve(2)`), which finds the path of this one in `OSMON`. Returns only if it cannot
/// be started.
pub fn become_program(program: &Path, arguments: &[OsString], variables: &[(&str, OsString)]) -> io::Error {
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    if let Ok(own) = std::env::current_exe() {
        command.env("OSMON", own);
    }
    command.exec()
}

/// Writes the input on a thread: a program that never reads must not block this process.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut pipe) = child.stdin.take() {
        thread::spawn(move || {
            // A program may end without reading everything; its exit status decides.
            let _ = pipe.write_all(&input);
        });
    }
}

fn collect(stream: impl Read + Send + 'static, limit: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut stream = stream;
        let _ = (&mut stream).take(limit).read_to_end(&mut kept);
        // The rest is read and discarded: a program must not block on a full pipe.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        let _ = sender.send(kept);
    });
    receiver
}

fn wait(child: Child, limit: Duration) -> io::Result<(Option<ExitStatus>, bool)> {
    let mut child = child;
    if let Some(status) = wait_until(&mut child, Instant::now() + limit)? {
        return Ok((Some(status), false));
    }
    if let Ok(pid) = i32::try_from(child.id()) {
        // It may just have ended by itself.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
    // It may have left its process group.
    let _ = child.kill();
    let status = wait_until(&mut child, Instant::now() + END_LIMIT)?;
    if status.is_none() {
        thread::spawn(move || child.wait());
    }
    Ok((status, true))
}

fn wait_until(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= until {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, input: &[u8], limit: Duration) -> Finished {
        run("/bin/sh", &["-c".into(), script.into()], input.to_vec(), limit).unwrap()
    }

    #[test]
    fn input_status_and_output_are_passed() {
        let done = sh("read line; echo \"got $line\" >&2; exit 75", b"hello\n", Duration::from_secs(10));
        assert_eq!((done.code, done.timed_out, done.stderr.as_slice()), (Some(75), false, b"got hello\n".as_slice()));
    }

    #[test]
    fn a_confined_program_has_a_clean_environment_and_dies_with_its_starter() {
        let script = ["-c".to_string(), "env".to_string()];
        let done = run_confined("/bin/sh", &script, Vec::new(), Duration::from_secs(10)).unwrap();
        let shown = String::from_utf8(done.stdout).unwrap();
        let names: std::collections::BTreeSet<&str> = shown.lines().filter_map(|line| line.split('=').next()).collect();
        let own = ["PWD", "SHLVL", "_", "OLDPWD"];
        let given: Vec<&str> = names.into_iter().filter(|name| !own.contains(name)).collect();
        assert_eq!(given, ["HOME", "LC_ALL", "PATH"]);
        // The death of the thread that started it counts like that of the process.
        let started = Instant::now();
        let starter = thread::spawn(|| {
            let mut command = Command::new("/bin/sleep");
            command.arg("1000");
            confine(&mut command);
            command.spawn().unwrap()
        });
        let mut child = starter.join().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert!(started.elapsed() < Duration::from_secs(100));
    }

    #[test]
    fn a_program_that_left_its_process_group_is_killed() {
        // It is in the group of the test, as one is that moved to another group.
        let child = Command::new("/bin/sleep").arg("30").spawn().unwrap();
        let started = Instant::now();
        let (status, timed_out) = wait(child, Duration::from_millis(50)).unwrap();
        assert!(timed_out && status.is_none_or(|status| status.signal() == Some(9)));
        assert!(started.elapsed() < Duration::from_secs(10), "the wait is limited");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let done = sh("sleep 1000 & sleep 1000", b"", Duration::from_millis(50));
        assert!(done.timed_out);
        assert_eq!(done.signal, Some(9));
    }
}
