//! Units of chart axes.

/// How the values of a chart are scaled and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisUnit {
    /// Percent on a fixed axis from 0 to 100.
    Full,
    /// Percent on an axis that fits the values, up to 100.
    Percent,
    /// Percent on an axis that fits the values, without upper limit.
    SmallPercent,
    /// Bytes.
    Bytes,
    /// Bytes per second.
    BytesPerSecond,
    /// Degrees Celsius.
    Celsius,
    /// Milliseconds.
    Milliseconds,
    /// A plain number.
    Number,
    /// Events per second.
    PerSecond,
    /// Bits per second.
    BitsPerSecond,
}

impl AxisUnit {
    /// The unit, from the last part of a metric name.
    pub fn from_metric(name: &str) -> Self {
        let endings = [
            ("bytes_per_second", Self::BytesPerSecond),
            ("bits_per_second", Self::BitsPerSecond),
            ("_per_second", Self::PerSecond),
            ("_bytes", Self::Bytes),
            ("_percent", Self::SmallPercent),
            ("_ms", Self::Milliseconds),
            ("celsius", Self::Celsius),
        ];
        endings.into_iter().find(|(ending, _)| name.ends_with(ending)).map_or(Self::Number, |(_, unit)| unit)
    }

    /// Text behind the title of a chart, in English.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Full | Self::Percent | Self::SmallPercent => "%",
            Self::BytesPerSecond | Self::BitsPerSecond | Self::PerSecond => "per second",
            Self::Celsius => "°C",
            Self::Milliseconds => "ms",
            Self::Bytes | Self::Number => "",
        }
    }

    /// Text behind a value of [`crate::report::chart::axis::label`] that stands alone.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Full | Self::Percent | Self::SmallPercent => "\u{a0}%",
            Self::BytesPerSecond | Self::BitsPerSecond | Self::PerSecond => "/s",
            Self::Celsius => "\u{a0}°C",
            Self::Milliseconds => "\u{a0}ms",
            Self::Bytes | Self::Number => "",
        }
    }

    /// Notation for the script of the page: `b` bytes, `r` bytes per second, anything else follows the number.
    pub fn script_form(self) -> &'static str {
        match self {
            Self::Bytes => "b",
            Self::BytesPerSecond => "r",
            Self::Full | Self::Percent | Self::SmallPercent => " %",
            _ => "",
        }
    }

    /// Returns whether values of several series may be summed: amounts, but no shares of a whole.
    pub fn is_additive(self) -> bool {
        matches!(self, Self::Bytes | Self::BytesPerSecond | Self::PerSecond)
    }
}
