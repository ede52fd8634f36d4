//! An account, as far as it is shown.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::badge::{Badge, Tone};
use crate::pages::people;
use crate::words;

/// An account.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Account {
    pub(super) connection: String,
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    active: bool,
    pub(super) products: Vec<String>,
    pub(super) organisation: Option<Organisation>,
    pub(super) first_seen_at: Timestamp,
    pub(super) removed_at: Option<Timestamp>,
    pub(super) erased_at: Option<Timestamp>,
    pub(super) owner: Owner,
    pub(super) suggestions: Vec<Suggestion>,
    pub(super) protection: Option<Protection>,
    pub(super) last_active_on: Option<Date>,
}

/// What an account is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum Kind {
    Human,
    App,
    Customer,
    Unknown,
}

impl Kind {
    /// In a word.
    pub(in crate::pages) fn words(self) -> &'static str {
        match self {
            Self::Human => "Person",
            Self::App => "App",
            Self::Customer => "Customer",
            Self::Unknown => "Not told",
        }
    }
}

/// What the organisation's administration tells.
#[derive(Debug, Deserialize)]
pub(super) struct Organisation {
    pub(super) managed: Option<bool>,
    pub(super) status: Option<String>,
    pub(super) roles: Vec<String>,
}

/// Whose it is.
#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    kind: OwnerKind,
    pub(super) person: Option<Person>,
    matched_by: Option<MatchedBy>,
    mark: Option<Mark>,
    pub(super) reason: Option<String>,
    pub(super) ends_on: Option<Date>,
    pub(super) by: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum OwnerKind {
    Unidentified,
    Person,
    Marked,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum MatchedBy {
    Confirmation,
    Email,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mark {
    Service,
    App,
    External,
}

/// A person who owns an account, or may.
#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: String,
    name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) status: Option<people::Status>,
}

/// A person whose it may be.
#[derive(Debug, Deserialize)]
pub(super) struct Suggestion {
    pub(super) person: Person,
    pub(super) score: u8,
    pub(super) reasons: Vec<String>,
}

/// That it keeps its licence.
#[derive(Debug, Deserialize)]
pub(super) struct Protection {
    pub(super) reason: String,
    pub(super) ends_on: Date,
    pub(super) by: String,
}

impl Person {
    pub(super) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or("a person who is not in the list any more")
    }
}

impl Protection {
    /// The last day of it.
    pub(super) fn until(&self) -> String {
        words::day(self.ends_on)
    }
}

impl Owner {
    fn mark_words(&self) -> &'static str {
        match self.mark {
            Some(Mark::Service) => "A service's",
            Some(Mark::App) => "An app's",
            Some(Mark::External) | None => "Somebody's from outside",
        }
    }

    /// How that is known.
    pub(super) fn because(&self) -> &'static str {
        match (self.kind, self.matched_by) {
            (OwnerKind::Person, Some(MatchedBy::Email)) => "The e-mail address is the same.",
            (OwnerKind::Person, _) => "Somebody confirmed it.",
            (OwnerKind::Marked, _) => "Somebody marked it.",
            (OwnerKind::Unidentified, _) => {
                "No person of the list has its address, and nobody said whose it is."
            }
        }
    }

    /// Whether a person said this, so that it can be withdrawn.
    pub(super) fn is_said(&self) -> bool {
        match self.kind {
            OwnerKind::Unidentified => false,
            OwnerKind::Person => self.matched_by == Some(MatchedBy::Confirmation),
            OwnerKind::Marked => true,
        }
    }

    /// The last day on which a mark holds.
    pub(super) fn until(&self) -> String {
        words::day_or(self.ends_on, "for good")
    }
}

impl Account {
    /// What it is called.
    pub(super) fn shown(&self) -> &str {
        let name = self.name.as_deref().filter(|name| !name.is_empty());
        name.unwrap_or(if self.erased_at.is_some() { "Erased account" } else { "Account without a name" })
    }

    /// What is known of whose it is, in words; the person's name stands beside. Nobody stands behind an app or is known
    /// behind a customer, so that nothing is to be done about theirs.
    pub(super) fn owner_badge(&self) -> Badge {
        match (self.owner.kind, self.kind) {
            (OwnerKind::Person, _) => Badge::new(Tone::Good, "Identified"),
            (OwnerKind::Marked, _) => Badge::new(Tone::Idle, self.owner.mark_words()),
            (OwnerKind::Unidentified, Kind::App) => Badge::new(Tone::Idle, "An app's"),
            (OwnerKind::Unidentified, Kind::Customer) => Badge::new(Tone::Idle, "A customer's"),
            (OwnerKind::Unidentified, Kind::Human | Kind::Unknown) => {
                Badge::new(Tone::Unsure, "Nobody knows whose")
            }
        }
    }

    /// Whether it can be used.
    pub(super) fn badge(&self) -> Badge {
        if self.erased_at.is_some() {
            Badge::new(Tone::Idle, "Erased")
        } else if self.removed_at.is_some() {
            Badge::new(Tone::Idle, "Removed")
        } else if self.active {
            Badge::new(Tone::Good, "Can be used")
        } else {
            Badge::new(Tone::Idle, "Deactivated")
        }
    }

    /// When it was last active, in words.
    pub(super) fn last_active(&self) -> String {
        words::day_or(self.last_active_on, "not known")
    }

    /// Its address as a page.
    pub(super) fn address(&self) -> String {
        crate::client::path(&["accounts", &self.connection, &self.id])
    }
}
