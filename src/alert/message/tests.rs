//! What mails say, and that nobody else writes them.

use super::*;

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
        evidence: None,
    }
}

fn at() -> DateTime<Utc> {
    parse("2026-11-20T21:40:00Z").unwrap()
}

fn content<'a>(events: &'a [&'a Event]) -> Content<'a> {
    Content { events, late: None, host: "h", report: "", language: "en", now: at() }
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
    assert_eq!(subject_of(std::slice::from_ref(&recovered)), "RECOVERED web-01: Memory after 38 min");
    assert_eq!(subject_of(&[recovered, swap, fired]), "CRITICAL web-01: CPU 97.2 % (limit 95 %), and 2 more");
}

#[test]
fn every_kind_has_its_words() {
    let says = |kind: EventKind, well: bool, message: Option<&str>| {
        let mut event = event(kind, Severity::Critical, "CPU");
        (event.well, event.message) = (well, message.map(str::to_string));
        (
            subject_of(std::slice::from_ref(&event)),
            crate::alert::item::item(&[&event], words::of("en"), at()).unwrap().sentence,
        )
    };
    let cases = [
        (
            EventKind::Reminded,
            false,
            "STILL CRITICAL web-01: CPU 97.2 % (limit 95 %) for 38 min",
            "Still open: 97.2 %,",
        ),
        (EventKind::Flapping, true, "FLAPPING web-01: CPU comes and goes", "It comes and goes; just now it is well."),
        (EventKind::Settled, true, "SETTLED web-01: CPU is well", "It is well."),
        (EventKind::Settled, false, "CRITICAL web-01: CPU 97.2 % (limit 95 %)", "Not told until now: 97.2 %,"),
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
fn what_a_forecast_says_is_french() {
    let mut event = event(EventKind::Fired, Severity::Critical, "File system /var fills up");
    event.message = Some("92.5 % now, 100 % in about 4 h".into());
    let events = [&event];
    let french = Content { language: "fr", ..content(&events) };
    let expected = "92,5 % maintenant, 100 % dans environ 4 h";
    assert_eq!(subject(&french), format!("CRITIQUE web-01 : Système de fichiers /var se remplit : {expected}"));
    let item = crate::alert::item::item(&[&event], words::of("fr"), at()).unwrap();
    assert_eq!(item.sentence, format!("{expected} ; depuis 38 min."));
}

#[test]
fn a_sign_of_life_says_what_is_open_in_both_languages() {
    let says = |language: &'static str, word: &str, open: &[&str]| {
        let mut event = event(EventKind::Alive, Severity::Warning, "as the terminal says it");
        (event.reason, event.well) = (Some(word.to_string()), open.is_empty());
        event.message = Some(open.join("\n")).filter(|open| !open.is_empty());
        let item = crate::alert::item::item(&[&event], words::of(language), at()).unwrap();
        assert_eq!((item.todo.as_str(), item.class == "good"), ("", open.is_empty()));
        (subject(&Content { language, ..content(&[&event]) }), item.sentence)
    };
    let six = ["CPU", "Memory", "Swap", "Mine", "File system /a", "File system /b"];
    let cases: [(&str, &str, &[&str], &str, &str); 7] = [
        ("en", "Healthy", &[], "ALIVE web-01: Healthy: no open problems", "Nothing is to be done."),
        (
            "en",
            "Degraded",
            &["CPU"],
            "ALIVE web-01: Degraded: 1 open problem; CPU",
            "What is open is shown by: osmon status.",
        ),
        ("fr", "Healthy", &[], "EN VIE web-01 : En bonne santé : aucun problème en cours", "Rien à faire."),
        (
            "fr",
            "Degraded",
            &["CPU"],
            "EN VIE web-01 : Dégradé : 1 problème en cours ; Processeur",
            "osmon status montre",
        ),
        (
            "fr",
            "Critical",
            &["CPU", "Mine"],
            "EN VIE web-01 : Critique : 2 problèmes en cours ; Processeur ; Mine",
            "osmon",
        ),
        ("fr", "Unknown", &["cpu: x"], "EN VIE web-01 : Inconnu : non mesuré : cpu: x", "osmon status montre"),
        (
            "en",
            "Critical",
            &six,
            "ALIVE web-01: Critical: 6 open problems; CPU; Memory; Swap; Mine; File system /a; …",
            "What",
        ),
    ];
    for (language, word, open, subject, sentence) in cases {
        let found = says(language, word, open);
        assert!(found.0 == subject && found.1.starts_with(sentence), "{found:?}");
    }
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
        event.incident = format!("x-{number}");
        event
    };
    let events: Vec<Event> = (0..4).map(at_each).collect();
    let all: Vec<&Event> = events.iter().collect();
    let lines =
        |language: &'static str| page(&Content { late: Some(Late::Held(at())), language, ..content(&all) }).lines;
    assert_eq!(lines("en"), ["CPU: recovered 21:40 (3 times)", "Memory: recovered 21:40"]);
    assert_eq!(lines("fr"), ["Processeur : rétabli 21:40 (3 fois)", "Mémoire : rétabli 21:40"]);
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
    let mail = compose(&content(&events), &envelope, "<1@h>", &["<0@h>".into()]).unwrap().formatted();
    let mail = String::from_utf8(mail).unwrap();
    let head = mail.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X-Evil")), "{head}");
    let html = mail.split("Content-Type: text/html").nth(1).unwrap();
    assert!(html.contains("#60;img") && !html.contains("<img"), "{html}");
    assert!(head.contains("Auto-Submitted: auto-generated"));
}
