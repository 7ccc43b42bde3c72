//! The time of a decision, as it stands in a header (key `at`).

use std::fmt;

use crate::HeaderError;

/// An instant in UTC with microseconds, written `YYYY-MM-DDThh:mm:ss.ffffffZ`: 27 characters, years
/// 0000 to 9999, seconds 00 to 59.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At(i64);

const DAY_US: i64 = 86_400_000_000;
/// 0000-01-01T00:00:00.000000Z and 9999-12-31T23:59:59.999999Z, in microseconds from 1970.
const MIN_US: i64 = -719_528 * DAY_US;
const MAX_US: i64 = 2_932_897 * DAY_US - 1;
const NOT_AT: HeaderError = HeaderError::Member { key: "at" };

impl At {
    /// The instant `micros` microseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`HeaderError::Member`] outside the years 0000 to 9999.
    pub const fn from_micros(micros: i64) -> Result<Self, HeaderError> {
        if micros < MIN_US || micros > MAX_US { Err(NOT_AT) } else { Ok(Self(micros)) }
    }

    /// Microseconds after 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads exactly the 27 characters that [`At`] writes.
    ///
    /// # Errors
    /// [`HeaderError::Member`] for any other text, and for a date that does not exist.
    pub fn parse(text: &str) -> Result<Self, HeaderError> {
        const SHAPE: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";
        let bytes = text.as_bytes();
        let fits = |(byte, shape): (&u8, &u8)| match shape {
            b'0' => byte.is_ascii_digit(),
            mark => byte == mark,
        };
        if bytes.len() != SHAPE.len() || !bytes.iter().zip(SHAPE).all(fits) {
            return Err(NOT_AT);
        }
        let number = |from: usize, to: usize| {
            bytes[from..to].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
        };
        let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
        let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
        let days = days_from_date(year, month, day);
        if date_from_days(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
            return Err(NOT_AT);
        }
        let seconds = hour * 3600 + minute * 60 + second;
        Ok(Self(days * DAY_US + seconds * 1_000_000 + number(20, 26)))
    }

    /// The 27 ASCII characters.
    pub(crate) fn text(self) -> [u8; 27] {
        let (year, month, day) = date_from_days(self.0.div_euclid(DAY_US));
        let micros = self.0.rem_euclid(DAY_US);
        let seconds = micros / 1_000_000;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        put(&mut text[0..4], year);
        put(&mut text[5..7], month);
        put(&mut text[8..10], day);
        put(&mut text[11..13], seconds / 3600);
        put(&mut text[14..16], seconds / 60 % 60);
        put(&mut text[17..19], seconds % 60);
        put(&mut text[20..26], micros % 1_000_000);
        text
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).expect("digits and marks are ASCII"))
    }
}

fn put(places: &mut [u8], mut number: i64) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).expect("parts of a time are not negative");
        number /= 10;
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that
/// begin in March, so that the leap day ends a year. A month or day out of range gives some other
/// day.
fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_date`].
fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_and_the_last_instant_are_written_and_read() {
        for (micros, text) in [
            (MIN_US, "0000-01-01T00:00:00.000000Z"),
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (MAX_US, "9999-12-31T23:59:59.999999Z"),
        ] {
            let at = At::from_micros(micros).expect("within the years");
            assert_eq!(at.to_string(), text);
            assert_eq!(At::parse(text), Ok(at));
        }
        assert_eq!(At::from_micros(MIN_US - 1), Err(NOT_AT));
        assert_eq!(At::from_micros(MAX_US + 1), Err(NOT_AT));
    }

    #[test]
    fn dates_that_do_not_exist_and_other_spellings_are_refused() {
        for bad in [
            "",
            "2026-02-29T00:00:00.000000Z",
            "1900-02-29T00:00:00.000000Z",
            "2026-00-10T00:00:00.000000Z",
            "2026-13-10T00:00:00.000000Z",
            "2026-01-00T00:00:00.000000Z",
            "2026-04-31T00:00:00.000000Z",
            "2026-01-01T24:00:00.000000Z",
            "2026-01-01T00:60:00.000000Z",
            "2026-01-01T00:00:60.000000Z",
            "2026-01-01T00:00:00.00000Z",
            "2026-01-01T00:00:00.0000000Z",
            "2026-01-01t00:00:00.000000Z",
            "2026-01-01T00:00:00.000000z",
            "2026-01-01 00:00:00.000000Z",
            "2026-01-01T00:00:00,000000Z",
            "+026-01-01T00:00:00.000000Z",
        ] {
            assert_eq!(At::parse(bad), Err(NOT_AT), "{bad:?}");
        }
        assert!(At::parse("2000-02-29T00:00:00.000000Z").is_ok());
    }

    proptest! {
        #[test]
        fn every_instant_is_written_as_the_time_library_writes_it(
            micros in MIN_US..=MAX_US - DAY_US
        ) {
            let at = At::from_micros(micros).expect("within the years");
            let stamp = jiff::Timestamp::from_microsecond(micros).expect("within the years");
            prop_assert_eq!(at.to_string(), format!("{stamp:.6}"));
            prop_assert_eq!(At::parse(&at.to_string()), Ok(at));
        }
    }
}
