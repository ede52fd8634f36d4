//! How bad a finding is, from what scanners say: a CVSS vector, a score, or a word.
//!
//! What is more exact goes first: the vector, then the score, then the word. CVSS 4.0, 3.1, 3.0 and 2.0 are read; all are
//! put into the five severities by the bounds of CVSS 3 (version 2 knows no critical, its scores of 9.0 and more are so
//! here).
//!
//! Source: CVSS v3.1 specification, section 5, and v4.0 specification, section 6: none 0.0, low from 0.1, medium from 4.0,
//! high from 7.0, critical from 9.0.

use std::str::FromStr;

use super::Severity;

/// The longest vector that is read, in bytes: one of version 4.0 with all metrics has less than 300.
const LONGEST_VECTOR: usize = 400;

/// The severity of a CVSS base score in tenths.
pub fn of_score(tenths: u8) -> Severity {
    match tenths {
        0 => Severity::Info,
        1..=39 => Severity::Low,
        40..=69 => Severity::Medium,
        70..=89 => Severity::High,
        _ => Severity::Critical,
    }
}

/// The severity that a word stands for, in any case; none if it is not known.
pub fn of_word(word: &str) -> Option<Severity> {
    Some(match word.trim().to_lowercase().as_str() {
        "critical" | "blocker" | "severe" => Severity::Critical,
        "high" | "error" | "important" | "major" => Severity::High,
        "medium" | "moderate" | "warning" | "warn" => Severity::Medium,
        "low" | "minor" | "note" | "recommendation" => Severity::Low,
        "info" | "informational" | "information" | "none" | "negligible" | "unknown" | "untriaged" => {
            Severity::Info
        }
        _ => return None,
    })
}

/// A score as scanners write it, for example `9.8`, in tenths; none if it is no number from 0 to 10.
pub fn tenths(score: f64) -> Option<u8> {
    if !(0.0..=10.0).contains(&score) {
        return None;
    }
    let rounded = (score * 10.0).round();
    (0..=100_u8).find(|tenths| (f64::from(*tenths) - rounded).abs() < 0.5)
}

/// The metrics that a vector of each version must have; without one of them it says nothing.
///
/// Source: CVSS v2.0 guide, section 2.1; v3.1 specification, section 6; v4.0 specification, section 7.
const MANDATORY: [(&str, &[&str]); 3] = [
    ("CVSS:3.", &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
    ("CVSS:4.", &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]),
    ("", &["AV", "AC", "Au", "C", "I", "A"]),
];

/// The score of a CVSS vector in tenths; none if it is not one.
pub fn of_vector(vector: &str) -> Option<u8> {
    let vector = vector.trim().trim_start_matches('(').trim_end_matches(')');
    if vector.len() > LONGEST_VECTOR || !vector.is_ascii() {
        return None;
    }
    let (_, mandatory) = MANDATORY.iter().find(|(beginning, _)| vector.starts_with(beginning))?;
    let has = |name: &&str| vector.split('/').any(|metric| metric.split(':').next() == Some(name));
    if !mandatory.iter().all(has) {
        return None;
    }
    let parsed = cvss::Cvss::from_str(vector).ok()?;
    tenths(parsed.score())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Severity, of_score, of_vector, of_word, tenths};

    #[test]
    fn vectors_of_each_version_have_the_scores_of_their_specification() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Some(100)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(98)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Some(0)),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", Some(100)),
            ("(AV:N/AC:L/Au:N/C:P/I:P/A:P)", Some(75)),
            ("CVSS:3.1/AV:N", None),
            ("CVSS:9.9/AV:N", None),
            ("", None),
        ] {
            assert_eq!(of_vector(vector), score, "{vector}");
        }
    }

    #[test]
    fn scores_and_words_fall_into_the_five_severities() {
        let bounds = [(0, Severity::Info), (1, Severity::Low), (39, Severity::Low), (40, Severity::Medium)];
        for (score, severity) in bounds.into_iter().chain([(69, Severity::Medium), (70, Severity::High)]) {
            assert_eq!(of_score(score), severity, "{score}");
        }
        assert_eq!(
            (of_score(89), of_score(90), of_score(100)),
            (Severity::High, Severity::Critical, Severity::Critical)
        );
        assert_eq!(
            (tenths(9.8), tenths(0.04), tenths(10.1), tenths(f64::NAN)),
            (Some(98), Some(0), None, None)
        );
        assert_eq!(
            (of_word("MODERATE"), of_word(" Error"), of_word("odd")),
            (Some(Severity::Medium), Some(Severity::High), None)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_vector_fail(text in "(CVSS:[234]\\.[01]/)?([A-Z]{1,3}:[A-Z]/?){0,14}.{0,9}") {
            let _ = of_vector(&text);
        }
    }
}
