//! Instants in a query: epoch milliseconds, dates in the caller's time zone, and relative ones.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::clock::plus_seconds;

/// The instant that a value means for a caller in `zone`.
pub(crate) fn instant(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.trim();
    relative(text, now).or_else(|| epoch(text)).or_else(|| civil(text, zone))
}

/// `-30d`, `4w`, `-1h 30m`: weeks, days, hours and minutes from now.
fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (sign, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds = 0_i64;
    for part in magnitude.split_whitespace() {
        let unit = part.chars().last()?;
        let count: i64 = part[..part.len() - unit.len_utf8()].parse().ok()?;
        let each = match unit {
            'w' => 604_800,
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            _ => return None,
        };
        seconds = seconds.checked_add(count.checked_mul(each)?)?;
    }
    (!magnitude.is_empty()).then(|| plus_seconds(now, sign * seconds))
}

fn epoch(text: &str) -> Option<Timestamp> {
    let millis: i64 = text.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}

/// `2026-01-31`, `2026/01/31`, each with or without ` 13:05`. Seconds do not exist here.
fn civil(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let text = text.replace('/', "-");
    let full = if text.contains(' ') || text.contains('T') { text } else { format!("{text} 00:00") };
    let local = DateTime::strptime("%Y-%m-%d %H:%M", full.replace('T', " ")).ok()?;
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

/// The start of the caller's day, week, month or year, or the end of it.
pub(crate) fn function(name: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let local = now.to_zoned(zone.clone());
    let name = name.to_ascii_lowercase();
    let start = match name.as_str() {
        "now" => return Some(now),
        "startofday" => local.start_of_day().ok()?,
        "endofday" => local.end_of_day().ok()?,
        "startofweek" => {
            let back = local.weekday().to_sunday_zero_offset();
            local.checked_sub(jiff::Span::new().days(i64::from(back))).ok()?.start_of_day().ok()?
        }
        "startofmonth" => local.first_of_month().ok()?.start_of_day().ok()?,
        "startofyear" => local.first_of_year().ok()?.start_of_day().ok()?,
        _ => return None,
    };
    Some(start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_the_callers_zone_and_with_minutes_only() {
        let now: Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let read = |text: &str| instant(text, now, &zone).map(|instant| instant.to_string());
        assert_eq!(read("2026-06-15 14:30").as_deref(), Some("2026-06-15T12:30:00Z"));
        assert_eq!(read("2026/01/15").as_deref(), Some("2026-01-14T23:00:00Z"));
        assert_eq!(read("-1w").as_deref(), Some("2026-06-08T12:00:00Z"));
        assert_eq!(read("-1d 2h").as_deref(), Some("2026-06-14T10:00:00Z"));
        assert_eq!(read("1781524800000").as_deref(), Some("2026-06-15T12:00:00Z"));
        for wrong in ["", "-", "tomorrow", "2026-13-01", "2026-06-15 14:30:00", "3y"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
