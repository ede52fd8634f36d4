//! Moments, in the zone of whoever looks, with the exact one in UTC at hand.

use askama::filters::HtmlSafe;
use assay::clock::seconds_between;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment, to be written into a template as it is: `{{ frame.time(check.evaluated_at) }}`.
#[derive(Clone, Debug)]
pub struct Moment {
    at: Option<Timestamp>,
    shown: String,
}

impl Moment {
    /// No moment, told in words.
    pub fn none(shown: &str) -> Self {
        Self { at: None, shown: shown.to_owned() }
    }

    /// As date and time of the zone: `29 Nov 2026, 12:45`.
    pub fn in_zone(at: Timestamp, zone: &TimeZone) -> Self {
        Self { at: Some(at), shown: at.to_zoned(zone.clone()).strftime("%-d %b %Y, %H:%M").to_string() }
    }

    /// As how long ago it was, or how soon it comes: `3 minutes ago`, `in 2 days`. From 30 days on as a date.
    pub fn seen_from(now: Timestamp, at: Timestamp, zone: &TimeZone) -> Self {
        let seconds = seconds_between(at, now);
        let (amount, unit) = match seconds.unsigned_abs() {
            0..60 => (0, ""),
            it @ 60..3600 => (it / 60, "minute"),
            it @ 3600..86400 => (it / 3600, "hour"),
            it if it < 30 * 86400 => (it / 86400, "day"),
            _ => return Self::in_zone(at, zone),
        };
        let plural = if amount == 1 { "" } else { "s" };
        let shown = match (amount, seconds < 0) {
            (0, true) => "in a moment".to_owned(),
            (0, false) => "just now".to_owned(),
            (_, true) => format!("in {amount} {unit}{plural}"),
            (_, false) => format!("{amount} {unit}{plural} ago"),
        };
        Self { at: Some(at), shown }
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown =
            askama::filters::escape(&self.shown, askama::filters::Html).map_err(|_| std::fmt::Error)?;
        let Some(at) = self.at else {
            return write!(formatter, "<span class=\"quiet\">{shown}</span>");
        };
        let exact = at.strftime("%Y-%m-%d %H:%M:%S UTC");
        write!(formatter, "<time datetime=\"{at}\" title=\"{exact}\">{shown}</time>")
    }
}

// It is made of numbers, and of words that it escapes.
impl HtmlSafe for Moment {}

/// The zone that a browser or a person named; none if the time zone database has none of that name.
pub fn zone(name: &str) -> Option<TimeZone> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    (name.len() <= 64 && name.bytes().all(plain)).then(|| TimeZone::get(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Moment, zone};

    #[test]
    fn a_moment_is_shown_in_its_zone_with_the_exact_one_at_hand() {
        let moment =
            Moment::in_zone("2026-03-29T01:30:05.5Z".parse().unwrap(), &zone("Europe/Berlin").unwrap());
        assert_eq!(
            moment.to_string(),
            "<time datetime=\"2026-03-29T01:30:05.5Z\" title=\"2026-03-29 01:30:05 UTC\">29 Mar 2026, 03:30</time>"
        );
        for name in ["", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\0", &"a".repeat(65)] {
            assert!(zone(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn the_words_in_the_place_of_a_moment_cannot_become_markup() {
        let shown = Moment::none("<img src=x>").to_string();
        assert_eq!(shown, "<span class=\"quiet\">&#60;img src=x&#62;</span>");
    }

    #[test]
    fn what_is_near_is_told_by_its_distance() {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        for (seconds, shown) in [
            (0, "just now"),
            (-59, "just now"),
            (-60, "1 minute ago"),
            (-7199, "1 hour ago"),
            (-2 * 86400, "2 days ago"),
            (1, "in a moment"),
            (3600, "in 1 hour"),
            (-30 * 86400, "2 May 2026, 00:00"),
        ] {
            let at = assay::clock::after(now, seconds);
            let moment = Moment::seen_from(now, at, &zone("UTC").unwrap());
            assert_eq!(moment.shown, shown, "{seconds}");
        }
    }
}
