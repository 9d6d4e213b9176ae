//! `osmon init` at a terminal: a pseudo terminal, and answers typed as people do.

use super::harness::{Host, wait};
use super::init::{command, config, mail_program, text};
use super::scripted_server::{Behavior, ScriptedServer};
use super::web_server::WebServer;
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

/// A dialog at a pseudo terminal.
struct Dialog {
    child: Child,
    keyboard: File,
    seen: Arc<Mutex<String>>,
    read: usize,
}

impl Dialog {
    fn begin(host: &Host, arguments: &[&str]) -> Self {
        let hosts = host.root().join("etc/hosts");
        if !hosts.exists() {
            fs::write(hosts, "127.0.1.1 web-01.example.org web-01\n").unwrap();
        }
        let terminal = openpty(None, None).unwrap();
        let mut command = command(host, arguments);
        let slave = File::from(terminal.slave);
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let child = command.spawn().unwrap();
        drop(command);
        let keyboard = File::from(terminal.master);
        let (mut screen, seen) = (keyboard.try_clone().unwrap(), Arc::new(Mutex::new(String::new())));
        let kept = seen.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        });
        Self { child, keyboard, seen, read: 0 }
    }

    /// Waits for a text, after everything that was waited for before.
    #[track_caller]
    fn expect(&mut self, text: &str) {
        let seen = self.seen.clone();
        let read = self.read;
        let found = wait(20, || seen.lock().unwrap()[read..].find(text).map(|at| read + at + text.len()));
        self.read = found.unwrap_or_else(|| panic!("{text:?} does not appear: {}", self.seen()));
    }

    /// Waits for a question and answers it.
    #[track_caller]
    fn answer(&mut self, question: &str, answer: &str) {
        self.expect(question);
        self.keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }

    fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    fn end(&mut self) -> Option<i32> {
        wait(30, || self.child.try_wait().unwrap()).expect("it does not end").code()
    }
}

#[test]
fn enter_accepts_what_was_found() {
    let host = Host::recorded("vm");
    let program = mail_program(&host, "");
    let mut dialog = Dialog::begin(&host, &["--sendmail", &program, "--no-test"]);
    dialog.expect("services  nginx, postgresql@15-main");
    dialog.answer("Mail addresses for alerts, or none [none]: ", "nobody at all");
    dialog.expect("is not a mail address");
    dialog.answer("Mail addresses for alerts, or none [none]: ", "ops@example.org");
    dialog.answer("Also a webhook", "");
    dialog.answer("Services that must run [nginx, postgresql@15-main]: ", "ngnix");
    dialog.expect("did you mean \"nginx\"?");
    dialog.answer("Services that must run", "nginx");
    dialog.answer("Daily status mail at, or none [08:00]: ", "7:30");
    dialog.answer("URL to request each minute", "");
    dialog.expect("settings  ");
    dialog.expect("next  ");
    assert_eq!(dialog.end(), Some(0), "{}", dialog.seen());
    for part in ["to = [\"ops@example.org\"]", "services = [\"nginx\"]", "sign_of_life = \"07:30\""] {
        assert!(text(&host).contains(part), "{part} is not in {}", text(&host));
    }
    assert!(!text(&host).contains("ping_url") && !text(&host).contains("webhook"), "{}", text(&host));
    let wide: Vec<String> =
        dialog.seen().lines().filter(|line| line.trim_end().chars().count() > 80).map(ToString::to_string).collect();
    assert!(wide.is_empty(), "{wide:?}");
}

#[test]
fn a_refused_test_mail_asks_again_until_one_is_accepted() {
    let host = Host::recorded("vm");
    let good = mail_program(&host, "");
    let mut dialog = Dialog::begin(&host, &["--to", "ops@example.org", "--smtp", "localhost:1", "--watch", "none"]);
    dialog.answer("Also a webhook", "");
    dialog.answer("Daily status mail", "");
    dialog.answer("URL to request", "");
    dialog.expect("not accepted: localhost:1: ");
    assert!(!config(&host).exists(), "nothing is written before somebody can be notified");
    dialog.answer("or quit [change]: ", "");
    dialog.answer("Mail addresses for alerts, or none [ops@example.org]: ", "");
    dialog.expect("Mails can be sent with");
    dialog.expect("1  /usr/sbin/sendmail");
    dialog.answer("Which one [2]: ", "2");
    dialog.answer("Mail server (host or host:port) [localhost:1]: ", "localhost:2");
    dialog.answer("Security", "none");
    dialog.answer("Log in as [none]: ", "");
    dialog.answer("Also a webhook", "");
    dialog.expect("not accepted: localhost:2: ");
    dialog.answer("or quit [change]: ", "keep");
    assert_eq!(dialog.end(), Some(74), "{}", dialog.seen());
    assert!(text(&host).contains("port = 2"), "{}", text(&host));
    let mut dialog = Dialog::begin(&host, &["--sendmail", &good]);
    for question in ["alerts, or none [ops@", "Also a webhook", "Services", "Daily status mail", "URL to request"] {
        dialog.answer(question, "");
    }
    dialog.answer("Did it arrive (y, n) [later]: ", "n");
    dialog.expect("spam folder");
    dialog.answer("or quit [change]: ", "quit");
    assert_eq!(dialog.end(), Some(74), "{}", dialog.seen());
    assert!(text(&host).contains("port = 2") && !text(&host).contains("program"), "{}", text(&host));
    let mut dialog = Dialog::begin(&host, &["--sendmail", &good]);
    for question in ["alerts, or none [ops@", "Also a webhook", "Services", "Daily status mail", "URL to request"] {
        dialog.answer(question, "");
    }
    dialog.answer("Did it arrive (y, n) [later]: ", "y");
    assert_eq!(dialog.end(), Some(0), "{}", dialog.seen());
    assert!(text(&host).contains("transport = \"sendmail\""), "{}", text(&host));
}

#[test]
fn answers_that_do_not_go_together_are_asked_again() {
    let host = Host::recorded("vm");
    let arguments = ["--to", "ops@example.org", "--watch", "none", "--daily-status", "none", "--ping-url", "none"];
    let mut dialog = Dialog::begin(&host, &[&arguments[..], &["--webhook", "none", "--no-test"]].concat());
    dialog.answer("Mail server (host or host:port): ", "mail.example.org");
    dialog.answer("Security", "none");
    dialog.answer("Log in as [none]: ", "me");
    dialog.answer("Password of me", "hunter2");
    dialog.expect("\"none\" would send the password in clear");
    assert!(!config(&host).exists());
    dialog.answer("Mail addresses", "");
    dialog.answer("Mail server", "");
    dialog.answer("Security", "starttls");
    dialog.answer("Log in as [me]: ", "");
    dialog.answer("Password of me (not shown) [keep]: ", "");
    assert_eq!(dialog.end(), Some(0), "{}", dialog.seen());
    assert_eq!(fs::read_to_string(config(&host).with_file_name("smtp-password")).unwrap(), "hunter2\n");
}

#[test]
fn a_password_is_never_shown_and_the_terminal_is_left_as_it_was() {
    for (typed, kept) in [("hun\u{e9}tx\u{7f}er2\n", Some("hunéter2\n")), ("\u{3}", None), ("hunter2\u{4}", None)] {
        let host = Host::recorded("vm");
        let arguments = ["--to", "ops@example.org", "--smtp", "mail.example.org", "--user", "me", "--no-test"];
        let mut dialog = Dialog::begin(&host, &arguments);
        dialog.expect("Password of me (not shown): ");
        let silent = || !tcgetattr(&dialog.keyboard).unwrap().local_flags.contains(LocalFlags::ECHO);
        wait(5, || silent().then_some(())).expect("the terminal shows the password");
        dialog.keyboard.write_all(typed.as_bytes()).unwrap();
        if kept.is_some() {
            for question in ["Also a webhook", "Services", "Daily status mail", "URL to request"] {
                dialog.answer(question, "none");
            }
        }
        assert_eq!(dialog.end(), Some(if kept.is_some() { 0 } else { 64 }), "{}", dialog.seen());
        let flags = tcgetattr(&dialog.keyboard).unwrap().local_flags;
        assert!(flags.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG));
        assert!(!dialog.seen().contains("er2"), "{}", dialog.seen());
        let file = config(&host).with_file_name("smtp-password");
        assert_eq!(fs::read_to_string(file).ok().as_deref(), kept);
        assert_eq!(config(&host).exists(), kept.is_some());
    }
}

#[test]
fn an_interrupt_and_the_end_of_input_change_nothing() {
    for moment in ["a question", "the end of input", "the test mail"] {
        let host = Host::recorded("vm");
        let program = mail_program(&host, "sleep 3");
        let mut dialog = Dialog::begin(&host, &["--sendmail", &program, "--ping-url", "none"]);
        dialog.answer("Mail addresses", "ops@example.org");
        dialog.answer("Also a webhook", "");
        dialog.expect("Services that must run");
        if moment == "the end of input" {
            dialog.keyboard.write_all(b"\x04").unwrap();
            assert_eq!(dialog.end(), Some(64));
            dialog.expect("nothing was changed");
        } else {
            if moment == "the test mail" {
                dialog.keyboard.write_all(b"\n").unwrap();
                dialog.answer("Daily status mail", "");
                wait(10, || host.path("mail.to").exists().then_some(())).expect("no test mail is sent");
            }
            kill(Pid::from_raw(dialog.child.id().cast_signed()), Signal::SIGINT).unwrap();
            assert_eq!(dialog.end(), None, "{moment}");
        }
        assert!(!config(&host).exists() && !host.data().exists(), "{moment}");
    }
}

#[test]
fn a_server_of_this_host_is_proposed_without_encryption_and_a_short_name_gets_a_domain() {
    let server = ScriptedServer::start(Behavior::Good);
    let host = Host::recorded("vm");
    host.write("etc/hosts", "127.0.0.1 localhost\n");
    let arguments = ["--watch", "none", "--daily-status", "none", "--ping-url", "none", "--webhook", "none"];
    let mut dialog = Dialog::begin(&host, &arguments);
    dialog.answer("Mail addresses for alerts, or none [none]: ", "ops@example.org");
    dialog.answer("Mail server (host or host:port): ", &format!("localhost:{}", server.port));
    dialog.answer("Security: starttls, tls or none [none]: ", "starttls");
    dialog.answer("Log in as [none]: ", "");
    dialog.expect("This host has no full name (web-01)");
    dialog.answer("Sender of mails, or none [osmon@example.org]: ", "");
    dialog.answer("Name of this host for the server, or none [web-01.example.org]: ", "");
    dialog.expect("does not offer");
    dialog.answer("or quit [change]: ", "");
    assert!(!dialog.seen().contains("[alert"), "{}", dialog.seen());
    dialog.answer("Mail addresses", "");
    dialog.answer("Mail server", "");
    // Enter is enough from here on.
    dialog.answer("Security: starttls, tls or none [none]: ", "");
    dialog.answer("Log in as [none]: ", "");
    dialog.answer("Did it arrive (y, n) [later]: ", "y");
    assert_eq!(dialog.end(), Some(0), "{}", dialog.seen());
    for part in ["security = \"none\"", "from = \"osmon@example.org\"", "helo_name = \"web-01.example.org\""] {
        assert!(text(&host).contains(part), "{part} is not in {}", text(&host));
    }
}

#[test]
fn a_refused_webhook_is_asked_again_and_names_on_a_published_page_are_asked_about() {
    let host = Host::recorded("vm");
    let (web, www) = (WebServer::start("404 Not Found"), host.path("www"));
    fs::create_dir_all(&www).unwrap();
    let program = mail_program(&host, "");
    let arguments = ["--to", "ops@example.org", "--sendmail", &program, "--watch", "none", "--daily-status", "none"];
    let more = ["--ping-url", "none", "--web", www.to_str().unwrap()];
    let mut dialog = Dialog::begin(&host, &[&arguments[..], &more].concat());
    dialog.answer("Also a webhook", &format!("http://127.0.0.1:{}/hook", web.port));
    dialog.expect("Anyone who can reach the web server sees the page and index.json beside it");
    dialog.answer("Leave these names out (y, n) [y]: ", "n");
    dialog.expect("webhook: not accepted: ");
    dialog.expect("The webhook is not saved.");
    dialog.answer("Discord, …) [none]: ", "");
    dialog.answer("Did it arrive (y, n) [later]: ", "y");
    dialog.expect("anyone who can reach the web server sees names of");
    assert_eq!(dialog.end(), Some(0), "{}", dialog.seen());
    assert!(!text(&host).contains("webhook") && !text(&host).contains("public"), "{}", text(&host));
    assert!(!config(&host).with_file_name("webhook-url").exists());
}
