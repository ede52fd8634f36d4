//! Figures for people.

use std::borrow::Borrow;

/// A count with its thousands parted: `12,345`. (Templates give references.)
pub fn figure(count: impl Borrow<u64>) -> String {
    let digits = count.borrow().to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A count with what is counted: `1 finding`, `2 findings`.
pub fn counted(count: impl Borrow<u64>, one: &str, many: &str) -> String {
    let count = *count.borrow();
    format!("{} {}", figure(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::{counted, figure};

    #[test]
    fn thousands_are_parted() {
        for (count, shown) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(figure(count), shown);
        }
        assert_eq!(counted(1, "day", "days"), "1 day");
        assert_eq!(counted(2000, "day", "days"), "2,000 days");
    }
}
