//! Dates of the metadata: days in UTC, without a time.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, counted from 1 January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i32);

impl Date {
    /// The day of a time in seconds since the epoch.
    pub fn of(seconds: i64) -> Self {
        let day = seconds.div_euclid(86_400);
        Self(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Reads `YYYY-MM-DD`. What follows, such as a time, is ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            let all = digits.bytes().all(|digit| digit.is_ascii_digit());
            all.then(|| digits.parse::<i32>().ok()).flatten()
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let dashed = text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
        let ended = text.as_bytes().get(10).is_none_or(|next| !next.is_ascii_digit());
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (dashed && ended && (1..=days).contains(&day)).then(|| Self(days_from_civil(year, month, day)))
    }
}

/// Counts from 1 March, so that a leap day is the last of its year.
fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // From 1 March of the year 0, in eras of 400 years.
        let days = i64::from(self.0) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let of_years = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * of_years + of_years / 4 - of_years / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = of_years + era * 400 + i64::from(month <= 2);
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a date"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Date;

    #[test]
    fn days_are_counted_from_1970() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("1970-01-02", 86_400),
            ("1969-12-31", -1),
            ("2000-02-29", 951_782_400),
            ("2024-12-31", 1_735_603_200),
            ("2026-08-25", 1_787_616_000),
            ("2100-03-01", 4_107_542_400),
        ] {
            let date = Date::parse(text).unwrap();
            assert_eq!(date, Date::of(seconds), "{text}");
            assert_eq!(date.to_string(), text);
        }
        let mut day = Date::parse("1896-02-27").unwrap();
        // Every day of 250 years is written as it is read, and follows the one before it.
        for _ in 0..91_310 {
            let next = Date(day.0 + 1);
            assert_eq!(Date::parse(&next.to_string()).unwrap(), next);
            day = next;
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2024",
            "2024-1-01",
            "2024-13-01",
            "2024-00-01",
            "2024-02-30",
            "2023-02-29",
            "2100-02-29",
            "2024-01-00",
            "2024/01/01",
            "+024-01-01",
            "2024-01-011",
            "２024-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Date::parse("2024-01-01T10:00:00Z"), Date::parse("2024-01-01"));
        assert_eq!(Date::of(i64::MAX), Date(i32::MAX));
        assert_eq!(Date::of(i64::MIN), Date(i32::MIN));
    }
}
