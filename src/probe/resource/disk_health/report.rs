//! The answer of `smartctl --json` for a disk: ATA, NVMe or SCSI.

use super::attributes::{self, PENDING, REALLOCATED, REPORTED_UNCORRECTABLE, UNCORRECTABLE};
use crate::base::text::{NAME_MAX, clean};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest list of problems, in characters.
const TEXT_MAX: usize = 255;
/// Bit of the warnings of NVMe that is about the temperature.
const WARNING_TEMPERATURE: u64 = 0x02;
/// Bits of the warnings of NVMe, and what they mean (NVMe base specification, SMART / Health Information).
const WARNINGS: [(u64, &str); 5] = [
    (0x01, "spare space used up"),
    (0x04, "reliability degraded"),
    (0x08, "read-only"),
    (0x10, "backup of volatile memory failed"),
    (0x20, "persistent memory read-only"),
];

/// What became of asking a disk.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Its health.
    Health(Box<Report>),
    /// It sleeps and was not woken.
    Asleep,
    /// Nothing, for this reason.
    None(String),
}

/// The health of a disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Model and serial number.
    pub model: String,
    /// Serial number: another one is another disk.
    pub serial: String,
    /// Why it predicts its failure.
    reasons: Vec<String>,
    /// What it tells in numbers.
    pub values: Values,
}

/// The numbers of a disk. What it does not tell is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Values {
    /// It predicts its failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing: Option<bool>,
    /// It is hotter than its own limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    too_hot: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    celsius: Option<f64>,
    /// Used share of the writes that it is made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    wear_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spare_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reallocated_sectors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_sectors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uncorrectable_sectors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_errors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_on_hours: Option<u64>,
}

impl Report {
    /// Errors since an earlier report of the same disk. Each counter counts by itself, where both reports have it.
    pub fn errors_since(&self, before: &Self) -> u64 {
        let counters = |report: &Self| {
            let Values { reallocated_sectors, uncorrectable_sectors, media_errors, .. } = report.values;
            [reallocated_sectors, uncorrectable_sectors, media_errors]
        };
        let pairs = counters(self).into_iter().zip(counters(before));
        let grown = pairs.filter_map(|(now, before)| Some(now?.saturating_sub(before?)));
        grown.fold(0, u64::saturating_add)
    }

    /// What a person should know, in words; empty: nothing.
    pub fn problem(&self) -> String {
        let values = &self.values;
        let mut found = self.reasons.clone();
        let counts = [
            (values.pending_sectors, "unreadable sectors"),
            (values.uncorrectable_sectors, "uncorrectable sectors"),
            (values.reallocated_sectors, "reallocated sectors"),
            (values.media_errors, "media errors"),
        ];
        found.extend(counts.iter().filter_map(|(count, what)| Some(format!("{} {what}", count.filter(|it| *it > 0)?))));
        found.extend(values.wear_percent.filter(|wear| *wear >= 90.0).map(|wear| format!("{wear} % worn")));
        if values.too_hot == Some(true) {
            found.push(values.celsius.map_or("too hot".to_string(), |celsius| format!("too hot ({celsius} °C)")));
        }
        clean(&found.join(", "), TEXT_MAX)
    }
}

/// Reads the answer.
pub fn answer(json: &[u8]) -> Answer {
    let Ok(all) = serde_json::from_slice::<Value>(json) else { return Answer::None("the answer is no JSON".into()) };
    let messages = all.pointer("/smartctl/messages").and_then(Value::as_array).into_iter().flatten();
    let messages: Vec<&str> = messages.filter_map(|message| message.get("string")?.as_str()).collect();
    // "Device is in STANDBY mode, exit(2)": so is a disk that sleeps or idles.
    if messages.iter().any(|message| message.contains("mode, exit(")) {
        return Answer::Asleep;
    }
    let report = report(&all);
    let Values { failing, celsius, wear_percent, reallocated_sectors, media_errors, .. } = &report.values;
    let has_values = wear_percent.is_some() || reallocated_sectors.is_some() || media_errors.is_some();
    if failing.is_some() || celsius.is_some() || has_values {
        return Answer::Health(Box::new(report));
    }
    Answer::None(messages.first().map_or("it has no SMART", |message| *message).to_string())
}

fn report(all: &Value) -> Report {
    let text = |path: &str| all.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let number = |path: &str| all.pointer(path).and_then(Value::as_u64);
    let fraction = |path: &str| all.pointer(path).and_then(Value::as_f64);
    let log = |name: &str| number(&format!("/nvme_smart_health_information_log/{name}"));
    let (model, serial) = (clean(text("/model_name"), NAME_MAX), clean(text("/serial_number"), NAME_MAX));
    let warnings = log("critical_warning");
    let mut reasons: Vec<String> = attributes::failed(all).iter().map(|name| clean(name, NAME_MAX)).collect();
    let bits = warnings.unwrap_or(0);
    reasons.extend(WARNINGS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, what)| (*what).to_string()));
    reasons
        .extend(Some(text("/smart_status/scsi/ie_string")).filter(|it| !it.is_empty()).map(|it| clean(it, NAME_MAX)));
    let passed = all.pointer("/smart_status/passed").and_then(Value::as_bool);
    // A disk that is only hot does not fail.
    let failing = match warnings {
        Some(bits) => Some(bits & !WARNING_TEMPERATURE != 0),
        None => passed.map(|passed| !passed),
    };
    let celsius = fraction("/temperature/current").filter(|celsius| (-60.0..=200.0).contains(celsius));
    let limits =
        ["/temperature/op_limit_max", "/temperature/drive_trip", "/nvme_composite_temperature_threshold/warning"];
    let limit = limits.iter().find_map(|path| fraction(path)).filter(|limit| *limit > 0.0);
    let too_hot = match warnings {
        Some(bits) if bits & WARNING_TEMPERATURE != 0 => Some(true),
        warnings => celsius.zip(limit).map(|(celsius, limit)| celsius >= limit).or(warnings.map(|_| false)),
    };
    let is_ssd = number("/rotation_rate").is_none_or(|rate| rate == 0);
    let used = [
        "/endurance_used/current_percent",
        "/nvme_smart_health_information_log/percentage_used",
        "/scsi_percentage_used_endurance_indicator",
    ];
    let wear = used.iter().find_map(|path| fraction(path)).or_else(|| attributes::wear(all).filter(|_| is_ssd));
    let scsi_errors = ["read", "write", "verify"]
        .map(|kind| number(&format!("/scsi_error_counter_log/{kind}/total_uncorrected_errors")));
    let scsi_errors = scsi_errors.iter().flatten().copied().reduce(u64::saturating_add);
    Report {
        model: if serial.is_empty() { model } else { format!("{model}, serial number {serial}") },
        serial,
        reasons,
        values: Values {
            failing,
            too_hot,
            celsius,
            wear_percent: wear.filter(|wear| (0.0..=255.0).contains(wear)),
            spare_percent: fraction("/nvme_smart_health_information_log/available_spare")
                .filter(|it| (0.0..=100.0).contains(it)),
            reallocated_sectors: attributes::raw(all, REALLOCATED).or_else(|| number("/scsi_grown_defect_list")),
            pending_sectors: attributes::raw(all, PENDING).or_else(|| number("/scsi_pending_defects/count")),
            uncorrectable_sectors: attributes::raw(all, UNCORRECTABLE),
            media_errors: log("media_errors").or_else(|| attributes::raw(all, REPORTED_UNCORRECTABLE)).or(scsi_errors),
            power_on_hours: number("/power_on_time/hours"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn health(value: &Value) -> Report {
        match answer(value.to_string().as_bytes()) {
            Answer::Health(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ata_nvme_and_scsi() {
        let row = |id: u64, name: &str, value: u64, raw: &str| json!({"id": id, "name": name, "value": value, "raw": {"string": raw}});
        let ata = json!({"model_name": "X", "serial_number": "S1", "smart_status": {"passed": true}, "rotation_rate": 0,
            "temperature": {"current": 71, "op_limit_max": 70}, "power_on_time": {"hours": 12},
            "ata_smart_attributes": {"table": [row(5, "Reallocated_Sector_Ct", 100, "8"), row(197, "Current_Pending_Sector", 100, "2 (1 3)"),
                row(177, "Wear_Leveling_Count", 6, "900"), row(198, "Offline_Uncorrectable", 100, "281474976710655")]}});
        let report = health(&ata);
        let values = &report.values;
        assert_eq!(
            (values.reallocated_sectors, values.pending_sectors, values.uncorrectable_sectors),
            (Some(8), Some(2), None)
        );
        assert_eq!((values.wear_percent, values.too_hot, values.failing), (Some(94.0), Some(true), Some(false)));
        assert_eq!(report.problem(), "2 unreadable sectors, 8 reallocated sectors, 94 % worn, too hot (71 °C)");
        assert_eq!(report.model, "X, serial number S1");
        let nvme = |warning: u64| {
            json!({"smart_status": {"passed": warning == 0}, "nvme_smart_health_information_log":
                {"critical_warning": warning, "percentage_used": 103, "available_spare": 4, "media_errors": 9}})
        };
        let report = health(&nvme(5));
        assert_eq!(
            (report.values.failing, report.values.wear_percent, report.values.media_errors),
            (Some(true), Some(103.0), Some(9))
        );
        assert!(report.problem().starts_with("spare space used up, reliability degraded"), "{}", report.problem());
        assert_eq!(
            health(&nvme(2)).values,
            Values { too_hot: Some(true), failing: Some(false), ..health(&nvme(0)).values }
        );
        let scsi = json!({"smart_status": {"passed": false, "scsi": {"ie_string": "FAILURE PREDICTION THRESHOLD EXCEEDED"}},
            "scsi_grown_defect_list": 3, "scsi_error_counter_log": {"read": {"total_uncorrected_errors": 2}, "write": {}},
            "temperature": {"current": 39, "drive_trip": 60}});
        let values = health(&scsi).values;
        assert_eq!((values.reallocated_sectors, values.media_errors, values.too_hot), (Some(3), Some(2), Some(false)));
        assert_eq!(values.failing, Some(true));
    }

    #[test]
    fn a_counter_that_is_gone_or_falls_hides_no_error_of_another_one_and_makes_none() {
        let report = |reallocated_sectors, uncorrectable_sectors, media_errors| Report {
            values: Values { reallocated_sectors, uncorrectable_sectors, media_errors, ..Values::default() },
            ..Report::default()
        };
        let before = report(Some(8), Some(4), None);
        for (now, expected) in [
            (report(Some(8), Some(4), Some(900)), 0),
            (report(Some(9), None, None), 1),
            (report(Some(9), Some(0), None), 1),
            (report(Some(10), Some(5), None), 3),
        ] {
            assert_eq!(now.errors_since(&before), expected, "{now:?}");
        }
    }

    #[test]
    fn a_disk_that_sleeps_or_cannot_be_asked() {
        let said = |text: &str| {
            answer(json!({"smartctl": {"exit_status": 2, "messages": [{"string": text}]}}).to_string().as_bytes())
        };
        assert_eq!(said("Device is in STANDBY (OS) mode, exit(2)"), Answer::Asleep);
        assert_eq!(said("Device is in SLEEP mode, exit(2)"), Answer::Asleep);
        let refused = "Smartctl open device: /dev/nvme0n1 failed: Permission denied";
        assert_eq!(said(refused), Answer::None(refused.to_string()));
        assert_eq!(answer(b"{}"), Answer::None("it has no SMART".to_string()));
        assert_eq!(answer(b"Device open failed"), Answer::None("the answer is no JSON".to_string()));
    }

    proptest! {
        #[test]
        fn any_value_anywhere_costs_no_other(text in "\\PC{0,20}", number in any::<f64>(), at in 0..4_usize) {
            let odd = [json!(text), json!(number), json!(null), json!([text])][at].clone();
            let report = health(&json!({"model_name": odd, "temperature": odd, "smart_status": odd, "rotation_rate": odd,
                "nvme_smart_health_information_log": {"percentage_used": odd, "critical_warning": odd, "media_errors": odd},
                "ata_smart_attributes": {"table": [odd, {"id": odd}, {"id": 197, "raw": odd}, {"id": 5, "raw": {"value": 8}}]}}));
            prop_assert_eq!(report.values.reallocated_sectors, Some(8));
        }
    }
}
