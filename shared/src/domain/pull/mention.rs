//! What the texts of a pull request name: tickets by their issues' keys, findings by their ids, another pull request that
//! it takes back.

use std::collections::BTreeSet;

use crate::check::CheckId;
use crate::ids::TaskId;

/// How many keys of one pull request are looked up, at most.
const MOST_KEYS: usize = 20;

/// How many findings one pull request may name, at most.
const MOST_FINDINGS: usize = 100;

/// The longest word that may be a key, in bytes.
const LONGEST_KEY: usize = 64;

/// How long the two parts of a finding's id are ([`crate::finding::id`]).
const PARTS: [usize; 2] = [8, 24];

/// What texts name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mentions {
    /// Words that may be keys of issues, like `SEC-12`.
    pub keys: BTreeSet<String>,
    /// Ids of findings.
    pub findings: BTreeSet<TaskId>,
}

/// What `texts` name; the first texts count first where there is too much. A key stands alone: letters, digits and `_`
/// beside it make it another word.
pub fn mentions<'a>(texts: impl IntoIterator<Item = &'a str>) -> Mentions {
    let mut found = Mentions::default();
    for text in texts {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let bytes = text.as_bytes();
        let mut start = 0;
        while start < bytes.len() {
            if !is_word(bytes[start]) {
                start += 1;
                continue;
            }
            let word = bytes[start..].iter().position(|byte| !is_word(*byte)).unwrap_or(bytes.len() - start);
            if let Some(id) = finding_at(&bytes[start..]).filter(|_| found.findings.len() < MOST_FINDINGS) {
                found.findings.insert(id);
            } else if let Some(key) = key_at(&bytes[start..], word)
                && found.keys.len() < MOST_KEYS
            {
                found.keys.insert(key);
            }
            start += word;
        }
    }
    found
}

/// The key that begins with a word of `word` bytes: capitals, digits and `_`, a capital first; then `-` and a number.
///
/// Source: Atlassian, "Reference issues in your development work"; keys are written in capitals there.
fn key_at(bytes: &[u8], word: usize) -> Option<String> {
    let project = &bytes[..word];
    let is_project = project.len() >= 2
        && project[0].is_ascii_uppercase()
        && project.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
    let rest = bytes.get(word..)?.strip_prefix(b"-").filter(|_| is_project)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ends =
        rest.get(digits).is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'_');
    let is_number = (1..=12).contains(&digits) && rest[0] != b'0' && ends;
    (is_number && word + 1 + digits <= LONGEST_KEY)
        .then(|| String::from_utf8_lossy(&bytes[..word + 1 + digits]).into_owned())
}

/// The id of a finding that stands here, in whatever case: branches are often written small.
fn finding_at(bytes: &[u8]) -> Option<TaskId> {
    let length = 3 + PARTS[0] + 1 + PARTS[1];
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let ends = bytes.get(length).is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    let mut parts = text.split('-');
    let (check, source, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let is_base32 = |part: &str, length: usize| {
        part.len() == length
            && part.bytes().all(|byte| byte.is_ascii_alphabetic() || (b'2'..=b'7').contains(&byte))
    };
    let fits = ends
        && check.eq_ignore_ascii_case(CheckId::B9.as_str())
        && is_base32(source, PARTS[0])
        && is_base32(rest, PARTS[1]);
    let id = format!("{}-{}-{}", CheckId::B9, source.to_lowercase(), rest.to_lowercase());
    TaskId::parse(&id).ok().filter(|_| fits)
}

/// The repository and number of the pull request that one with this description takes back.
///
/// Source: docs.github.com, "Reverting a pull request"; the button writes the line `Reverts owner/name#12`.
pub fn reverted(body: &str) -> Option<(String, u64)> {
    let line = body.lines().map(str::trim).find_map(|line| line.strip_prefix("Reverts "))?;
    let (repository, number) = line.trim().rsplit_once('#')?;
    let (owner, name) = repository.split_once('/')?;
    let is_name = |part: &str| {
        (1..=100).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let number = number.parse().ok().filter(|number| *number > 0)?;
    (is_name(owner) && is_name(name)).then(|| (repository.to_owned(), number))
}
