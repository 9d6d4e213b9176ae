//! The table of attributes of ATA disks. Their numbers are agreed on, their raw values not entirely: the first number of the
//! text that smartctl makes of them counts.

use serde_json::Value;

/// Numbers of the attributes that tell of sectors: reallocated, waiting to be, and not readable.
pub const REALLOCATED: u64 = 5;
pub const REPORTED_UNCORRECTABLE: u64 = 187;
pub const PENDING: u64 = 197;
pub const UNCORRECTABLE: u64 = 198;

/// Largest plausible raw value: others hold more than one number.
const RAW_MAX: u64 = u32::MAX as u64;

/// Beginnings of the names of attributes whose normalised value is the remaining life in percent.
const LIFE: [&str; 6] = [
    "Wear_Leveling_Count",
    "SSD_Life_Left",
    "Percent_Lifetime_Remain",
    "Remaining_Lifetime_Perc",
    "Drive_Life_Remaining",
    "Lifetime_Left",
];

/// The name of such an attribute, and its number. WD and SanDisk use the name for attribute 230, whose value is the used life.
const MEDIA_WEAROUT: (&str, u64) = ("Media_Wearout_Indicator", 233);

/// The rows of the table.
pub fn rows(report: &Value) -> impl Iterator<Item = &Value> {
    report.pointer("/ata_smart_attributes/table").and_then(Value::as_array).into_iter().flatten()
}

/// The raw value of an attribute.
pub fn raw(report: &Value, id: u64) -> Option<u64> {
    let row = rows(report).find(|row| row.get("id").and_then(Value::as_u64) == Some(id))?;
    let text = row.pointer("/raw/string").and_then(Value::as_str);
    let first = text.and_then(|text| text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    first.or_else(|| row.pointer("/raw/value")?.as_u64()).filter(|value| *value <= RAW_MAX)
}

/// Used life of an SSD in percent.
pub fn wear(report: &Value) -> Option<f64> {
    let is_life = |row: &&Value| {
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        let is_media_wearout =
            name == MEDIA_WEAROUT.0 && row.get("id").and_then(Value::as_u64) == Some(MEDIA_WEAROUT.1);
        is_media_wearout || LIFE.iter().any(|life| name.starts_with(life))
    };
    let left = |row: &Value| row.get("value").and_then(Value::as_f64).filter(|value| (1.0..=253.0).contains(value));
    rows(report).filter(is_life).filter_map(left).map(|left| (100.0 - left).max(0.0)).reduce(f64::max)
}

/// Names of the attributes that are below their threshold now.
pub fn failed(report: &Value) -> Vec<String> {
    let is_failed = |row: &&Value| row.get("when_failed").and_then(Value::as_str).is_some_and(|when| when == "now");
    let name = |row: &Value| row.get("name").and_then(Value::as_str).map(str::to_string);
    rows(report).filter(is_failed).filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_remaining_life_is_not_taken_from_an_attribute_that_counts_up() {
        let wear = |id: u64, name: &str, value: u64| {
            wear(&json!({"ata_smart_attributes": {"table": [{"id": id, "name": name, "value": value}]}}))
        };
        assert_eq!(wear(233, "Media_Wearout_Indicator", 97), Some(3.0), "Intel");
        assert_eq!(wear(230, "Media_Wearout_Indicator", 3), None, "WD and SanDisk: 3 % are used");
        assert_eq!(wear(202, "Percent_Lifetime_Remain", 88), Some(12.0));
    }
}
