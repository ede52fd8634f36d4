//! Names as words that can be compared: in lower case, without accents, without titles.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// How much of a name is read, in characters.
const READ: usize = 200;

/// How many words of a name are compared. Five make ten pairs.
const WORDS: usize = 5;

/// Words that belong to no name.
const TITLES: [&str; 9] = ["mr", "mrs", "ms", "dr", "prof", "dipl", "ing", "phd", "mag"];

/// The shortest word that is made of an initial and a name and still says something.
const SHORTEST_JOINED: usize = 4;

/// The words of a name. Of `Schmidt, Dr. Anna (External)` they are `schmidt` and `anna`; of an e-mail address in the
/// place of a name, those of its first part.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let name = name.split_once('@').map_or(name, |(local, _)| local);
    let words = split(&without_brackets(name));
    let all = if words.is_empty() { split(name) } else { words };
    let without_titles: Vec<String> =
        all.iter().filter(|word| !TITLES.contains(&word.as_str())).cloned().collect();
    // A name that would be hardly anything without its titles keeps them: they may be names after all.
    let mut words = if without_titles.len() < 2 { all } else { without_titles };
    words.truncate(WORDS);
    words
}

/// An e-mail address's first part in one word, with its numbers and without what stands behind a `+`.
pub(super) fn local_joined(email: &str) -> String {
    split(local_part(email)).concat()
}

fn local_part(email: &str) -> &str {
    let local = email.split_once('@').map_or(email, |(local, _)| local);
    local.split('+').next().unwrap_or_default()
}

/// The words of an e-mail address's first part, without numbers at their ends and without what stands behind a `+`.
pub(super) fn local_words(email: &str) -> Vec<String> {
    let words = split(local_part(email)).into_iter();
    let words = words.map(|word| word.trim_end_matches(|last: char| last.is_ascii_digit()).to_owned());
    let mut words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    words.truncate(WORDS);
    words
}

/// A word as it is compared where accents may be written as two letters: `müller`, `mueller` and `muller` are one.
pub(super) fn collapsed(word: &str) -> String {
    let mut text = word.to_owned();
    for (two, one) in [("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a")] {
        if text.contains(two) {
            text = text.replace(two, one);
        }
    }
    text
}

/// Whether a word is one, and no initial.
pub(super) fn is_full(word: &str) -> bool {
    word.chars().nth(1).is_some() || !word.is_ascii()
}

/// A name written together as account names often are: `annaschmidt`, `schmidtanna`, `aschmidt`, `schmidta`, `annas`.
pub(super) fn written_together(names: &[String]) -> Vec<String> {
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return Vec::new() };
    if names.len() < 2 {
        return Vec::new();
    }
    let initial = |word: &str| word.chars().take(1).collect::<String>();
    let all = [
        format!("{first}{last}"),
        format!("{last}{first}"),
        format!("{}{last}", initial(first)),
        format!("{last}{}", initial(first)),
        format!("{first}{}", initial(last)),
    ];
    all.into_iter().filter(|joined| joined.chars().count() >= SHORTEST_JOINED).collect()
}

fn without_brackets(name: &str) -> String {
    let mut depth = 0_usize;
    let mut text = String::with_capacity(name.len());
    for character in name.chars().take(READ) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => text.push(character),
            _ => {}
        }
    }
    text
}

/// The words of a text, each once, folded.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let text: String = text.chars().take(READ).collect();
    let normalizer = DecomposingNormalizerBorrowed::new_nfkd();
    for character in normalizer.normalize(&text).chars().flat_map(char::to_lowercase).chain([' ']) {
        match character {
            // Marks that stand on a letter, and apostrophes within a name.
            '\u{300}'..='\u{36f}' | '\'' | '\u{2019}' | '\u{2bc}' => {}
            'ß' => word.push_str("ss"),
            'æ' => word.push_str("ae"),
            'œ' => word.push_str("oe"),
            'þ' => word.push_str("th"),
            'ø' => word.push('o'),
            'đ' | 'ð' => word.push('d'),
            'ł' => word.push('l'),
            'ħ' => word.push('h'),
            'ı' => word.push('i'),
            letter if letter.is_alphanumeric() => word.push(letter),
            _ if word.is_empty() => {}
            _ => {
                let word = std::mem::take(&mut word);
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{collapsed, local_joined, local_words, name_words, written_together};

    #[test]
    fn a_name_is_its_words_without_accents_titles_and_brackets() {
        for (name, words) in [
            ("Anna Schmidt", vec!["anna", "schmidt"]),
            ("Schmidt, Dr. Anna (External) [X]", vec!["schmidt", "anna"]),
            ("José-María  Núñez", vec!["jose", "maria", "nunez"]),
            ("Łukasz Søren Straße", vec!["lukasz", "soren", "strasse"]),
            ("Sinéad O'Neil", vec!["sinead", "oneil"]),
            ("anna.schmidt@example.com", vec!["anna", "schmidt"]),
            ("Dr. No", vec!["dr", "no"]),
            ("(all in brackets)", vec!["all", "in", "brackets"]),
            ("王小明", vec!["王小明"]),
            ("  -- ", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(name_words(name), words, "{name}");
        }
        assert_eq!(name_words(&"word ".repeat(10_000)), ["word"]);
    }

    #[test]
    fn the_first_part_of_an_address_is_words_too() {
        assert_eq!(local_words("Anna.Schmidt2+jira@example.com"), ["anna", "schmidt"]);
        assert_eq!(local_words("a_schmidt-huber@example.com"), ["a", "schmidt", "huber"]);
        assert_eq!(local_joined("Anna.Schmidt2+jira@example.com"), "annaschmidt2");
        assert_eq!(local_words("42@example.com"), Vec::<String>::new());
    }

    #[test]
    fn accents_written_as_two_letters_are_the_same() {
        for word in ["Müller", "Mueller", "Muller"] {
            assert_eq!(collapsed(&name_words(word)[0]), "muller");
        }
    }

    #[test]
    fn a_name_written_together_has_its_usual_forms() {
        let together = written_together(&name_words("Anna Maria Schmidt"));
        assert_eq!(together, ["annaschmidt", "schmidtanna", "aschmidt", "schmidta", "annas"]);
        assert!(written_together(&name_words("Anna")).is_empty());
    }
}
