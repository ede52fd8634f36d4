//! How well an account fits a person, and why.

use std::collections::BTreeSet;

use super::words::{collapsed, is_full, local_joined, local_words, name_words, written_together};
use crate::account::Account;

/// What each further reason adds to the best one.
const FURTHER: u8 = 4;

/// The most that a suggestion can be worth: only a person can be sure.
const MOST: u8 = 98;

/// What an account tells of who it belongs to.
pub(super) struct Known {
    /// The words of its name.
    pub(super) names: Vec<String>,
    /// Its e-mail address, if it is known.
    pub(super) email: Option<String>,
    /// The words of the address's first part.
    pub(super) locals: Vec<String>,
}

impl Known {
    pub(super) fn of(account: &Account) -> Self {
        let email = account.email.as_ref().map(|email| email.to_lowercase());
        let locals = email.as_deref().map(local_words).unwrap_or_default();
        Self { names: name_words(&account.name), email, locals }
    }
}

/// A reason, with what it is worth.
type Reason = (u8, &'static str);

/// How well the account fits the person of this name (as words with a space between) and address, 1 to [`MOST`], and
/// why; none if nothing speaks for it.
pub(super) fn judge(known: &Known, name: &str, email: &str) -> Option<(u8, Vec<&'static str>)> {
    let names: Vec<String> = name.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let locals = local_words(email);
    let by_email = known.email.as_ref().and_then(|own| of_emails(own, &known.locals, email, &names));
    let mut reasons: Vec<Reason> =
        [of_names(&known.names, &names), of_name_and_address(&known.names, &locals, &names), by_email]
            .into_iter()
            .flatten()
            .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.0));
    let (best, further) = reasons.split_first()?;
    let further = u8::try_from(further.len()).unwrap_or_default() * FURTHER;
    let words = reasons.iter().map(|reason| reason.1).collect();
    Some((best.0.saturating_add(further).min(MOST), words))
}

/// Two names.
fn of_names(one: &[String], other: &[String]) -> Option<Reason> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    if one == other && one.len() == 1 {
        return Some((55, "the same name, of one word"));
    }
    if one == other {
        return Some((90, "the same name"));
    }
    if set(one) == set(other) {
        return Some((88, "the same name in another order"));
    }
    let (one_folded, other_folded) = (folded(one), folded(other));
    if one_folded == other_folded && one.len() > 1 {
        return Some((84, "the same name but for the way in which accents are written"));
    }
    let common = one_folded.intersection(&other_folded).filter(|word| is_full(word)).count();
    if common >= 2 && common == one.len().min(other.len()) {
        return Some((70, "the same name but for further words"));
    }
    if initials_fit(one, other) || initials_fit(other, one) {
        return Some((50, "the same name, with an initial for one part"));
    }
    (common >= 2).then_some((45, "two words of the name are the same"))
}

/// The account's name, and the address and name of the person.
fn of_name_and_address(account: &[String], locals: &[String], names: &[String]) -> Option<Reason> {
    if account.is_empty() {
        return None;
    }
    if account.len() > 1 && folded(account) == folded(locals) {
        return Some((75, "the name has the words of the person's e-mail address"));
    }
    let joined = account.concat();
    if joined.chars().count() > 2 && joined == locals.concat() {
        return Some((60, "the name is the first part of the person's e-mail address"));
    }
    let is_made = account.len() == 1 && written_together(names).contains(&joined);
    is_made.then_some((50, "the name is made from the person's name and initials"))
}

/// The account's address, and the address and name of the person.
fn of_emails(own: &str, own_locals: &[String], email: &str, names: &[String]) -> Option<Reason> {
    if own == email {
        return Some((85, "the same e-mail address, which more than one person has"));
    }
    if own_locals.len() > 1 && folded(own_locals) == folded(names) {
        return Some((75, "the e-mail address is made from the person's name"));
    }
    let whole = local_joined(own);
    if whole.chars().count() > 2 && whole == local_joined(email) {
        return Some((70, "the first part of the e-mail address is the same"));
    }
    let joined = own_locals.concat();
    let is_made = !joined.is_empty() && written_together(names).contains(&joined);
    is_made.then_some((55, "the e-mail address is made from the person's name and initials"))
}

/// Whether `short` is `full` with an initial in the place of its first or last word.
fn initials_fit(short: &[String], full: &[String]) -> bool {
    let [one, other] = short else { return false };
    let (Some(first), Some(last)) = (full.first(), full.last()) else { return false };
    let fits = |initial: &str, word: &str, of: &str, rest: &str| {
        !is_full(initial) && is_full(word) && of.starts_with(initial) && collapsed(word) == collapsed(rest)
    };
    [(one, other), (other, one)]
        .into_iter()
        .any(|(initial, word)| fits(initial, word, first, last) || fits(initial, word, last, first))
}

fn set(words: &[String]) -> BTreeSet<&str> {
    words.iter().map(String::as_str).collect()
}

fn folded(words: &[String]) -> BTreeSet<String> {
    words.iter().map(|word| collapsed(word)).collect()
}
