//! Cost of evaluation: 200 rules on a snapshot, and the size of the state of 10,000 metrics.
//!
//! `cargo bench --bench crisis`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code)]
#[path = "../tests/suite/harness.rs"]
mod harness;
#[allow(dead_code)]
mod measure;

use harness::Host;
use measure::row;
use osmon::base::clock::{Now, own_cpu_ms, parse};
use osmon::config::Rule;
use osmon::config::rule::{Limit, Measure, Samples};
use osmon::crisis::unusual::{Groups, Learned};
use osmon::crisis::{EvalContext, State, step};
use osmon::model::metric::{Metric, Selector};
use osmon::model::walk::walk;
use std::time::Duration;

fn main() {
    println!("{:<58}{:>9}{:>9}{:>8}", "", "here", "limit", "ratio");
    evaluate();
    remember();
    learn("the default rules, 8 series", 8, 0.5);
    learn("1,000 series", 1000, 5.0);
}

fn clock(minute: u32) -> EvalContext {
    let seconds = f64::from(minute) * 60.0;
    let wall = parse("2026-11-20T00:00:00Z").unwrap() + chrono::TimeDelta::seconds(seconds as i64);
    EvalContext::new(Now { wall, boottime_seconds: 1000.0 + seconds }, "b", "h")
}

fn rule(name: String, metric: &str, measure: Measure, raise: f64) -> Rule {
    let limit = |raise: f64| Some(Limit { raise, clear: raise, hold: Duration::from_secs(300) });
    Rule {
        title: name.clone(),
        name,
        metric: Selector::parse(metric).unwrap(),
        above: true,
        warning: limit(raise),
        critical: None,
        samples: None,
        clear_for: Duration::from_secs(300),
        measure,
        boot_grace: Duration::ZERO,
        message: String::new(),
        window: None,
        only_if: None,
        critical_only_if: None,
        notify_if: None,
        mutes_usual: false,
        notifies: true,
    }
}

/// 200 rules on the snapshot of a host: every tenth a forecast, a change, a total, an anomaly, K of N, and every tenth
/// fires.
fn evaluate() {
    let mut host = Host::recorded("vm");
    for _ in 0..2 {
        host.advance(60, 20);
        host.small("osmon-probe", &[]).ok();
    }
    let mut metrics = Vec::new();
    walk(host.lines("snapshots").last().unwrap(), &mut |name, labels, value| {
        metrics.push(Metric { name: name.to_string(), labels: labels.to_vec(), value });
    })
    .unwrap();
    let rules: Vec<Rule> = (0..200)
        .map(|number| {
            let measure = match number % 10 {
                0 => Measure::Reaches(1e12),
                1 => Measure::Change(Duration::from_secs(3600)),
                3 => Measure::Total(Duration::from_secs(3600)),
                4 => Measure::Unusual { floor: 1e18, either: true },
                _ => Measure::Value,
            };
            let raise = if number % 10 == 2 { 0.0 } else { 1e18 };
            let samples = (number % 10 == 5).then_some(Samples { breaches: 3, of: 5 });
            let rule = rule(format!("r{number}"), &metrics[number * 7 % metrics.len()].name, measure, raise);
            Rule { samples, ..rule }
        })
        .collect();
    let mut state = State::default();
    for minute in 0..360 {
        state = step(&rules, &state, &metrics, &clock(minute)).0;
    }
    let mut times: Vec<f64> = (360..660)
        .map(|minute| {
            let before = own_cpu_ms();
            let (next, events) = step(&rules, &state, &metrics, &clock(minute));
            let took = own_cpu_ms() - before;
            std::hint::black_box(events);
            state = next;
            took
        })
        .collect();
    times.sort_by(f64::total_cmp);
    row(&format!("200 rules on {} metrics, CPU, limit 1 ms", metrics.len()), times[times.len() / 2], 1.0, "ms");
    let before = own_cpu_ms();
    let text = serde_json::to_string(&state).unwrap();
    let read: State = serde_json::from_str(&text).unwrap();
    assert_eq!(read.alerts.len(), state.alerts.len());
    row(&format!("its state ({} KiB), written and read", text.len() / 1024), own_cpu_ms() - before, 1.0, "ms");
}

/// 10,000 metrics under a limit and a forecast, six hours long, one in a hundred beyond its limit.
fn remember() {
    let rules = [
        rule("disk".into(), "disk.used_percent", Measure::Value, 90.0),
        rule("disk_forecast".into(), "disk.used_percent", Measure::Reaches(100.0), 28_800.0),
    ];
    let mut state = State::default();
    for minute in 0..361 {
        let metrics: Vec<Metric> = (0..10_000_u32)
            .map(|number| Metric {
                name: "disk.used_percent".into(),
                labels: vec![("mount".into(), format!("/srv/{number}"))],
                value: if number % 100 == 0 { 95.0 } else { 20.0 + f64::from(number) / 1e3 + f64::from(minute) / 1e2 },
            })
            .collect();
        state = step(&rules, &state, &metrics, &clock(minute)).0;
    }
    let size = serde_json::to_string(&state).unwrap().len() as f64 / 1024.0 / 1024.0;
    row("state of 10,000 metrics, each with a forecast, limit 2 MiB", size, 2.0, "MiB");
}

/// Unusual values: unpacks the learned state, adds a value to each series and packs it again.
fn learn(what: &str, count: usize, limit: f64) {
    let values = |minute: usize| -> Vec<(String, f64)> {
        let value = |number: usize| ((number * 31 + minute * 7) % 97) as f64 / 3.0 + (minute % 1440) as f64 / 60.0;
        let name = |number: usize| format!("unit.cpu_percent{{unit=\"service-{number}.service\"}}");
        (0..count).map(|number| (name(number), value(number))).collect()
    };
    let mut learned = Learned::default();
    for minute in (0..20 * 1440).step_by(5) {
        learned.add(&values(minute), minute as f64 * 60.0);
    }
    let (mut packed, groups) = learned.pack();
    let mut small = Groups { ..groups }.pack();
    let (mut in_group, mut at_end) = (Vec::new(), Vec::new());
    for minute in 20 * 1440..20 * 1440 + 100 {
        let (values, seconds) = (values(minute), minute as f64 * 60.0);
        let before = own_cpu_ms();
        let mut groups = Groups::unpack(&small).unwrap();
        let is_open = groups.add(&values, seconds);
        if is_open {
            small = groups.pack();
        } else {
            let (mut learned, _) = Learned::unpack(&packed).unwrap();
            learned.go_on(&groups);
            std::hint::black_box(learned.add(&values, seconds));
            let (large, mut rest) = learned.pack();
            (packed, small) = (large, rest.pack());
        }
        let took = own_cpu_ms() - before;
        if is_open { in_group.push(took) } else { at_end.push(took) }
    }
    for (when, mut times) in [("within a group", in_group), ("at its end", at_end)] {
        times.sort_by(f64::total_cmp);
        row(&format!("what is unusual: {what}, CPU {when}"), times[times.len() / 2], limit, "ms");
    }
    let size = (packed.len() + small.len()) as f64 / 1024.0 / 1024.0;
    row(&format!("what is unusual: {what}, size, limit 2 MiB"), size, 2.0, "MiB");
}
