//! Units and containers over time, for the charts. There are no rollups of them: they are counted from the records of
//! processes.

use crate::model::metric::SeriesKey;
use crate::report::chart::series::{Point, Series};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// What a unit used at a time, or over a span around it: seconds since 1970, least, mean and greatest percent of a core, the
/// same of bytes, and of how many samples.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "Vec<f64>")]
pub struct Sample(f64, [f64; 3], [f64; 3], f64);

/// A short list, for many of them are kept and read each minute: time, count, CPU, memory, the last two once where they did
/// not change, and whole numbers without `.0`.
impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_flat = [self.1, self.2].iter().all(|[least, _, most]| least == most);
        let values = if is_flat { vec![self.1[1], self.2[1]] } else { [self.1, self.2].concat() };
        let all: Vec<f64> = [vec![self.0, self.3], values].concat();
        let mut list = serializer.serialize_seq(Some(all.len()))?;
        for value in all {
            if value.fract() == 0.0 && value.abs() < 1e15 {
                list.serialize_element(&(value as i64))?;
            } else {
                list.serialize_element(&value)?;
            }
        }
        list.end()
    }
}

impl TryFrom<Vec<f64>> for Sample {
    type Error = &'static str;

    fn try_from(list: Vec<f64>) -> Result<Self, Self::Error> {
        match list.as_slice() {
            [time, count, cpu, memory] => Ok(Self(*time, [*cpu; 3], [*memory; 3], *count)),
            [time, count, a, b, c, d, e, f] => Ok(Self(*time, [*a, *b, *c], [*d, *e, *f], *count)),
            _ => Err("not a sample of a unit"),
        }
    }
}

impl Sample {
    /// A single one.
    pub fn new(time: f64, cpu_percent: f64, memory_bytes: f64) -> Self {
        Self(time, [cpu_percent; 3], [memory_bytes; 3], 1.0)
    }

    fn merge(&mut self, other: &Self) {
        let count = self.3 + other.3;
        for (own, other_value) in [(&mut self.1, &other.1), (&mut self.2, &other.2)] {
            let [least, mean, most] = own;
            *least = least.min(other_value[0]);
            *mean = (*mean * self.3 + other_value[1] * other.3) / count.max(1.0);
            *most = most.max(other_value[2]);
        }
        self.3 = count;
    }
}

/// By name, each in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Units(BTreeMap<String, Vec<Sample>>);

impl Units {
    /// One more, later than those before.
    pub fn add(&mut self, unit: &str, sample: Sample) {
        match self.0.get_mut(unit) {
            Some(known) => known.push(sample),
            None => {
                self.0.insert(unit.to_string(), vec![sample]);
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of another time too.
    pub fn join(&mut self, other: &Self) {
        for (unit, samples) in &other.0 {
            let known = self.0.entry(unit.clone()).or_default();
            known.extend(samples);
            if !known.is_sorted_by(|a, b| a.0 <= b.0) {
                known.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
    }

    /// Those of another time too, where nothing is known of that time yet.
    pub fn add_new(&mut self, other: &Self) {
        for (unit, samples) in &other.0 {
            let known = self.0.entry(unit.clone()).or_default();
            for sample in samples {
                if let Err(at) = known.binary_search_by(|known| known.0.total_cmp(&sample.0)) {
                    known.insert(at, *sample);
                }
            }
        }
    }

    /// Only what is not before a time, seconds since 1970.
    pub fn since(&mut self, begin: f64) {
        self.0.values_mut().for_each(|samples| samples.retain(|sample| sample.0 >= begin));
        self.0.retain(|_, samples| !samples.is_empty());
    }

    /// Only what is before a time, seconds since 1970.
    pub fn before(&mut self, end: f64) {
        self.0.values_mut().for_each(|samples| samples.retain(|sample| sample.0 < end));
    }

    /// Only units that the other has too.
    pub fn only(&mut self, other: &Self) {
        self.0.retain(|unit, _| other.0.contains_key(unit));
    }

    /// Only the units that used most, of CPU and of memory.
    pub fn shorten(&mut self, most: usize) {
        let mut kept: BTreeSet<String> = BTreeSet::new();
        for of in [|sample: &Sample| sample.1[1] * sample.3, |sample: &Sample| sample.2[1] * sample.3] {
            let sum = |samples: &Vec<Sample>| samples.iter().map(of).sum::<f64>();
            let mut order: Vec<(&String, f64)> = self.0.iter().map(|(unit, samples)| (unit, sum(samples))).collect();
            order.sort_by(|a, b| b.1.total_cmp(&a.1));
            kept.extend(order.into_iter().take(most).filter(|(_, sum)| *sum > 0.0).map(|(unit, _)| unit.clone()));
        }
        self.0.retain(|unit, _| kept.contains(unit));
    }

    /// One sample for so many seconds, in their middle.
    pub fn group(&mut self, step_seconds: f64) {
        let round = |value: f64| (value * 100.0).round() / 100.0;
        for samples in self.0.values_mut() {
            let mut groups: Vec<Sample> = Vec::new();
            for sample in samples.iter() {
                let middle = ((sample.0 / step_seconds).floor() + 0.5) * step_seconds;
                match groups.last_mut().filter(|last| last.0 == middle) {
                    Some(last) => last.merge(sample),
                    None => groups.push(Sample(middle, sample.1, sample.2, sample.3)),
                }
            }
            for group in &mut groups {
                group.1[1] = round(group.1[1]);
                group.2[1] = group.2[1].round();
            }
            *samples = groups;
        }
    }

    /// As metrics, for the charts.
    pub fn add_to(&self, series: &mut Series) {
        for (unit, samples) in &self.0 {
            let key = |name: &str| SeriesKey::new(name, vec![("unit".to_string(), unit.clone())]);
            let points = |of: fn(&Sample) -> [f64; 3]| -> Vec<Point> {
                let point = |sample: &Sample| {
                    let [min, avg, max] = of(sample);
                    Point { time: sample.0, min, avg, max }
                };
                samples.iter().map(point).collect()
            };
            let cpu = points(|sample| sample.1);
            if cpu.iter().any(|point| point.max > 0.0) {
                series.add(key("unit.cpu_percent"), cpu);
            }
            series.add(key("unit.memory_bytes"), points(|sample| sample.2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_keeps_its_least_and_its_greatest_sample_whatever_it_was_grouped_from() {
        let of = |step: &[f64]| {
            let mut units = Units::default();
            for minute in 0..60 {
                let cpu = if minute == 17 { 93.25 } else { 4.0 };
                units.add("x.service", Sample::new(f64::from(minute) * 60.0 + 7.0, cpu, 1000.0 + f64::from(minute)));
            }
            step.iter().for_each(|step| units.group(*step));
            let mut series = Series::new(3600);
            units.add_to(&mut series);
            series.all().map(|(_, points)| points.to_vec()).collect::<Vec<_>>()
        };
        let direct = of(&[3600.0]);
        assert_eq!(direct, of(&[300.0, 3600.0]));
        let mean = (59.0 * 4.0 + 93.25) / 60.0;
        assert_eq!(direct[0], [Point { time: 1800.0, min: 4.0, avg: (mean * 100.0f64).round() / 100.0, max: 93.25 }]);
        assert_eq!(direct[1], [Point { time: 1800.0, min: 1000.0, avg: 1030.0, max: 1059.0 }]);
        assert_eq!(of(&[300.0])[0].len(), 12);
    }

    #[test]
    fn those_that_used_most_stay() {
        let mut units = Units::default();
        for unit in 0..20 {
            units.add(&format!("{unit}"), Sample::new(60.0, f64::from(unit), f64::from(100 - unit)));
        }
        units.shorten(2);
        units.add("19", Sample(120.0, [1.0, 2.5, 4.0], [1e10, 2e10, 3e10], 5.0));
        let json = serde_json::to_string(&units).unwrap();
        assert!(json.contains(r#""19":[[60,1,19,81],[120,5,1,2.5,4,10000000000,20000000000,30000000000]]"#), "{json}");
        assert_eq!(serde_json::from_str::<Units>(&json).unwrap(), units);
        assert_eq!(units.0.keys().collect::<Vec<_>>(), ["0", "1", "18", "19"]);
        units.since(121.0);
        assert!(units.is_empty());
    }
}
