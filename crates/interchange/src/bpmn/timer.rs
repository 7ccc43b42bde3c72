//! Durations of ISO 8601, as far as the language has their units.

use crate::outline::Span;

/// Longest duration that is read, in its unit.
const AMOUNT_MAX: u32 = 10_000;

/// A duration such as `P30D`. BPMN means elapsed time; which time counts, the source does not say.
pub(crate) fn duration(text: &str) -> Option<Span> {
    let text = text.trim();
    let source = text.to_owned();
    let rest = text.strip_prefix('P')?;
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    let date = parts(date, "YMWD")?;
    let time = match time {
        Some(time) => parts(time, "HMS").filter(|parts| !parts.is_empty())?,
        None => Vec::new(),
    };
    let is_nothing = date.iter().chain(&time).all(|(amount, _)| *amount == 0);
    if is_nothing {
        return None;
    }
    let amount = match (date.as_slice(), time.is_empty()) {
        ([(amount, 'D')], true) => Some(*amount),
        ([(amount, 'W')], true) => amount.checked_mul(7).filter(|days| *days <= AMOUNT_MAX),
        // Hours, months and mixtures have no single amount in days.
        (_, _) => None,
    };
    Some(Span { amount, unit: None, source })
}

/// Numbers with their letters, each letter of `units` at most once and in that order.
fn parts(text: &str, units: &str) -> Option<Vec<(u32, char)>> {
    let mut found = Vec::new();
    let mut units = units.chars();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = rest[end..].chars().next()?;
        let amount: u32 = rest[..end].parse().ok().filter(|amount| *amount <= AMOUNT_MAX)?;
        units.find(|known| *known == unit)?;
        found.push((amount, unit));
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_and_weeks_have_an_amount_and_everything_else_only_words() {
        let amount = |text| duration(text).map(|span| span.amount);
        assert_eq!(amount("P30D"), Some(Some(30)));
        assert_eq!(amount(" P2W "), Some(Some(14)));
        assert_eq!(amount("PT24H"), Some(None));
        assert_eq!(amount("P1M"), Some(None));
        assert_eq!(amount("P1DT12H"), Some(None));
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in [
            "",
            "P",
            "PT",
            "P0D",
            "30D",
            "P1H",
            "PT1D",
            "P1D1D",
            "P-1D",
            "${days}",
            "P99999D",
            "P1.5D",
            "PT1é",
            "2026-01-01T00:00:00Z",
            "R3/P1D",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
