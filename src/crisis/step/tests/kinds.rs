//! K of N, and what is counted within a span.

use super::rows::Run;
use super::*;
use crate::config::rule::Samples;

fn of(breaches: u32, of: u32) -> Rule {
    Rule { samples: Some(Samples { breaches, of }), ..rule(0, 120) }
}

#[test]
fn so_many_of_the_last_snapshots() {
    let cases: [(&str, Rule, &[f64], &[&str]); 7] = [
        ("one dip does not begin the count anew", of(3, 5), &[90., 10., 90., 90.], &["3 fired Warning cpu-0.1 180"]),
        ("too few", of(3, 5), &[90., 10., 10., 90., 10., 10., 90., 10., 10.], &[]),
        ("all of them", of(3, 3), &[90., 90., 10., 90., 90., 90.], &["5 fired Warning cpu-3.1 120"]),
        ("one is enough", of(1, 1), &[10., 90.], &["1 fired Warning cpu-1.1 0"]),
        (
            "critical is counted by itself",
            of(2, 4),
            &[90., 99., 90., 99.],
            &["1 fired Warning cpu-0.1 60", "3 escalated Critical cpu-0.2 180"],
        ),
        (
            "what is long ago does not count",
            of(3, 5),
            &[90., 10., 10., 10., 10., 90., 90., 90.],
            &["7 fired Warning cpu-5.1 120"],
        ),
        (
            "over as any other, and it must come as often again",
            of(2, 3),
            &[90., 90., 10., 10., 10., 90., 10., 90.],
            &["1 fired Warning cpu-0.1 60", "4 recovered Warning cpu-0.2 120", "7 fired Warning cpu-5.1 120"],
        ),
    ];
    for (name, rule, values, expected) in cases {
        assert_eq!(told(&rule, values), expected, "{name}");
    }
}

#[test]
fn what_is_not_known_is_no_breach() {
    let mut run = Run::new(&[of(3, 4)]);
    run.cpu(2, 90.0);
    assert!(run.minute(&[("load.one", 1.0)]).is_empty());
    assert_eq!(run.cpu(1, 90.0), ["fired warning"], "a minute without a value");
    let mut run = Run::new(&[of(3, 4)]);
    run.cpu(2, 90.0);
    (0..2).for_each(|_| drop(run.minute(&[("load.one", 1.0)])));
    assert!(run.cpu(1, 90.0).is_empty(), "two of them");
    for (gap, anew) in [(1800.0, 0), (20_000.0, 2)] {
        let mut run = Run::new(&[of(3, 5)]);
        run.cpu(2, 90.0);
        run.pass(gap);
        assert!(run.cpu(anew, 90.0).is_empty(), "after hours it is counted anew");
        assert_eq!(run.cpu(1, 90.0), ["fired warning"], "{gap}");
        run.pass(gap);
        assert!(run.cpu(1, 90.0).is_empty() && run.state.open().len() == 1, "what fires goes on");
    }
    let mut run = Run::new(&[of(3, 5)]);
    run.cpu(2, 90.0);
    run.clock.boot_id = "c".into();
    run.clock.now.boottime_seconds = 10.0;
    assert!(run.cpu(2, 90.0).is_empty(), "so does a boot");
}

const LOOP: &str = "service.new_restarts{service=\"a.service\"}";

fn crash_loop() -> Rule {
    Rule {
        name: "crash_loop".into(),
        title: "Service {service} crashes in a loop".into(),
        metric: Selector::parse("service.new_restarts").unwrap(),
        measure: Measure::Total(Duration::from_secs(1800)),
        warning: Some(Limit { raise: 3.0, clear: 1.0, hold: Duration::from_secs(120) }),
        critical: None,
        ..rule(0, 300)
    }
}

#[test]
fn a_service_that_runs_whenever_one_looks_is_caught() {
    let mut run = Run::new(&[crash_loop()]);
    let mut told = Vec::new();
    for minute in 0..120 {
        // Restarted every seven minutes for three quarters of an hour; running at each look.
        let restarts = f64::from(u8::from(minute < 45 && minute % 7 == 0));
        told.extend(run.minute(&[(LOOP, restarts)]).into_iter().map(|text| format!("{minute} {text}")));
    }
    assert_eq!(told, ["16 fired warning", "79 recovered warning"]);
    assert_eq!(run.all[0].title, "Service a.service crashes in a loop");
    assert_eq!((run.all[0].value, run.all[0].message.as_deref()), (3.0, Some("3 within 30 min")));
    let mut run = Run::new(&[crash_loop()]);
    let rare = (0..600).flat_map(|minute| run.minute(&[(LOOP, f64::from(u8::from(minute % 20 == 0)))])).count();
    assert_eq!(rare, 0, "each twenty minutes is no loop");
}

#[test]
fn a_service_that_is_critical_needs_no_warning_too() {
    let failed = Rule {
        name: "service".into(),
        metric: Selector::parse("service.failed").unwrap(),
        warning: None,
        critical: Some(Limit { raise: 1.0, clear: 1.0, hold: Duration::from_secs(60) }),
        ..rule(0, 120)
    };
    let mut run = Run::new(&[crash_loop(), failed]);
    let (one, other) = ("service.failed{service=\"a.service\"}", "service.new_restarts{service=\"b.service\"}");
    let told: Vec<String> = (0..10).flat_map(|_| run.minute(&[(LOOP, 2.0), (one, 1.0), (other, 0.0)])).collect();
    assert_eq!(told, ["fired critical", "~fired warning"]);
    assert!(run.all[1].muted.as_deref().is_some_and(|why| why.contains("more severe")), "{:?}", run.all[1].muted);
    let told: Vec<String> = (0..10).flat_map(|_| run.minute(&[(LOOP, 0.0), (one, 0.0), (other, 2.0)])).collect();
    assert_eq!(told, ["recovered critical", "settled warning", "fired warning"], "then how it still is");
}
