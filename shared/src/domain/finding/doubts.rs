//! Doubts about findings, as check B9 tells them.

use crate::evidence::Gap;

/// How many are told one by one.
const MOST_TOLD: usize = 20;

/// Why what was reported cannot be relied on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Doubts {
    told: Vec<String>,
    more: u64,
}

impl Doubts {
    /// Adds further ones.
    pub fn extend(&mut self, doubts: impl IntoIterator<Item = String>) {
        for doubt in doubts {
            if self.told.len() < MOST_TOLD {
                self.told.push(doubt);
            } else {
                self.more += 1;
            }
        }
    }

    /// The first ones in words, and how many more there are.
    pub fn words(self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("there are {} further doubts of this kind", self.more));
        self.told.into_iter().chain(more).collect()
    }

    /// The same as gaps of a check's evidence.
    pub fn gaps(self) -> Vec<Gap> {
        self.words().into_iter().map(|detail| Gap::Unreported { detail }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Doubts;

    #[test]
    fn twenty_doubts_are_told_and_the_others_counted() {
        let mut doubts = Doubts::default();
        doubts.extend((1..=53).map(|number| number.to_string()));
        let words = doubts.words();
        assert_eq!((words.len(), words[19].as_str()), (21, "20"));
        assert_eq!(words[20], "there are 33 further doubts of this kind");
    }
}
