//! Who used the host: one answer from every command, and rollups that survive damage.

use super::harness::Host;
use super::incidents::fired;
use super::verify::{OLD, minutes, put, repair, verify};
use osmon::base::units::duration;
use osmon::store::line::seal;
use osmon::store::member;
use std::fs;

#[test]
fn top_the_page_and_the_evidence_of_an_alert_name_the_same_consumer() {
    let host = fired();
    let event = host.sections("event").remove(0);
    let evidence = &event["evidence"]["process"][0];
    let at = host.osmon(&["top", "--at", event["time"].as_str().unwrap(), "--json"]).ok().json();
    for member in ["name", "user", "unit", "cpu_percent", "memory_bytes"] {
        assert_eq!(evidence[member], at["process"][0][member], "{member}");
    }
    let explained = host.osmon(&["explain", &event["id"].as_str().unwrap().replace("-fired", "")]);
    let percent = format!("{:.0} % CPU", evidence["cpu_percent"].as_f64().unwrap());
    assert!(explained.code != 0 || explained.out.contains(&percent), "{}", explained.out);
    // The page shows spans: four minutes of 200 s.
    let top = host.osmon(&["top", "--since", "1h ago", "--json"]).ok().json();
    let used = top["process"][0]["cpu_seconds"].as_f64().unwrap();
    assert!(top["process"][0]["name"] == evidence["name"] && (used - 800.0).abs() < 0.01, "{top}");
    let page = fs::read_to_string(host.data().join("report.html")).unwrap();
    assert!(page.contains(&format!("java (shop.service) {percent}")), "{page}");
    let sections: Vec<&str> = page.split("<section class=\"b ws\">").skip(1).collect();
    assert!(!sections.is_empty(), "one for each range");
    for section in sections {
        let (_, row) = section.split_once("<th scope=\"row\">").unwrap();
        let row = row.split("<tr>").next().unwrap();
        assert!(row.starts_with("java ") && row.contains(&format!("<td>{}<td>", duration(used))), "{row}");
    }
}

#[test]
fn a_damaged_rollup_of_consumers_is_found_and_made_anew() {
    let host = Host::recorded("vm");
    let processes: String = minutes(OLD)
        .iter()
        .map(|snapshot| {
            let head = snapshot.split(",\"load\"").next().unwrap();
            seal(&format!("{head},\"process\":[{{\"name\":\"java\",\"pid\":\"1\",\"user\":\"shop\",\"unit\":\"shop.service\",\"cpu_percent\":50.0,\"memory_bytes\":1000}}],\"unit\":[{{\"unit\":\"shop.service\",\"kind\":\"service\",\"cpu_percent\":50.0,\"memory_bytes\":2000}}]}}"))
        })
        .collect();
    put(&host.data().join(format!("snapshots/{OLD}.jsonl")), minutes(OLD).concat().as_bytes());
    put(&host.data().join(format!("processes/{OLD}.jsonl")), processes.as_bytes());
    host.osmon(&["store", "rebuild"]).ok();
    assert_eq!(verify(&host), Vec::<String>::new());
    let top = || host.osmon(&["top", "--since", OLD, "--until", "2026-11-19", "--json"]).ok().json();
    let before = top();
    assert_eq!((&before["process"][0]["name"], &before["process"][0]["cpu_seconds"]), (&"java".into(), &120.0.into()));
    for tier in ["1h", "1d"] {
        let path = host.data().join(format!("rollups/{tier}/2026-11.jsonl.gz"));
        let whole = fs::read(&path).unwrap();
        let members = member::list(&fs::File::open(&path).unwrap(), &mut |_, _| ()).unwrap();
        let block = members.into_iter().find(|member| member.name == "consumers").unwrap();
        let mut damaged = whole.clone();
        damaged[(block.offset + block.length / 2) as usize] ^= 0x20;
        fs::write(&path, damaged).unwrap();
        assert!(verify(&host).contains(&"damaged_block".to_string()), "{tier}");
        assert_eq!(top(), before, "{tier}: the records are there");
        repair(&host);
        assert_eq!((fs::read(&path).unwrap(), top()), (whole, before.clone()), "{tier}");
    }
}
