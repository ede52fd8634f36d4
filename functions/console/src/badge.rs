//! A state as a word with a shape, never as a colour alone.

use askama::filters::HtmlSafe;

/// What a state means to whoever looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tone {
    /// All is well: a disc with a tick.
    Good,
    /// Something is to be done: a square with a cross.
    Bad,
    /// Nobody can tell, or it soon goes wrong: a triangle.
    Unsure,
    /// It does not matter now: a ring.
    Idle,
    /// Work goes on: a half-filled ring.
    Busy,
}

/// A state, to be written into a template as it is: `{{ badge }}`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Badge {
    tone: Tone,
    word: String,
}

impl Badge {
    /// A state with its word, which may come from outside.
    pub fn new(tone: Tone, word: impl Into<String>) -> Self {
        Self { tone, word: word.into() }
    }

    /// Its word.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// Its shape alone, where the word stands beside it: in a row of many.
    pub fn shape(&self) -> Shape {
        Shape(self.tone)
    }
}

/// The shape of a state without its word, hidden from who cannot see it: whatever holds it says the word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shape(Tone);

impl std::fmt::Display for Shape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tone = self.0.name();
        write!(
            formatter,
            "<svg class=\"shape {tone}\" aria-hidden=\"true\"><use href=\"#mark-{tone}\"></use></svg>"
        )
    }
}

// All of it is ours.
impl HtmlSafe for Shape {}

impl Tone {
    /// How the style sheet and the marks call it.
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unsure => "unsure",
            Self::Idle => "idle",
            Self::Busy => "busy",
        }
    }
}

impl std::fmt::Display for Badge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tone = self.tone.name();
        write!(
            formatter,
            "<span class=\"badge {tone}\"><svg aria-hidden=\"true\"><use href=\"#mark-{tone}\"></use></svg>{}</span>",
            askama::filters::escape(&self.word, askama::filters::Html).map_err(|_| std::fmt::Error)?
        )
    }
}

// What it writes is ours, but for the word, which it escapes.
impl HtmlSafe for Badge {}

#[cfg(test)]
mod tests {
    use super::{Badge, Tone};

    #[test]
    fn the_word_of_a_badge_cannot_become_markup() {
        let shown = Badge::new(Tone::Bad, "\"><img src=x>").to_string();
        assert!(!shown.contains("<img") && shown.contains("badge bad"), "{shown}");
    }
}
