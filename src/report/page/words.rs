//! The words of the page in its languages. English is the key; what is not translated stays English.

use crate::base::clock::{local_form, local_minute, zone_name};
use crate::base::units;
use crate::model;
use crate::report::page::french::FRENCH;
use chrono::{DateTime, Utc};

/// Which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// As the configuration writes it.
    pub fn of(tag: &str) -> Self {
        if tag == "fr" { Self::French } else { Self::English }
    }
}

/// A language.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    language: Language,
}

impl Words {
    /// The words of a language.
    pub fn new(language: Language) -> Self {
        Self { language }
    }

    /// The tag of the language (RFC 5646).
    pub fn tag(self) -> &'static str {
        match self.language {
            Language::English => "en",
            Language::French => "fr",
        }
    }

    /// A word or sentence in this language.
    pub fn of(self, english: &str) -> &str {
        match self.language {
            Language::English => english,
            Language::French => FRENCH.iter().find(|(key, _)| *key == english).map_or(english, |(_, french)| french),
        }
    }

    /// The same with `{}` replaced by a text.
    pub fn with(self, english: &str, text: &str) -> String {
        self.of(english).replacen("{}", text, 1)
    }

    /// `1 core`, `2 cores`.
    pub fn count(self, count: usize, one: &str, many: &str) -> String {
        // In French 0 is singular.
        let is_one = count == 1 || (count == 0 && self.language == Language::French);
        format!("{count} {}", self.of(if is_one { one } else { many }))
    }

    /// A span in its two largest units.
    pub fn duration(self, seconds: f64) -> String {
        let text = units::duration(seconds);
        match self.language {
            Language::English => text,
            Language::French => text.replace(" d", " j"),
        }
    }

    /// A day of the week, from `1` (Monday) to `7`.
    pub fn weekday(self, number: &str) -> &'static str {
        let names = match self.language {
            Language::English => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            Language::French => ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
        };
        number.parse::<usize>().ok().and_then(|at| names.get(at.wrapping_sub(1)).copied()).unwrap_or_default()
    }

    /// A month, from `01` to `12`.
    pub fn month(self, number: &str) -> &'static str {
        let names = match self.language {
            Language::English => ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
            Language::French => {
                ["janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
            }
        };
        number.parse::<usize>().ok().and_then(|at| names.get(at.wrapping_sub(1)).copied()).unwrap_or_default()
    }

    /// A moment for people. With its day, always: a page is also read on another day than it was made.
    pub fn moment(self, time: DateTime<Utc>, now: DateTime<Utc>) -> String {
        let day = local_form(time, "%d");
        let month = self.month(&local_form(time, "%m"));
        let year = if local_form(time, "%Y") == local_form(now, "%Y") { "" } else { &local_form(time, " %Y") };
        format!("{} {month}{year} {}", day.trim_start_matches('0'), local_form(time, "%H:%M"))
    }

    /// A moment that nobody can mistake: `2026-11-20 21:40 +00:00`.
    pub fn exact(self, time: DateTime<Utc>) -> String {
        format!("{} {}", local_minute(time), zone_name(time))
    }

    /// The mark before decimals.
    pub fn dot(self) -> &'static str {
        if self.language == Language::French { "," } else { "." }
    }

    /// The sign of a byte.
    pub fn byte(self) -> &'static str {
        if self.language == Language::French { "o" } else { "B" }
    }

    /// The sign of a day.
    pub fn day(self) -> &'static str {
        if self.language == Language::French { "j" } else { "d" }
    }

    /// A text of numbers and units, as this language writes it: `1.5 GiB`, `1,5 Gio`.
    pub fn figures(self, text: &str) -> String {
        if self.language == Language::English {
            return text.to_string();
        }
        let bytes = |part: &str| match part.strip_suffix("/s").unwrap_or(part) {
            "B" | "KiB" | "MiB" | "GiB" | "TiB" | "PiB" => part.replacen('B', "o", 1),
            number if number.starts_with(|c: char| c.is_ascii_digit()) => part.replace('.', ","),
            _ => part.to_string(),
        };
        text.split(' ').map(bytes).collect::<Vec<_>>().join(" ")
    }

    /// A title: what osmon ships is in this language, what a person wrote is as it is.
    pub fn title(self, title: &str) -> String {
        let french = (self.language == Language::French).then(|| model::title::french(title)).flatten();
        french.unwrap_or_else(|| title.to_string())
    }

    /// The same of what a rule says.
    pub fn message(self, message: &str) -> String {
        let french = || model::message::french(message, |value| self.figures(value));
        (self.language == Language::French).then(french).flatten().unwrap_or_else(|| message.to_string())
    }

    /// A number ([`units::short`]).
    pub fn short(self, value: f64) -> String {
        self.figures(&units::short(value))
    }

    /// Bytes ([`units::bytes`]).
    pub fn bytes(self, value: f64) -> String {
        self.figures(&units::bytes(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_counts_and_keeps_its_places() {
        let french = Words::new(Language::French);
        assert_eq!(french.count(0, "problem", "problems"), "0 problème");
        assert_eq!(Words::new(Language::English).count(0, "problem", "problems"), "0 problems");
        assert_eq!(french.with("full in {}", &french.duration(367_200.0)), "plein dans 4 j 6 h");
        assert_eq!(french.figures("1.5 GiB/s 512 B 97.2 % B.5"), "1,5 Gio/s 512 o 97,2 % B.5");
        assert_eq!(Words::new(Language::English).bytes(1_610_612_736.0), "1.5 GiB");
        for (english, french) in FRENCH {
            assert_eq!(english.matches("{}").count(), french.matches("{}").count(), "{english}");
            assert_eq!(FRENCH.iter().filter(|(key, _)| key == english).count(), 1, "{english} stands there twice");
        }
    }
}
