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
}

impl std::fmt::Display for Badge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tone = match self.tone {
            Tone::Good => "good",
            Tone::Bad => "bad",
            Tone::Unsure => "unsure",
            Tone::Idle => "idle",
            Tone::Busy => "busy",
        };
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
