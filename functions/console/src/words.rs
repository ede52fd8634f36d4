//! Figures and days in words, as all pages write them.

use jiff::civil::Date;

pub use crate::plot::thousands as number;

/// A figure, however a template hands it over: by value or by reference.
pub trait Figure {
    /// The figure.
    fn figure(&self) -> u64;
}

impl Figure for u64 {
    fn figure(&self) -> u64 {
        *self
    }
}

impl<F: Figure> Figure for &F {
    fn figure(&self) -> u64 {
        (*self).figure()
    }
}

/// So many of something: `1 person`, `1 200 people`.
pub fn count(count: u64, one: &str, many: &str) -> String {
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
    use super::{count, day};

    #[test]
    fn figures_and_days_are_easy_to_read() {
        assert_eq!(
            (count(1, "person", "people"), count(0, "person", "people")),
            ("1 person".into(), "0 people".into())
        );
        assert_eq!(day(jiff::civil::date(2026, 3, 1)), "1 Mar 2026");
    }
}
