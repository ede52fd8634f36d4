//! Figures and days in words, as all pages write them.

use std::borrow::Borrow;
use std::fmt::Display;

use jiff::civil::Date;

/// A whole number with narrow spaces between its thousands.
pub fn number(number: impl Display) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

/// So many of something: `1 person`, `1 200 people`.
pub fn count(count: impl Borrow<u64>, one: &str, many: &str) -> String {
    let count = *count.borrow();
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A day: `29 Nov 2026`.
pub fn day(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

/// A day, or other words where there is none.
pub fn day_or(date: Option<Date>, otherwise: &str) -> String {
    date.map_or_else(|| otherwise.to_owned(), day)
}

#[cfg(test)]
mod tests {
    use super::{count, day, number};

    #[test]
    fn thousands_are_set_apart() {
        for (figure, shown) in
            [(0, "0"), (999, "999"), (1000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")]
        {
            assert_eq!(number(figure), shown);
        }
    }

    #[test]
    fn figures_and_days_are_easy_to_read() {
        assert_eq!(
            (count(1, "person", "people"), count(0, "person", "people")),
            ("1 person".into(), "0 people".into())
        );
        assert_eq!(day(jiff::civil::date(2026, 3, 1)), "1 Mar 2026");
    }
}
