//! Every kind of existing file with every kind of answers.

use super::draft;
use crate::config::load::load_text;
use crate::config::read_others::ALL_SECTIONS;
use crate::config::{Config, MailTransport, Request, TransportConfig};
use crate::setup::answers::{Answers, NewWebhook, Sending, Server};
use std::path::Path;

const DIRECTORY: &str = "/etc/osmon";

/// Existing files: what people write, in every form that TOML has.
const FILES: [&str; 9] = [
    "",
    "# only a comment\n",
    "[alert]\nto = [\"old@example.org\"] # me\n\n[rule.cpu]\nwarning = 70.0\n",
    "alert.to = [\"old@example.org\"]\nalert.smtp.host = \"old.example.org\"\nalert.smtp.security = \"tls\"\n",
    "alert = { to = [\"old@example.org\"], smtp = { host = \"old.example.org\" } }\nreport = { title = \"x\" }\n",
    "[alert.smtp]\nhost = \"old.example.org\"\nuser = \"me\"\npassword = \"inline\"\n[alert]\nheartbeat_url = \"https://old.example/\"\n",
    "[alert]\ntransport = \"sendmail\"\nwebhook = \"https://old.example/hook\"\nto = [\n  \"a@example.org\", # first\n  \"b@example.org\",\n]\n[alert.sendmail]\nprogram = \"/usr/bin/old\"\n",
    "[probe]\r\nservices = [\"old\"]\r\n\r\n[alert.route.pager]\r\nkind = \"syslog\"\r\n",
    "[alert]\ntransport = \"smtp\"\nto = [\"old@example.org\"]\n[alert.smtp]\nhost = \"localhost\"\nsecurity = \"none\"\nport = 2525\n",
];

fn answers() -> Vec<Answers> {
    let language = "en".to_string();
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let server = |host: &str, security: &str| Server {
        host: host.to_string(),
        security: security.to_string(),
        ..Server::default()
    };
    let login = Server {
        port: 2587,
        user: "me".to_string(),
        password: Some("hunter2".to_string()),
        ca_file: "/ca.pem".to_string(),
        helo_name: "h.example.org".to_string(),
        ..server("new.example.org", "starttls")
    };
    let base = Answers { to: texts(&["new@example.org"]), language, ..Answers::default() };
    let chat = |kind: &str| {
        let url = "https://push.example.org/topic".to_string();
        Some(NewWebhook { kind: kind.to_string(), url })
    };
    vec![
        Answers { sending: Sending::Smtp(login), daily_status: "07:30".to_string(), ..base.clone() },
        Answers {
            sending: Sending::Smtp(server("relay.example.org", "none")),
            watch: texts(&["nginx"]),
            ..base.clone()
        },
        Answers {
            sending: Sending::Smtp(server("localhost", "none")),
            page: "/srv/p.html".to_string(),
            ..base.clone()
        },
        Answers { sending: Sending::Program("/usr/bin/msmtp".to_string()), webhook: chat(""), ..base.clone() },
        Answers { to: Vec::new(), webhook: chat("ntfy"), ping_url: "https://ping.example/".to_string(), ..base },
    ]
}

fn load(text: &str) -> Config {
    let request = Request { others: Some(ALL_SECTIONS), ..Request::default() };
    load_text(&request, text.to_string()).unwrap_or_else(|issues| panic!("{issues:?}: {text}")).config
}

#[test]
fn what_is_written_says_what_was_answered_and_a_second_time_changes_nothing() {
    for file in FILES {
        for answers in answers() {
            let draft = draft(&answers, &load(file), file, Path::new(DIRECTORY)).unwrap();
            let (text, config) = (&draft.text, load(&draft.text));
            let alert = &config.alert;
            assert_eq!((&alert.to, &alert.sign_of_life), (&answers.to, &answers.daily_status), "{text}");
            assert_eq!((&alert.ping_url, &config.report.path), (&answers.ping_url, &answers.page), "{text}");
            assert_eq!(config.probe.services, answers.watch, "{text}");
            let mail = alert.routes.iter().find(|route| route.name == "mail").map(|route| &route.transport);
            match (&answers.sending, mail) {
                (Sending::Smtp(server), Some(TransportConfig::Smtp(smtp))) => {
                    assert_eq!(
                        (&smtp.host, smtp.port, &smtp.user),
                        (&server.host, server.port, &server.user),
                        "{text}"
                    );
                    assert_eq!((&smtp.ca_file, &smtp.helo_name), (&server.ca_file, &server.helo_name), "{text}");
                    let is_secret = server.password.is_some();
                    assert!(!is_secret || smtp.password_file == "/etc/osmon/smtp-password", "{text}");
                    assert!(!is_secret || smtp.password.is_empty(), "{text}");
                }
                (Sending::Program(program), Some(TransportConfig::Sendmail(sendmail))) => {
                    assert_eq!(&sendmail.program, program, "{text}");
                }
                (Sending::Unknown, None) => {}
                (wanted, found) => panic!("{wanted:?} became {found:?}: {text}"),
            }
            assert_eq!(draft.secrets.len(), usize::from(text.contains("/etc/osmon/")), "{text}");
            assert!(!text.contains("hunter2") && !text.contains("push.example.org"), "{text}");
            assert!(draft.secrets.iter().all(|secret| draft.text_to_try.contains(&secret.secret)), "{text}");
            load(&draft.text_to_try);
            // What nobody asked about is as it was.
            let before = load(file);
            assert_eq!((&config.report.title, &config.rules), (&before.report.title, &before.rules), "{text}");
            for comment in file.lines().filter_map(|line| line.split_once('#').map(|(_, comment)| comment)) {
                let is_replaced = comment == " first";
                assert!(is_replaced || text.contains(comment), "{comment} is gone: {text}");
            }
            let again = super::draft(&present(&answers, &config), &config, text, Path::new(DIRECTORY)).unwrap();
            assert!(!again.changes_anything(), "{text}\nbecame\n{}", again.text);
        }
    }
}

/// The answers of somebody who accepts what is there by now.
fn present(answers: &Answers, config: &Config) -> Answers {
    let mut answers = Answers { webhook: None, ..answers.clone() };
    if let Sending::Smtp(server) = &mut answers.sending {
        server.password = None;
        server.password_file.clone_from(&config.alert.smtp.password_file);
    }
    answers
}

#[test]
fn the_other_way_to_send_is_left_where_it_is_and_not_used() {
    let file = FILES[6];
    let relay = Server { host: "localhost".to_string(), security: "none".to_string(), ..Server::default() };
    let answers = Answers { sending: Sending::Smtp(relay), language: "en".to_string(), ..Answers::default() };
    let config = load(&draft(&answers, &load(file), file, Path::new(DIRECTORY)).unwrap().text);
    assert_eq!((config.alert.transport, config.alert.sendmail.program.as_str()), (MailTransport::Smtp, "/usr/bin/old"));
}
