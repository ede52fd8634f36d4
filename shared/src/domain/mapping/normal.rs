//! One form for each value: the one in which it is written, and in which it is read back.
//!
//! Without it `3` and `3.0`, or a text with a line break and one without, would be two values: what is stored, what is
//! wanted and what the issue says would never agree.

use std::collections::BTreeSet;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use super::FieldValue;
use crate::ticket::content::one_line;

/// The longest line and the longest label, in characters.
///
/// Source: jira-facts 9 for the summary; custom fields with one line of text take as much.
const LONGEST_LINE: usize = 255;

/// Numbers beyond this are no whole ones any more: 2 to the power of 53.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

impl FieldValue {
    /// The value in its one form; none if it says nothing, so that there is nothing to write.
    #[must_use]
    pub fn normal(self) -> Option<Self> {
        let texts = |texts: BTreeSet<String>| {
            let texts: BTreeSet<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            Some(texts).filter(|texts| !texts.is_empty())
        };
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        match self {
            Self::Line(line) => text(one_line(&line, LONGEST_LINE)).map(Self::Line),
            Self::Paragraphs(paragraphs) => {
                let lines = paragraphs.iter().flat_map(|text| text.split(['\n', '\r']));
                let lines: Vec<String> = lines.map(plain).filter(|line| !line.is_empty()).collect();
                Some(lines).filter(|lines| !lines.is_empty()).map(Self::Paragraphs)
            }
            Self::Number(number) => Some(Self::Number(whole(number))),
            Self::DateTime(moment) => Some(Self::DateTime(in_milliseconds(moment))),
            Self::Labels(labels) => {
                texts(labels.iter().map(|label| one_word(label)).collect()).map(Self::Labels)
            }
            Self::Options(ids) => texts(ids).map(Self::Options),
            Self::Groups(ids) => texts(ids).map(Self::Groups),
            Self::Versions(ids) => texts(ids).map(Self::Versions),
            Self::Components(ids) => texts(ids).map(Self::Components),
            Self::Users(accounts) => Some(accounts).filter(|accounts| !accounts.is_empty()).map(Self::Users),
            Self::Option(id) => text(id).map(Self::Option),
            Self::Group(id) => text(id).map(Self::Group),
            Self::Priority(id) => text(id).map(Self::Priority),
            Self::Version(id) => text(id).map(Self::Version),
            Self::Cascading { option, below } => {
                let below = below.and_then(text);
                text(option).map(|option| Self::Cascading { option, below })
            }
            Self::Date(_) | Self::User(_) | Self::Parent(_) | Self::Sprint(_) => Some(self),
        }
    }
}

/// `text` without control characters and what is no character, and without space at its ends.
fn plain(text: &str) -> String {
    let is_character = |character: &char| !matches!(character, '\u{fffe}' | '\u{ffff}');
    let characters = text.chars().filter(is_character);
    let plain: String = characters.map(|it| if it.is_control() { ' ' } else { it }).collect();
    plain.trim().to_owned()
}

/// A label has no spaces.
fn one_word(label: &str) -> String {
    one_line(label, LONGEST_LINE).replace(|character: char| character.is_whitespace(), "-")
}

/// A number that is whole as such, whether it was written `3` or `3.0`.
fn whole(number: serde_json::Number) -> serde_json::Number {
    let as_float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < LARGEST_WHOLE);
    let digits = as_float.map(|float| format!("{float:.0}"));
    digits.and_then(|digits| digits.parse::<i64>().ok()).map_or(number, serde_json::Number::from)
}

/// Jira keeps no more than milliseconds.
fn in_milliseconds(moment: Timestamp) -> Timestamp {
    let rounding = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor);
    moment.round(rounding).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::FieldValue;

    fn normal(value: FieldValue) -> FieldValue {
        value.normal().unwrap()
    }

    #[test]
    fn a_value_has_one_form_however_it_was_written() {
        let number = |text: &str| normal(FieldValue::Number(serde_json::from_str(text).unwrap()));
        assert_eq!((number("3"), number("-0.0")), (number("3.0"), number("0")));
        assert_ne!(number("3"), number("3.5"));
        let line = FieldValue::Line(" a\n b ".to_owned());
        assert_eq!(normal(line), FieldValue::Line("a b".to_owned()));
        let paragraphs = ["a\r\n b\u{7}", "", " "].map(str::to_owned).to_vec();
        let expected = FieldValue::Paragraphs(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(normal(FieldValue::Paragraphs(paragraphs)), expected);
        let moment = |text: &str| normal(FieldValue::DateTime(text.parse().unwrap()));
        assert_eq!(moment("2026-01-02T03:04:05.6789Z"), moment("2026-01-02T03:04:05.678Z"));
        let labels = FieldValue::Labels(["a b".to_owned(), String::new()].into());
        assert_eq!(normal(labels), FieldValue::Labels(["a-b".to_owned()].into()));
    }

    #[test]
    fn a_value_that_says_nothing_is_none() {
        for value in [
            FieldValue::Line(" ".to_owned()),
            FieldValue::Paragraphs(vec!["\n".to_owned()]),
            FieldValue::Options([].into()),
            FieldValue::Users([].into()),
            FieldValue::Labels([String::new()].into()),
            FieldValue::Option(String::new()),
            FieldValue::Cascading { option: String::new(), below: Some("1".to_owned()) },
        ] {
            assert_eq!(value.clone().normal(), None, "{value:?}");
        }
    }
}
