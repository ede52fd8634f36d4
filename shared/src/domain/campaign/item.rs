//! Items: one piece of access of one account, and what was decided on it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::flags::Flags;
use crate::account::{AccountKind, Grant};
use crate::ids::{AccountId, ActionId, CampaignId, TenantId};
use crate::{Error, Result};

/// How many decisions on one item are kept; more are refused.
const MOST_DECISIONS: usize = 50;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 1000;

/// What is decided on an item.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Nothing yet.
    #[default]
    Undecided,
    /// The access stays.
    Keep,
    /// The access goes.
    Revoke,
    /// The access becomes another one, as the note says; people do that.
    Change,
}

impl Choice {
    /// Whether the access is to go.
    pub fn is_to_go(self) -> bool {
        match self {
            Self::Revoke | Self::Change => true,
            Self::Undecided | Self::Keep => false,
        }
    }

    /// The choice's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Keep => "keep",
            Self::Revoke => "revoke",
            Self::Change => "change",
        }
    }
}

/// A decision that was made.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Decision {
    /// What was decided.
    pub choice: Choice,
    /// Why, in the words of whoever decided.
    pub note: Option<String>,
    /// Who: an API token's id.
    pub by: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What somebody says about an item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said {
    /// Which item.
    pub place: Place,
    /// What is decided.
    pub choice: Choice,
    /// Why.
    pub note: Option<String>,
    /// What whoever said it saw of the item before; none where they do not mind.
    pub seen: Option<SeenDecision>,
}

/// What somebody saw decided on an item.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenDecision {
    /// `undecided`, `keep`, `revoke` or `change`.
    pub decision: Choice,
    /// Why; not given or null where nothing was said.
    #[serde(default)]
    pub note: Option<String>,
}

impl Said {
    /// What was said, if it can be said. `field` names it in errors.
    ///
    /// # Errors
    /// `Invalid` where a revocation or a change has no note, a note is too long, or nothing is decided.
    pub fn of(field: &str, place: Place, choice: Choice, note: Option<&str>) -> Result<Self> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        let in_note = |message: String| Err(Error::invalid(format!("{field}.note"), message));
        if let Some(note) = note
            && (note.chars().count() > LONGEST_NOTE
                || note.chars().any(|one| one.is_control() && one != '\n'))
        {
            return in_note(format!("note must be at most {LONGEST_NOTE} characters of text"));
        }
        match choice {
            Choice::Undecided => {
                let message = "decision must be `keep`, `revoke` or `change`";
                Err(Error::invalid(format!("{field}.decision"), message))
            }
            Choice::Revoke | Choice::Change if note.is_none() => {
                in_note(format!("a decision to {} needs a note that says why", choice.word()))
            }
            Choice::Keep | Choice::Revoke | Choice::Change => {
                Ok(Self { place, choice, note: note.map(ToOwned::to_owned), seen: None })
            }
        }
    }

    /// Whether this would overwrite a decision that whoever says it did not see.
    pub fn is_overtaken_by(&self, item: &Item) -> bool {
        let Some(seen) = &self.seen else { return false };
        let seen_note = seen.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        let is_as_seen = item.choice == seen.decision && item.note.as_deref() == seen_note;
        let is_said_already = item.choice == self.choice && item.note == self.note;
        !is_as_seen && !is_said_already
    }
}

/// Which item: an account, and what it has access to. Items stand in the order of their accounts, and for each account in
/// the order of [`grant_word`].
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The access.
    pub grant: Grant,
}

/// Whether a revocation or a change was carried out when its campaign was closed: the account does not hold the access.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarriedOut {
    /// By an action, whose result was read back.
    Done,
    /// The account does not hold the access any more, as the directory was read last; no action of ours did it.
    NotHeld,
    /// No.
    NotDone,
}

/// One item.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Item {
    /// Whose it is.
    pub tenant: TenantId,
    /// The campaign.
    pub campaign: CampaignId,
    /// The account.
    pub account: AccountId,
    /// What it has access to.
    pub grant: Grant,
    /// The same in words, as it was called when the item was made.
    pub words: String,
    /// What the account is for.
    pub kind: AccountKind,
    /// What stands out.
    pub flags: Flags,
    /// The last day on which the account was active, as far as is known.
    pub last_active_on: Option<Date>,
    /// What is decided.
    pub choice: Choice,
    /// Why.
    pub note: Option<String>,
    /// Who decided: an API token's id.
    pub by: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// What was decided before, oldest first.
    pub earlier: Vec<Decision>,
    /// The action that carries its revocation out, or tried to.
    pub action: Option<ActionId>,
    /// How many actions were made for it.
    pub attempts: u32,
    /// Whether its revocation or its change was carried out; known once it is sealed.
    pub carried_out: Option<CarriedOut>,
    /// Whether it is part of a closed campaign's record, and never changes again.
    pub sealed: bool,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl Item {
    /// Which item it is.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), grant: self.grant.clone() }
    }

    /// Takes a decision, and says whether that changed anything: the same person saying the same again does not.
    ///
    /// # Errors
    /// `Conflict` when it is sealed, or was decided on too often.
    pub fn decide(&mut self, said: &Said, by: &str, now: Timestamp) -> Result<bool> {
        if self.sealed {
            return Err(Error::conflict("the campaign is being closed; its items are decided for good"));
        }
        if self.choice == said.choice && self.note == said.note && self.by.as_deref() == Some(by) {
            return Ok(false);
        }
        if let (Some(by), Some(at)) = (self.by.take(), self.at) {
            if self.earlier.len() >= MOST_DECISIONS {
                self.by = Some(by);
                let message =
                    format!("this item was decided on {MOST_DECISIONS} times, and may not be again");
                return Err(Error::conflict(message));
            }
            self.earlier.push(Decision { choice: self.choice, note: self.note.take(), by, at });
        }
        self.choice = said.choice;
        self.note.clone_from(&said.note);
        self.by = Some(by.to_owned());
        self.at = Some(now);
        self.action = None;
        Ok(true)
    }

    /// Seals it, so that nothing changes it any more.
    pub fn seal(&mut self, carried_out: Option<CarriedOut>) {
        self.carried_out = carried_out;
        self.sealed = true;
    }
}

/// A grant in one word, by which items are told apart: `group:…`, `role:{project}:{role}`, `product:…`.
pub fn grant_word(grant: &Grant) -> String {
    match grant {
        Grant::Group { group } => format!("group:{group}"),
        Grant::Role { project, role } => format!("role:{project}:{role}"),
        Grant::Product { product } => format!("product:{product}"),
    }
}
