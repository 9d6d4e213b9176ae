//! Every misbehaviour of a mail server: no alert is lost, and only an unconfirmed mail arrives twice. The results are printed
//! as a table.

use super::harness::{Host, tool, wait};
use super::scripted_server::{Arrived, Behavior, Phase, ScriptedServer, decoded};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

struct Row {
    name: &'static str,
    behavior: Behavior,
    /// Copies that arrive for the first and the second recipient.
    copies: (usize, usize),
}

fn waiting(host: &Host) -> usize {
    fs::read_dir(host.data().join("outbox/new")).map_or(0, |entries| entries.flatten().count())
}

fn config(port: u16, more: &str) -> String {
    format!(
        "[alert]\nto = [\"ops@example.org\", \"boss@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\ntimeout_seconds = 1\n{more}[rule.memory]\nwarning = 50\nfor = \"0s\"\n[rule.disk]\nenabled = false\n"
    )
}

/// One run with the misbehaving server, then a run per minute with a good one until the outbox is empty.
fn go(row: &Row) -> (f64, usize, usize, Vec<Arrived>) {
    let server = ScriptedServer::start(row.behavior.clone());
    let mut host = Host::recorded("vm");
    let login = match row.behavior {
        Behavior::Say(Phase::Auth, _) | Behavior::Hang(Phase::Auth) => {
            fs::write(host.path("password"), "secret\n").unwrap();
            tool("chmod", &["600", host.path("password").to_str().unwrap()]).ok();
            format!("user = \"osmon\"\npassword_file = \"{}\"\n", host.path("password").display())
        }
        _ => String::new(),
    };
    let port = if row.name == "refused" { 1 } else { server.port };
    host.config = config(port, &login);
    host.advance(60, 5);
    let started = Instant::now();
    if row.behavior == Behavior::Kill {
        // osmon is killed once the server has taken the mail.
        server.behave(Behavior::Hang(Phase::Banner));
        server.behave(Behavior::Kill);
        let child = host.command("osmon", &["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        server.victim(child);
        wait(10, || (!server.arrived().is_empty()).then_some(())).expect("nothing arrived before the kill");
        let mut child = server.take_victim().unwrap();
        assert!(!child.wait().unwrap().success());
    } else {
        host.osmon(&["run"]);
    }
    let (took, waits) = (started.elapsed().as_secs_f64(), waiting(&host));
    server.behave(Behavior::Good);
    host.config = config(server.port, &login);
    let mut runs = 0;
    while waiting(&host) > 0 && runs < 130 {
        host.advance(60, 5);
        host.osmon(&["run"]);
        runs += 1;
    }
    let mut arrived = server.arrived();
    arrived.retain(|mail| !mail.header("Subject").is_empty());
    assert_eq!(waiting(&host), 0, "{}: it still waits after {runs} runs", row.name);
    (took, waits, runs, arrived)
}

#[test]
fn no_alert_is_lost_whatever_the_server_does() {
    let row = |name, behavior, copies| Row { name, behavior, copies };
    let rows = [
        row("good", Behavior::Good, (1, 1)),
        row("refused", Behavior::Good, (1, 1)),
        row("hangs at the banner", Behavior::Hang(Phase::Banner), (1, 1)),
        row("hangs at EHLO", Behavior::Hang(Phase::Ehlo), (1, 1)),
        row("hangs at AUTH", Behavior::Hang(Phase::Auth), (1, 1)),
        row("hangs at MAIL", Behavior::Hang(Phase::Mail), (1, 1)),
        row("hangs at RCPT", Behavior::Hang(Phase::Rcpt), (1, 1)),
        row("hangs at DATA", Behavior::Hang(Phase::Data), (1, 1)),
        row("hangs after the dot", Behavior::Hang(Phase::Dot), (1, 1)),
        row("421 at the banner", Behavior::Say(Phase::Banner, "421 too busy\r\n"), (1, 1)),
        row("421 at RCPT", Behavior::Say(Phase::Rcpt, "421 going down\r\n"), (1, 1)),
        row("451 at MAIL", Behavior::Say(Phase::Mail, "451 try later\r\n"), (1, 1)),
        row("451 after the dot", Behavior::Say(Phase::Dot, "451 try later\r\n"), (1, 1)),
        row("451 for one of two", Behavior::Refuse("boss", "451 greylisted\r\n"), (1, 1)),
        row("535 at AUTH", Behavior::Say(Phase::Auth, "535 wrong password\r\n"), (1, 1)),
        row("550 for all", Behavior::Say(Phase::Rcpt, "550 no such user\r\n"), (1, 1)),
        row("550 for one of two", Behavior::Refuse("boss", "550 no such user\r\n"), (1, 0)),
        row("554 after the dot", Behavior::Say(Phase::Dot, "554 policy\r\n"), (1, 1)),
        row("an endless line", Behavior::Endless, (1, 1)),
        row("cut in DATA", Behavior::CutBeforeDot, (1, 1)),
        row("cut after DATA", Behavior::CutAfterDot, (2, 2)),
        row("accepted, osmon killed", Behavior::Kill, (2, 2)),
    ];
    let mut table = format!(
        "{:<24}{:>10}{:>8}{:>7}{:>14}{:>14}{:>7}\n",
        "what the server did", "first run", "waited", "after", "ops: arrived", "boss: arrived", "ids"
    );
    let results: Vec<_> = rows
        .into_iter()
        .collect::<Vec<_>>()
        .chunks(6)
        .flat_map(|some| {
            thread::scope(|scope| {
                let threads: Vec<_> = some.iter().map(|row| scope.spawn(move || go(row))).collect();
                some.iter()
                    .map(|row| (row.name, row.copies))
                    .zip(threads.into_iter().map(|thread| thread.join().unwrap()))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    for ((name, _), (took, waits, runs, arrived)) in &results {
        let copies = |who: &str| arrived.iter().filter(|mail| mail.to.starts_with(who)).count();
        let mut ids: Vec<String> = arrived.iter().map(|mail| mail.header("Message-ID")).collect();
        ids.sort();
        ids.dedup();
        table += &format!(
            "{name:<24}{:>10}{waits:>8}{runs:>7}{:>14}{:>14}{:>7}\n",
            format!("{took:.1} s"),
            copies("ops"),
            copies("boss"),
            ids.len()
        );
    }
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("mail-table.txt"), &table).unwrap();
    let _ = write!(std::io::stderr().lock(), "\n{table}");
    for ((name, copies), (took, _, _, arrived)) in results {
        let of = |who: &str| arrived.iter().filter(|mail| mail.to.starts_with(who)).count();
        assert_eq!((of("ops"), of("boss")), copies, "{name}\n{table}");
        assert!(took < 12.0, "{name} took {took} s");
        let ids: std::collections::BTreeSet<String> = arrived.iter().map(|mail| mail.header("Message-ID")).collect();
        assert_eq!(ids.len(), 1, "{name}: one alert has one Message-ID, however often it arrives");
    }
}

/// A listener whose queue is full: a connection to it hangs before it is made.
fn full_listener() -> Option<(u16, Child)> {
    let script = "import socket,time\ns=socket.socket();s.bind(('127.0.0.1',0));s.listen(0)\nc=[socket.socket() for _ in range(4)]\nfor x in c:\n x.setblocking(False)\n x.connect_ex(s.getsockname())\nprint(s.getsockname()[1],flush=True)\ntime.sleep(60)";
    let mut child = Command::new("python3").args(["-c", script]).stdout(Stdio::piped()).spawn().ok()?;
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take()?), &mut line).ok()?;
    Some((line.trim().parse().ok()?, child))
}

#[test]
fn a_connection_that_never_completes_delays_nothing() {
    let Some((port, mut child)) = full_listener() else { return super::harness::skip("a full queue", "no python3") };
    let mut host = Host::recorded("vm");
    host.config = config(port, "");
    host.advance(60, 5);
    let started = Instant::now();
    let done = host.osmon(&["run"]);
    let took = started.elapsed().as_secs_f64();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(done.code == 74 && took < 8.0, "{took} s: {}", done.err);
    assert!(done.err.contains("did not answer in time"), "{}", done.err);
    assert_eq!((waiting(&host), host.snapshots().len()), (1, 1));
}

#[test]
fn an_endless_line_costs_no_memory() {
    let server = ScriptedServer::start(Behavior::Endless);
    let host = Host::recorded("vm");
    let mut host = host;
    host.config = config(server.port, "");
    let done = host.osmon(&["send-alert", "--test"]);
    assert!(done.code == 74 && done.err.contains("an endless line"), "{}", done.err);
    assert!(server.written() < 16 << 20, "{} bytes went out", server.written());
}

#[test]
fn after_an_hour_without_mail_one_digest_leads_with_what_is_open() {
    let server = ScriptedServer::start(Behavior::Say(Phase::Banner, "421 down\r\n"));
    let mut host = Host::recorded("vm");
    host.config = format!(
        "[alert]\nto = [\"ops@example.org\"]\n[alert.smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\ntimeout_seconds = 2\n[rule.cpu]\nfor = \"0s\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\n[rule.memory]\nenabled = false\n[rule.disk]\nenabled = false\n[rule.inodes]\nwarning = 1\ncritical = 99\nfor = \"0s\"\nenabled = false\n[rule.load]\nwarning = 2\nfor = \"0s\"\ncritical_for = \"0s\"\nclear_for = \"1m\"\n[rule.swap]\nenabled = false\n[rule.tasks]\nmetric = \"process.total\"\ntitle = \"Processes\"\nwarning = 1\nfor = \"25m\"\n",
        server.port
    );
    for minute in 0..61 {
        let load = if (20..30).contains(&minute) { "9.00 9.00 9.00" } else { "0.10 0.10 0.10" };
        host.write("proc/loadavg", &format!("{load} 1/300 1234\n"));
        host.advance(60, if (5..15).contains(&minute) { 99 } else { 5 });
        host.osmon(&["run"]);
    }
    assert!(server.arrived().is_empty());
    let asked = server.connections();
    assert!((5..20).contains(&asked), "asked {asked} times in an hour");
    server.behave(Behavior::Good);
    for _ in 0..70 {
        host.advance(60, 5);
        host.osmon(&["run"]);
    }
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1, "{:?}", arrived.iter().map(|mail| mail.header("Subject")).collect::<Vec<_>>());
    let mail = decoded(&arrived[0].text);
    let places: Vec<usize> = [
        "Mail was down 21:",
        "Open now:",
        "WARNING: Processes",
        "Over:",
        "CPU: fired 21:46, recovered",
        "Load per core: fired 22:01, recovered",
    ]
    .into_iter()
    .map(|part| mail.find(part).unwrap_or_else(|| panic!("{part} is not in {mail}")))
    .collect();
    assert!(places.is_sorted(), "{mail}");
    assert_eq!(waiting(&host), 0);
}

#[test]
fn an_unconfirmed_mail_is_repeated_unchanged_and_news_are_separate() {
    let server = ScriptedServer::start(Behavior::CutAfterDot);
    let mut host = Host::recorded("vm");
    host.config = config(server.port, "");
    host.advance(60, 5);
    assert_eq!(host.osmon(&["run"]).code, 74);
    server.behave(Behavior::Good);
    host.config =
        config(server.port, "").replace("[rule.disk]\nenabled = false\n", "[rule.disk]\nwarning = 60\nfor = \"0s\"\n");
    for _ in 0..4 {
        host.advance(60, 5);
        host.osmon(&["run"]);
    }
    let arrived = server.arrived();
    let ids: Vec<String> =
        arrived.iter().filter(|mail| mail.to.starts_with("ops")).map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(ids[0] == ids[1] && ids[0].starts_with("<memory-") && ids[2].starts_with("<disk-"), "{ids:?}");
    assert_eq!(waiting(&host), 0);
}

#[test]
fn a_silent_server_delays_no_snapshot() {
    let server = ScriptedServer::start(Behavior::Hang(Phase::Banner));
    let mut host = Host::recorded("vm");
    host.config = config(server.port, "").replace("timeout_seconds = 1\n", "");
    for minute in 0..3 {
        host.advance(60, 5);
        let started = Instant::now();
        host.osmon(&["run"]);
        let took = started.elapsed().as_secs_f64();
        // A greeting may be late.
        assert!(took < 40.0, "minute {minute} took {took} s");
        assert_eq!(host.snapshots().len(), minute + 1);
    }
    assert_eq!(waiting(&host), 1);
}
