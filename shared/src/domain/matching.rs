//! Matching: which person of the list an account belongs to.
//!
//! | what is known | then |
//! |---|---|
//! | a person said whose it is, or marked it | nothing is changed |
//! | its e-mail address is that of exactly one person | it is that person's |
//! | names, or parts of e-mail addresses, agree | up to three suggestions, with how likely each is and why; a person decides |
//! | an app's or a customer's account without such an address | nothing: no person needs to be behind it |
//!
//! [`Index`] holds the list of people by everything that an account could be found by, so that one account costs a few
//! look-ups however long the list is. 100,000 people take about 40 MB.

mod score;
mod words;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::account::{Account, MatchedBy, Owner, Suggestion};
use crate::ids::PersonId;
use crate::person::Person;
use score::{Known, judge};
use words::{collapsed, local_joined, local_words, name_words};

/// How many suggestions are made at most.
pub const SUGGESTIONS: usize = 3;

/// How many people are looked at for each thing that they are found by. If more fit, none of them is likely.
const LOOKED_AT: usize = 16;

/// Suggestions that are less likely than this are none.
const LEAST_SCORE: u8 = 10;

/// Whose an account is, or may be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Match {
    /// The person whose it is, and how that is known.
    pub owner: Option<(PersonId, MatchedBy)>,
    /// Whose it may be, most likely first; none when the owner is known.
    pub suggestions: Vec<Suggestion>,
}

/// The list of people, by what accounts can be found by.
#[derive(Debug, Default)]
pub struct Index {
    people: Vec<Entry>,
    /// Every key with the place of a person that has it, sorted.
    found_by: Vec<(u64, u32)>,
}

/// A person, as far as it takes to judge how well an account fits.
#[derive(Debug)]
struct Entry {
    id: PersonId,
    email: Box<str>,
    /// The words of the name, with a space between.
    name: Box<str>,
}

/// Something that a person can be found by.
#[derive(Hash)]
enum Key<'a> {
    /// The identifier.
    Id(&'a str),
    /// The whole e-mail address.
    Email(&'a str),
    /// Words in any order.
    Words(Vec<String>),
    /// Words without anything between, such as `aschmidt`.
    Joined(&'a str),
    /// A first letter and another word, of a name that has both in full.
    InitialOf(char, &'a str),
    /// The same, of a name that has one word as its first letter alone.
    InitialAs(char, &'a str),
}

impl Key<'_> {
    /// The key in 64 bits. That two keys may look alike only costs a look: every person found is judged.
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }
}

/// An index that is being made: people are added, in any order, as they are read.
#[derive(Debug, Default)]
pub struct Builder(Index);

impl Builder {
    /// Adds people.
    pub fn add(&mut self, persons: impl IntoIterator<Item = impl std::borrow::Borrow<Person>>) {
        for person in persons {
            self.0.add(person.borrow());
        }
    }

    /// The index of all people that were added.
    pub fn build(self) -> Index {
        let mut index = self.0;
        index.found_by.sort_unstable();
        index.found_by.dedup();
        index.found_by.shrink_to_fit();
        index
    }
}

impl Index {
    /// The index of these people.
    pub fn of(persons: impl IntoIterator<Item = impl std::borrow::Borrow<Person>>) -> Self {
        let mut builder = Builder::default();
        builder.add(persons);
        builder.build()
    }

    fn add(&mut self, person: &Person) {
        let email = person.email.to_lowercase();
        let (names, locals) = (name_words(&person.name), local_words(&email));
        let mut keys = vec![Key::Email(&email).hash(), Key::Id(person.id.as_str()).hash()];
        keys.extend(keys_of_name(&names, Side::Person));
        keys.extend(words_key(&locals));
        keys.extend([locals.concat(), local_joined(&email)].map(|joined| Key::Joined(&joined).hash()));
        keys.extend(words::written_together(&names).iter().map(|joined| Key::Joined(joined).hash()));
        let place = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        self.found_by.extend(keys.into_iter().map(|key| (key, place)));
        let name = names.join(" ").into_boxed_str();
        self.people.push(Entry { id: person.id.clone(), email: email.into_boxed_str(), name });
    }

    /// How many people there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The person who alone has this e-mail address.
    pub fn by_email(&self, email: &str) -> Option<&PersonId> {
        let email = email.to_lowercase();
        let range = self.range(Key::Email(&email).hash());
        let mut with = range.iter().filter_map(|place| self.entry(place.1)).filter(|it| *it.email == *email);
        match (with.next(), with.next()) {
            (Some(only), None) => Some(&only.id),
            _ => None,
        }
    }

    /// Whether a person is on the list.
    fn knows(&self, person: &PersonId) -> bool {
        let range = self.range(Key::Id(person.as_str()).hash());
        range.iter().filter_map(|place| self.entry(place.1)).any(|it| it.id == *person)
    }

    /// Whose `account` is, or may be. What people said of the account is not looked at here; [`Self::settle`] does.
    pub fn match_account(&self, account: &Account) -> Match {
        if account.erased_at.is_some() {
            return Match::default();
        }
        if let Some(person) = account.email.as_deref().and_then(|email| self.by_email(email)) {
            let owner = Some((person.clone(), MatchedBy::Email));
            return Match { owner, suggestions: Vec::new() };
        }
        let suggestions = if account.may_be_human() { self.suggestions(account) } else { Vec::new() };
        Match { owner: None, suggestions }
    }

    /// Writes into `account` whose it is, or may be, unless a person said that. Returns whether that changed anything.
    ///
    /// What was said of a person who is not on the list any more is said of nobody: else whoever is given the same address
    /// later would have the account.
    pub fn settle(&self, account: &mut Account) -> bool {
        let is_said = match &account.owner {
            Owner::Person { person, .. } => account.owner.is_said() && self.knows(person),
            owner => owner.is_said(),
        };
        let (owner, suggestions) = if is_said {
            (account.owner.clone(), Vec::new())
        } else {
            let Match { owner, suggestions } = self.match_account(account);
            (owner.map_or(Owner::Unidentified, |(person, by)| Owner::Person { person, by }), suggestions)
        };
        let changed = account.owner != owner || account.suggestions != suggestions;
        (account.owner, account.suggestions) = (owner, suggestions);
        changed
    }

    fn suggestions(&self, account: &Account) -> Vec<Suggestion> {
        let known = Known::of(account);
        let mut fitting: Vec<(u8, usize, &Entry, Vec<&'static str>)> = Vec::new();
        for (place, crowd) in self.candidates(&known) {
            let Some(entry) = self.entry(place) else { continue };
            if let Some((score, reasons)) = judge(&known, &entry.name, &entry.email) {
                fitting.push((score, crowd, entry, reasons));
            }
        }
        let equally_good = |score: u8| fitting.iter().filter(|other| other.0 == score).count();
        let suggestion = |(score, crowd, entry, reasons): &(u8, usize, &Entry, Vec<&'static str>)| {
            // Of a crowd only some were looked at; all of them may fit as well.
            let crowd = if *crowd > LOOKED_AT { *crowd } else { 1 };
            let equals = equally_good(*score).max(crowd);
            let mut reasons: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
            if equals > 1 {
                reasons.push(format!("{equals} people fit equally well"));
            }
            let score = usize::from(*score) / equals;
            Suggestion { person: entry.id.clone(), score: u8::try_from(score).unwrap_or(100), reasons }
        };
        let mut suggestions: Vec<Suggestion> = fitting.iter().map(suggestion).collect();
        suggestions.retain(|suggestion| suggestion.score >= LEAST_SCORE);
        suggestions
            .sort_by(|one, other| other.score.cmp(&one.score).then_with(|| one.person.cmp(&other.person)));
        suggestions.truncate(SUGGESTIONS);
        suggestions
    }

    /// The places of the people that share something with an account, each with the number of people who share the
    /// rarest such thing.
    fn candidates(&self, known: &Known) -> BTreeMap<u32, usize> {
        let mut keys = keys_of_name(&known.names, Side::Account);
        keys.push(Key::Joined(&known.names.concat()).hash());
        if let Some(email) = &known.email {
            keys.push(Key::Email(email).hash());
            keys.extend(words_key(&known.locals));
            let joined = [known.locals.concat(), local_joined(email)];
            keys.extend(joined.map(|joined| Key::Joined(&joined).hash()));
        }
        let mut candidates = BTreeMap::new();
        for key in keys {
            let range = self.range(key);
            for (_, place) in range.iter().take(LOOKED_AT) {
                let crowd = candidates.entry(*place).or_insert(range.len());
                *crowd = range.len().min(*crowd);
            }
        }
        candidates
    }

    fn range(&self, key: u64) -> &[(u64, u32)] {
        let start = self.found_by.partition_point(|(other, _)| *other < key);
        let length = self.found_by[start..].partition_point(|(other, _)| *other == key);
        &self.found_by[start..start + length]
    }

    fn entry(&self, place: u32) -> Option<&Entry> {
        self.people.get(usize::try_from(place).ok()?)
    }
}

/// Whose name it is that keys are made of.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Side {
    Person,
    Account,
}

/// The key of all words together, in any order.
fn words_key(words: &[String]) -> Option<u64> {
    if words.is_empty() {
        return None;
    }
    let mut words: Vec<String> = words.iter().map(|word| collapsed(word)).collect();
    words.sort_unstable();
    Some(Key::Words(words).hash())
}

/// What a name is found by: all its words, each two of them, and its initials.
fn keys_of_name(names: &[String], side: Side) -> Vec<u64> {
    let mut keys: Vec<u64> = words_key(names).into_iter().collect();
    for (number, one) in names.iter().enumerate() {
        for other in &names[number + 1..] {
            keys.extend(words_key(&[one.clone(), other.clone()]));
        }
    }
    let (Some(first), Some(last)) = (names.first(), names.last()) else { return keys };
    for (one, other) in [(first, last), (last, first)] {
        let (Some(initial), false) = (one.chars().next(), names.len() < 2) else { continue };
        let other = collapsed(other);
        // A full name looks for those that have an initial, and the other way round.
        let is_full = words::is_full(one) && words::is_full(&other);
        let is_initial = !words::is_full(one) && words::is_full(&other);
        match (is_full, is_initial, side) {
            (true, _, Side::Person) | (_, true, Side::Account) => {
                keys.push(Key::InitialOf(initial, &other).hash());
            }
            (true, _, Side::Account) | (_, true, Side::Person) => {
                keys.push(Key::InitialAs(initial, &other).hash());
            }
            (false, false, _) => {}
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
