//! Jira's ways to write a moment.
//!
//! Source: `2026-09-27T10:03:11.123+0200` in issues (an offset without colon, which RFC 3339 parsers refuse), `Z` in
//! sprints, milliseconds since 1970 in webhooks and work-log feeds.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// Reads a moment in any of Jira's ways.
pub fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit) {
        return Timestamp::from_millisecond(text.parse().ok()?).ok();
    }
    let offset = text.len().checked_sub(5).and_then(|start| text.get(start..))?;
    let has_no_colon =
        offset.starts_with(['+', '-']) && offset.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    if has_no_colon {
        let colon = text.len() - 2;
        return format!("{}:{}", &text[..colon], &text[colon..]).parse().ok();
    }
    text.parse().ok()
}

/// Reads a moment from JSON: text or a number of milliseconds.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Milliseconds(i64),
        Text(String),
    }
    let moment = match Written::deserialize(deserializer)? {
        Written::Milliseconds(milliseconds) => Timestamp::from_millisecond(milliseconds).ok(),
        Written::Text(text) => parse(&text),
    };
    moment.ok_or_else(|| serde::de::Error::custom("not a moment in any way that Jira writes one"))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_way_in_which_jira_writes_a_moment_is_read() {
        let moment = "2026-09-27T08:03:11.123Z".parse().unwrap();
        for text in [
            "2026-09-27T10:03:11.123+0200",
            "2026-09-27T10:03:11.123+02:00",
            "2026-09-27T08:03:11.123Z",
            "2026-09-27T05:03:11.123-0300",
            "1790496191123",
        ] {
            assert_eq!(parse(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_moment_is_refused() {
        for text in [
            "",
            "soon",
            "2026-09-27",
            "+0200",
            "2026-09-27T10:03:11",
            "99999999999999999999",
            "ä+0200",
            "12ä34",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
