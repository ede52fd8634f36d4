//! Text that somebody looks for in names and addresses.

use crate::problem::Problem;

/// The longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// A text to look for, whatever the case of its letters.
#[derive(Debug)]
pub struct Sought(String);

impl Sought {
    /// What the parameter `q` says.
    pub fn of(text: &str) -> Result<Self, Problem> {
        let text = text.trim().to_lowercase();
        if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
            return Err(Problem::invalid("q", format!("q must be 1 to {LONGEST} characters of text")));
        }
        Ok(Self(text))
    }

    /// The text, in lower case.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether it is all of a text.
    pub fn is(&self, text: &str) -> bool {
        text.to_lowercase() == self.0
    }

    /// Whether it stands in one of these texts.
    pub fn in_any(&self, texts: &[Option<&str>]) -> bool {
        texts.iter().flatten().any(|text| text.to_lowercase().contains(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Sought;

    #[test]
    fn text_is_found_in_any_case_and_a_bound_is_kept() {
        let sought = Sought::of(" ANN ").unwrap();
        assert!(sought.in_any(&[None, Some("Hannah")]) && !sought.in_any(&[Some("An n"), None]));
        assert!(sought.is("aNN") && !sought.is("anna"));
        for text in ["", " ", &"x".repeat(101), "a\u{7}"] {
            assert_eq!(Sought::of(text).unwrap_err().field.as_deref(), Some("q"));
        }
    }
}
