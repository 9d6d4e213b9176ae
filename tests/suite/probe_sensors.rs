//! Temperatures and fans of odd chips, and users and shutdowns in records of other architectures.

use super::harness::Host;
use super::probe::probe;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

/// A recorded host without sensors.
fn bare() -> Host {
    let host = Host::recorded("vm");
    fs::remove_dir_all(host.root().join("sys/class/hwmon")).unwrap();
    host
}

fn put(host: &Host, file: &str, content: &str) {
    let path = host.root().join("sys/class").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A chip with a link to its device.
fn chip(host: &Host, number: u32, name: &str, device: &str, files: &[(&str, &str)]) {
    put(host, &format!("hwmon/hwmon{number}/name"), name);
    files.iter().for_each(|(file, content)| put(host, &format!("hwmon/hwmon{number}/{file}"), content));
    if !device.is_empty() {
        let link = host.root().join(format!("sys/class/hwmon/hwmon{number}/device"));
        symlink(format!("../../../devices/{device}"), link).unwrap();
    }
}

fn section(host: &Host, name: &str, value: &str) -> BTreeMap<String, f64> {
    let snapshot = probe(host);
    let items = snapshot[name].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| (item["sensor"].as_str().unwrap().to_string(), item[value].as_f64().unwrap())).collect()
}

fn celsius(host: &Host) -> BTreeMap<String, f64> {
    section(host, "temperature", "celsius")
}

fn map<const N: usize>(pairs: [(&str, f64); N]) -> BTreeMap<String, f64> {
    pairs.map(|(name, value)| (name.to_string(), value)).into()
}

#[test]
fn drivers_of_old_kernels_have_their_files_in_the_device() {
    let host = bare();
    put(&host, "hwmon/hwmon0/device/name", "it87\n");
    put(&host, "hwmon/hwmon0/device/temp1_input", "41000\n");
    put(&host, "hwmon/hwmon0/device/fan1_input", "900\n");
    put(&host, "hwmon/hwmon0/temp2_input", "42000\n");
    put(&host, "hwmon/hwmon0/device/temp2_input", "99000\n");
    assert_eq!(celsius(&host), map([("it87 temp1", 41.0), ("it87 temp2", 42.0)]));
    assert_eq!(section(&host, "fan", "rotations_per_minute"), map([("it87 fan1", 900.0)]));
}

#[test]
fn faults_and_sentinels_are_no_temperatures() {
    let host = bare();
    let inputs = [
        ("temp1_input", "40000"),
        ("temp2_input", "39000"),
        ("temp2_fault", "1"),
        ("temp3_input", "65535"),
        ("temp4_input", "-1"),
        ("temp5_input", "-128000"),
        ("temp6_input", "127500"),
        ("temp7_input", "255000"),
        ("temp8_input", "nan"),
        ("temp9_input", "0"),
        ("temp10_input", "38000"),
        ("temp10_fault", "0"),
        ("fan1_input", "65535"),
        ("fan2_input", "-1"),
        ("fan3_input", "0"),
    ];
    chip(&host, 0, "nct6775", "", &inputs);
    assert_eq!(celsius(&host), map([("nct6775 temp1", 40.0), ("nct6775 temp10", 38.0)]));
    assert_eq!(section(&host, "fan", "rotations_per_minute"), map([("nct6775 fan3", 0.0)]));
}

#[test]
fn a_sensor_outdoors_may_have_exactly_zero_degrees() {
    let mut host = bare();
    chip(&host, 0, "w1_slave_temp", "", &[("temp1_input", "0")]);
    chip(&host, 1, "coretemp", "", &[("temp1_input", "50000"), ("temp2_input", "125")]);
    assert_eq!(celsius(&host)["w1_slave_temp temp1"], 0.0, "no other input of the chip is warm");
    put(&host, "hwmon/hwmon1/temp2_input", "0");
    host.advance(60, 5);
    assert_eq!(celsius(&host)["coretemp temp2"], 0.0, "it was colder than the other before");
    put(&host, "hwmon/hwmon1/temp2_input", "255000");
    host.advance(60, 5);
    let snapshot = probe(&host);
    assert!(snapshot["probe"]["discarded"]["temperature coretemp temp2"].is_string(), "{}", snapshot["probe"]);
}

#[test]
fn names_depend_on_the_device_and_not_on_number_or_neighbours() {
    let host = bare();
    chip(&host, 0, "nvme", "pci/nvme0", &[("temp1_input", "40000"), ("temp1_label", "Composite")]);
    chip(&host, 1, "nvme", "pci/nvme1", &[("temp1_input", "50000"), ("temp1_label", "Composite")]);
    let both = map([("nvme Composite (nvme0)", 40.0), ("nvme Composite (nvme1)", 50.0)]);
    assert_eq!(celsius(&host), both);
    let hwmon = host.root().join("sys/class/hwmon");
    let rename = |from: &str, to: &str| fs::rename(hwmon.join(from), hwmon.join(to)).unwrap();
    rename("hwmon0", "x");
    rename("hwmon1", "hwmon0");
    rename("x", "hwmon1");
    assert_eq!(celsius(&host), both, "numbered otherwise after a boot");
    let second = map([("nvme Composite (nvme1)", 50.0)]);
    fs::remove_file(hwmon.join("hwmon1/temp1_input")).unwrap();
    assert_eq!(celsius(&host), second, "the first cannot be read");
    fs::remove_dir_all(hwmon.join("hwmon1")).unwrap();
    assert_eq!(celsius(&host), second, "and is gone");
}

#[test]
fn equal_labels_of_a_chip_are_told_apart() {
    let host = bare();
    let long = "x".repeat(200);
    let inputs = [("temp1_input", "1000"), ("temp1_label", "T"), ("temp2_input", "2000"), ("temp2_label", "T")];
    chip(&host, 0, "a", "", &inputs);
    chip(&host, 1, &long, "", &[("temp1_input", "3000"), ("temp2_input", "4000")]);
    let mut values: Vec<f64> = celsius(&host).into_values().collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn thermal_zones_are_shown_beside_unrelated_chips_and_once() {
    let host = bare();
    chip(&host, 0, "nvme", "pci/nvme0", &[("temp1_input", "40000")]);
    chip(&host, 1, "gpu_thermal", "virtual/thermal/thermal_zone1", &[("temp1_input", "61000")]);
    chip(&host, 2, "coretemp", "", &[("temp1_input", "50000")]);
    for (number, kind, value) in [
        (0, "cpu-thermal", "55000"),
        (1, "gpu-thermal", "61000"),
        (2, "x86_pkg_temp", "50000"),
        (3, "INT3400 Thermal", "20000"),
    ] {
        put(&host, &format!("thermal/thermal_zone{number}/type"), kind);
        put(&host, &format!("thermal/thermal_zone{number}/temp"), value);
    }
    let expected = [("coretemp temp1", 50.0), ("cpu-thermal", 55.0), ("gpu_thermal temp1", 61.0), ("nvme temp1", 40.0)];
    assert_eq!(celsius(&host), map(expected));
}

/// A record of utmp(5) with 64-bit times, as ARM64 (`big` = false) and s390x have it.
fn record(kind: u16, [line, user, from]: [&str; 3], time: &str, big: bool) -> Vec<u8> {
    let mut record = vec![0_u8; 400];
    let seconds = time.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &if big { kind.to_be_bytes() } else { kind.to_le_bytes() });
    put(344, &if big { seconds.to_be_bytes() } else { seconds.to_le_bytes() });
    put(8, line.as_bytes());
    put(44, user.as_bytes());
    put(76, from.as_bytes());
    record
}

#[test]
fn users_and_shutdowns_of_every_architecture() {
    for big in [false, true] {
        let mut host = Host::recorded("old");
        let login = record(7, ["pts/0", "anna", "10.0.0.5"], "2026-11-20T20:00:00Z", big);
        // 24 records of 400 bytes are as long as 25 of 384.
        fs::write(host.root().join("run/utmp"), login.repeat(24)).unwrap();
        host.osmon(&["run"]);
        let session: Value = probe(&host)["session"].clone();
        assert_eq!((session.as_array().unwrap().len(), &session[0]["user"]), (24, &"anna".into()));
        assert_eq!(session[0]["since"], "2026-11-20T20:00:00.000Z");
        host.advance(240, 5);
        host.write("proc/sys/kernel/random/boot_id", "99999999-0000-0000-0000-000000000000\n");
        host.write("proc/uptime", "30.00 0.00\n");
        let events = [
            record(2, ["~", "reboot", "6.1.0"], "2026-11-01T00:00:00Z", big),
            record(1, ["~", "shutdown", "6.1.0"], "2026-11-20T21:40:00Z", big),
            record(2, ["~", "reboot", "6.1.0"], "2026-11-20T21:43:30Z", big),
        ];
        fs::create_dir_all(host.root().join("var/log")).unwrap();
        fs::write(host.root().join("var/log/wtmp"), events.concat()).unwrap();
        host.osmon(&["run"]);
        let marks = host.marks().join("\n");
        assert!(marks.contains("reboot: Rebooted") && !marks.contains("power_loss"), "big endian {big}: {marks}");
    }
}
