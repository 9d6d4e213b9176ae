//! What stands in the charts besides lines, and what stands in their place.

use super::harness::Host;
use super::report::{between, page, with_minutes};

/// Left edge and width of the plot.
const PLOT: (i64, i64) = (129, 1602);

fn number(text: &str) -> i64 {
    text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn an_incident_is_a_span_with_a_flag_and_several_at_once_are_a_number() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.memory]\nwarning = 50\nfor = \"0s\"\n".to_string();
    for _ in 0..10 {
        host.osmon(&["run"]).ok();
        host.advance(60, 5);
    }
    host.osmon(&["note", "a deployment"]).ok();
    let markers = |page: &str| between(page, "<g id=\"m1h\">", "</g>").to_string();
    let open = page(&host);
    let span = between(&markers(&open), "<path class='sp al warn' d='M", "z").to_string();
    let (x, width) = (number(&span), number(span.split_once('h').unwrap().1));
    assert_eq!(x + width, PLOT.0 + PLOT.1, "an open incident reaches to the end: {span}");
    assert!(markers(&open).contains("<path class='fg al warn' d='M"), "{}", markers(&open));
    let key = between(&open, "<p class=\"q ky\">", "</p>");
    assert!(key.contains("</svg>incident, ") && key.contains("</svg>note<") && !key.contains("</svg>reboot<"), "{key}");
    // It recovers, and later another two begin.
    let quiet = "[rule.memory]\nwarning = 94\nfor = \"0s\"\nclear_for = \"0s\"\n";
    host.config = quiet.to_string();
    for _ in 0..4 {
        host.advance(60, 5);
        host.osmon(&["run"]).ok();
    }
    let rule = |name: &str, warning: f64| format!("[rule.{name}]\nwarning = {warning}\nfor = \"0s\"\n");
    host.config = format!("{quiet}{}{}boot_grace = \"0s\"\n", rule("cpu", 1.0), rule("load", 0.001));
    for _ in 0..10 {
        host.advance(60, 90);
        host.osmon(&["run"]).ok();
    }
    let later = page(&host);
    let shown = markers(&later);
    let spans: Vec<(i64, i64)> = shown
        .split("<path class='sp al warn' d='")
        .skip(1)
        .flat_map(|path| path.split('z').next().map(|span| span.trim_start_matches('M').to_string()))
        .map(|span| (number(&span), number(&span) + number(span.split_once('h').unwrap().1)))
        .collect();
    assert!(spans.first().is_some_and(|span| span.1 < PLOT.0 + PLOT.1), "the first is over: {spans:?} {shown}");
    let numbers = between(&later, "<g id=\"t1h\">", "</g>");
    assert!(numbers.contains("<text class='fn al warn'") && numbers.contains(">2</text>"), "{numbers}");
}

#[test]
fn what_did_not_move_is_a_row_instead_of_a_chart() {
    let page = page(&with_minutes("vm", 7));
    let still = between(&page, "<section class='b dm'><h3>Did not move</h3>", "</section>");
    let row = between(still, "data-k='File systems'", "<tr").to_string();
    assert!(row.contains("File systems <span class=q>%</span>") && row.contains("/ 63.9 · "), "{row}");
    assert!(!page.contains(" data-k='File systems' data-f="), "and nothing else");
    assert!(page.contains(" data-k='CPU' data-f=") && page.contains(" data-k='Memory' data-f="));
}

#[test]
fn what_broke_a_limit_is_drawn_even_if_it_does_not_move() {
    let mut host = Host::recorded("vm");
    host.config = "[rule.disk]\nwarning = 1\nfor = \"0s\"\n".to_string();
    for _ in 0..7 {
        host.advance(60, 50);
        host.osmon(&["run"]).ok();
    }
    let page = page(&host);
    let chart = between(&page, " data-k='File systems' data-f=", "</section>");
    assert!(chart.contains(">warning 1</text>"), "{chart}");
}

#[test]
fn the_first_minutes_say_when_charts_begin() {
    let mut host = Host::recorded("vm");
    for count in 1..=5 {
        host.osmon(&["run"]).ok();
        let page = page(&host);
        let is_waiting = page.contains(&format!("<h3>Charts begin with the next runs</h3><p class=q>{count} of 5 "));
        assert_eq!(is_waiting, count < 5, "{count}");
        assert_eq!(page.contains("<section class='b c'"), count == 5, "{count}");
        host.advance(60, 50);
    }
}
