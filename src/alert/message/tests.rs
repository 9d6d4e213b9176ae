//! Wording of mails in both languages, and that input adds neither headers nor markup.

use super::*;
use crate::alert::content::Late;
use crate::alert::item::item;
use crate::model::event::{EventKind, Localized};
use crate::model::locale::key;
use crate::model::message::Message as LocalizedMessage;

fn event(kind: EventKind, severity: Severity, title: &str) -> Event {
    Event {
        id: "cpu-1.1".into(),
        incident: "cpu-1".into(),
        kind,
        severity,
        time: "2026-11-20T21:40:00.000Z".into(),
        host: "web-01".into(),
        rule: "cpu".into(),
        title: title.into(),
        metric: "cpu.busy_percent".into(),
        value: 97.2,
        limit: 95.0,
        above: true,
        since: "2026-11-20T21:02:00.000Z".into(),
        duration_seconds: 2280.0,
        message: None,
        reason: None,
        well: false,
        muted: None,
        information: false,
        localized: Localized::default(),
        evidence: None,
    }
}

fn at() -> DateTime<Utc> {
    parse("2026-11-20T21:40:00Z").unwrap()
}

fn content<'a>(events: &'a [&'a Event]) -> Content<'a> {
    Content { events, late: None, last: None, present: None, host: "h", report: "", language: Locale::En, now: at() }
}

fn subject_of(events: &[Event]) -> String {
    subject(&content(&events.iter().collect::<Vec<_>>()))
}

#[test]
fn the_subject_says_it_all_and_the_worst_first() {
    let fired = event(EventKind::Fired, Severity::Critical, "CPU");
    let mut recovered = event(EventKind::Recovered, Severity::Warning, "Memory");
    recovered.incident = "memory-1".into();
    let mut swap = event(EventKind::Fired, Severity::Warning, "Swap");
    swap.incident = "swap-1".into();
    assert_eq!(subject_of(std::slice::from_ref(&fired)), "CRITICAL web-01: CPU 97.2 % (limit 95 %)");
    assert_eq!(subject_of(std::slice::from_ref(&recovered)), "RECOVERED web-01: Memory back to normal after 38 min");
    assert_eq!(subject_of(&[recovered, swap, fired]), "CRITICAL web-01: CPU 97.2 % (limit 95 %), and 2 more");
}

#[test]
fn every_kind_has_its_words() {
    let says = |kind: EventKind, well: bool, message: Option<&str>| {
        let mut event = event(kind, Severity::Critical, "CPU");
        (event.well, event.message) = (well, message.map(str::to_string));
        (subject_of(std::slice::from_ref(&event)), item(&[&event], Locale::En, at()).unwrap().sentence)
    };
    let cases = [
        (
            EventKind::Reminded,
            false,
            "STILL CRITICAL web-01: CPU 97.2 % (limit 95 %) for 38 min",
            "Still open: 97.2 %,",
        ),
        (
            EventKind::Flapping,
            true,
            "FLAPPING web-01: CPU",
            "Changing state too often to report each change; currently normal.",
        ),
        (EventKind::Settled, true, "SETTLED web-01: CPU, back to normal", "Back to normal."),
        (EventKind::Settled, false, "CRITICAL web-01: CPU 97.2 % (limit 95 %)", "Not notified until now: 97.2 %,"),
    ];
    for (kind, well, subject, sentence) in cases {
        let found = says(kind, well, None);
        assert!(found.0 == subject && found.1.starts_with(sentence), "{found:?}");
    }
    let found = says(EventKind::Fired, false, Some("full in about 4 h"));
    assert_eq!(found.0, "CRITICAL web-01: CPU: full in about 4 h");
    assert_eq!(found.1, "full in about 4 h; for 38 min.");
}

#[test]
fn a_forecast_is_translated() {
    let mut event = event(EventKind::Fired, Severity::Critical, "File system /var fills up");
    (event.rule, event.metric) = ("disk_forecast".into(), "disk.used_percent{mount=\"/var\"}".into());
    let message = LocalizedMessage::new(key::CRISIS_FORECAST)
        .with_value("value", "disk.used_percent", 92.5)
        .with_value("limit", "disk.used_percent", 100.0)
        .with_duration("left", 14_400.0);
    (event.message, event.localized.message) = (Some(message.english()), Some(message));
    let events = [&event];
    let french = Content { language: Locale::Fr, ..content(&events) };
    let expected = "92,5\u{a0}% maintenant, 100\u{a0}% dans environ 4\u{a0}h";
    assert_eq!(
        subject(&french),
        format!("CRITIQUE web-01 : Système de fichiers /var se remplit : {expected}").replace('\u{a0}', " ")
    );
    let item = item(&[&event], Locale::Fr, at()).unwrap();
    assert_eq!(item.sentence, format!("{expected}\u{a0}; depuis 38\u{a0}min."));
}

#[test]
fn a_flag_says_how_long_it_lasts_and_how_it_ended() {
    let mut event = event(EventKind::Fired, Severity::Critical, "Service shop.service failed");
    (event.rule, event.metric) = ("service".into(), "service.failed{service=\"shop.service\"}".into());
    (event.value, event.limit, event.duration_seconds) = (1.0, 1.0, 59.0);
    let says = |event: &Event, locale| {
        (subject(&Content { language: locale, ..content(&[event]) }), item(&[event], locale, at()).unwrap())
    };
    let (fired, shown) = says(&event, Locale::En);
    assert_eq!(
        (fired.as_str(), shown.sentence.as_str()),
        ("CRITICAL web-01: Service shop.service failed", "Failing for 59 s.")
    );
    assert_eq!(shown.todo, "Check its log: systemctl status shop.service, journalctl -u shop.service -e");
    event.duration_seconds = 0.0;
    assert_eq!(says(&event, Locale::En).1.sentence, "Just started.");
    (event.kind, event.duration_seconds) = (EventKind::Recovered, 180.0);
    let (english, shown) = says(&event, Locale::En);
    assert_eq!(english, "RECOVERED web-01: shop.service is up again (down 3 min)");
    assert_eq!(shown.sentence, "Back to normal after 3 min.");
    assert_eq!(shown.title, "shop.service is up again (down 3 min)", "not RECOVERED: it failed");
    let down = |seconds| says(&Event { duration_seconds: seconds, ..event.clone() }, Locale::En).0;
    assert!(down(109.0).ends_with("(down 2 min)") && down(59.0).ends_with("(down 59 s)"), "{}", down(109.0));
    let (french, shown) = says(&event, Locale::Fr);
    assert_eq!(french, "RÉTABLI web-01 : shop.service fonctionne de nouveau (en panne 3 min)");
    assert_eq!(shown.sentence, "Retour à la normale après 3\u{a0}min.");
    event.title = "The shop".into();
    assert_eq!(says(&event, Locale::En).0, "RECOVERED web-01: The shop back to normal after 3 min");
}

#[test]
fn a_problem_comes_before_the_sign_of_life_that_names_it() {
    let mut sign = event(EventKind::Alive, Severity::Warning, "Degraded: 1 open problem; Memory");
    sign.incident = "alive-2026-11-20".into();
    let mut fired = event(EventKind::Fired, Severity::Warning, "Memory");
    fired.incident = "memory-1".into();
    assert!(subject_of(&[sign, fired]).starts_with("WARNING web-01: Memory"));
}

#[test]
fn what_a_digest_says_again_is_counted() {
    let at_each = |number: usize| {
        let mut event = event(EventKind::Recovered, Severity::Critical, if number == 1 { "Memory" } else { "CPU" });
        event.rule = if number == 1 { "memory".into() } else { "cpu".into() };
        event.incident = format!("x-{number}");
        event
    };
    let events: Vec<Event> = (0..4).map(at_each).collect();
    let all: Vec<&Event> = events.iter().collect();
    let lines = |language: Locale| page(&Content { late: Some(Late::Held(at())), language, ..content(&all) }).lines;
    assert_eq!(lines(Locale::En), ["CPU: recovered 21:40 (3 times)", "Memory: recovered 21:40"]);
    assert_eq!(lines(Locale::Fr), ["Processeur\u{a0}: rétabli 21:40 (3 fois)", "Mémoire\u{a0}: rétabli 21:40"]);
}

#[test]
fn a_hostile_name_adds_no_header_and_no_markup() {
    let mut event = event(
        EventKind::Fired,
        Severity::Critical,
        "File system /a\r\nBcc: all@example.org\r\n\r\n<img src=x onerror=alert(1)>",
    );
    event.host = "h\nX-Evil: 1".into();
    let envelope = Envelope::new("", &["root@localhost".into()], "h\nX-Evil: 1").unwrap();
    let events = [&event];
    let mail = compose(&content(&events), &envelope, "<1@h>", Some("<0@h>")).unwrap().formatted();
    let mail = String::from_utf8(mail).unwrap();
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X-Evil")), "{head}");
    let html = mail.split("Content-Type: text/html").nth(1).unwrap();
    assert!(html.contains("#60;img") && !html.contains("<img"), "{html}");
    assert!(head.contains("Auto-Submitted: auto-generated"));
}
