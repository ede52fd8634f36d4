//! Campaigns and their items, as far as they are shown.

use assay::evidence::Gap;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::badge::{Badge, Tone};
use crate::client::{Client, path};
use crate::pages::accounts::{named, products};
use crate::pages::groups::Group;
use crate::pages::project_roles::ProjectRole;
use crate::problem::Problem;
use crate::words;

/// How many names of a scope are looked up; of others the identifier is shown.
const NAMES: usize = 20;

/// A campaign.
#[derive(Debug, Deserialize)]
pub(super) struct Campaign {
    pub(super) id: String,
    pub(super) name: String,
    state: State,
    pub(super) connection: String,
    scope: Scope,
    pub(super) reviewers: Vec<String>,
    due_on: Date,
    remind_days: Vec<u16>,
    pub(super) dormant_days: u16,
    zone: String,
    pub(super) counts: Counts,
    pub(super) directory_of: Option<Timestamp>,
    gaps: Vec<Gap>,
    pub(super) applying: Option<Applying>,
    pub(super) problem: Option<String>,
    pub(super) record: Option<Signed>,
    pub(super) made_by: String,
    pub(super) made_at: Timestamp,
    pub(super) ended_by: Option<String>,
    pub(super) ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum State {
    Preparing,
    Open,
    Closing,
    Closed,
    Cancelled,
}

/// Which access is reviewed.
#[derive(Debug, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
enum Scope {
    All {},
    Groups { groups: Vec<String> },
    Roles { roles: Vec<String> },
    Projects { projects: Vec<String> },
    Products { products: Vec<String> },
}

/// One thing of a scope, as it is shown.
pub(super) struct ScopePart {
    pub(super) words: String,
    pub(super) address: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) items: u64,
    pub(super) undecided: u64,
    pub(super) kept: u64,
    pub(super) revoked: u64,
    pub(super) changed: u64,
    pub(super) carried_out: u64,
}

/// How far asking for revocations came.
#[derive(Debug, Deserialize)]
pub(super) struct Applying {
    pub(super) together: Option<u64>,
    pub(super) so_far: u64,
}

/// The record of a closed campaign.
#[derive(Debug, Deserialize)]
pub(super) struct Signed {
    pub(super) record: Record,
    pub(super) public_key: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) complete: bool,
    pub(super) head: String,
}

impl Campaign {
    /// Where it stands.
    pub(super) fn badge(&self) -> Badge {
        match self.state {
            State::Preparing => Badge::new(Tone::Busy, "Is being prepared"),
            State::Open if self.counts.undecided == 0 => Badge::new(Tone::Good, "All decided"),
            State::Open => Badge::new(Tone::Busy, "Open"),
            State::Closing => Badge::new(Tone::Busy, "Is being closed"),
            State::Closed => Badge::new(Tone::Good, "Closed"),
            State::Cancelled => Badge::new(Tone::Idle, "Cancelled"),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::Cancelled)
    }

    /// Whether something goes on that the page should follow.
    pub(super) fn moves(&self) -> bool {
        matches!(self.state, State::Preparing | State::Closing) || self.applying.is_some()
    }

    pub(super) fn is_preparing(&self) -> bool {
        self.state == State::Preparing
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state == State::Closing
    }

    pub(super) fn is_reviewed_by(&self, token: &str) -> bool {
        self.reviewers.is_empty() || self.reviewers.iter().any(|it| it == token)
    }

    pub(super) fn decided(&self) -> u64 {
        self.counts.items.saturating_sub(self.counts.undecided)
    }

    /// How much of it is decided, or was when it ended.
    pub(super) fn decided_words(&self) -> String {
        let (one, many) = if self.is_over() { ("item was", "items were") } else { ("item is", "items are") };
        let items = words::count(self.counts.items, one, many);
        format!("{} of {items} decided.", words::number(self.decided()))
    }

    pub(super) fn to_go(&self) -> u64 {
        self.counts.revoked + self.counts.changed
    }

    /// The last day on which it should be decided, and whether that is over.
    pub(super) fn due(&self) -> String {
        format!("{} ({})", words::day(self.due_on), self.zone)
    }

    pub(super) fn is_late(&self, now: &Timestamp) -> bool {
        let zone = jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        !self.is_over() && now.to_zoned(zone).date() > self.due_on
    }

    /// When people are reminded.
    pub(super) fn reminders(&self) -> String {
        if self.remind_days.is_empty() {
            return "nobody is reminded".to_owned();
        }
        let days: Vec<String> = self.remind_days.iter().map(ToString::to_string).collect();
        format!("reminded {} days before", days.join(" and "))
    }

    pub(super) fn gaps(&self) -> Vec<String> {
        self.gaps.iter().map(ToString::to_string).collect()
    }

    /// What is reviewed, thing by thing.
    pub(super) async fn scope_parts(&self, client: &Client) -> Result<Vec<ScopePart>, Problem> {
        let plain = |words: String| ScopePart { words, address: None };
        Ok(match &self.scope {
            Scope::All {} => vec![plain("all access".to_owned())],
            Scope::Roles { roles } => {
                let known = ProjectRole::first(client, &self.connection).await?;
                let name = |id: &str| {
                    known
                        .iter()
                        .find(|role| role.role == id)
                        .map_or_else(|| id.to_owned(), |it| it.name.clone())
                };
                roles.iter().map(|role| plain(format!("project role {}", name(role)))).collect()
            }
            Scope::Projects { projects } => {
                let mut parts = Vec::new();
                for (number, id) in projects.iter().enumerate() {
                    let known = number < NAMES;
                    let found = if known {
                        ProjectRole::of_project(client, &self.connection, id).await.ok()
                    } else {
                        None
                    };
                    let key = found.and_then(|roles| roles.into_iter().next()).map(|role| role.project_key);
                    parts.push(plain(format!("project {}", key.as_deref().unwrap_or(id))));
                }
                parts
            }
            Scope::Products { products: keys } => {
                let known = products(client, &self.connection).await?;
                keys.iter().map(|key| plain(format!("product {}", named(&known, key)))).collect()
            }
            Scope::Groups { groups } => {
                let mut parts = Vec::new();
                for (number, id) in groups.iter().enumerate() {
                    let at = path(&["v1", "groups", &self.connection, id]);
                    let found = if number < NAMES { client.get::<Group>(&at).await.ok() } else { None };
                    let words = found.map_or_else(|| id.clone(), |group| group.name);
                    let address = Some(path(&["groups", &self.connection, id]));
                    parts.push(ScopePart { words: format!("group {words}"), address });
                }
                parts
            }
        })
    }
}

/// One piece of access of one account.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub(super) account: String,
    name: Option<String>,
    pub(super) email: Option<String>,
    grant: serde_json::Value,
    pub(super) access: String,
    flags: Flags,
    last_active_on: Option<Date>,
    pub(super) decision: Choice,
    pub(super) note: Option<String>,
    pub(super) decided_by: Option<String>,
    pub(super) decided_at: Option<Timestamp>,
    pub(super) earlier: Vec<Earlier>,
    pub(super) action: Option<String>,
    carried_out: Option<CarriedOut>,
}

/// What stands out about an item.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself, as in the API")]
struct Flags {
    new: Option<bool>,
    dormant: Option<bool>,
    privileged: Option<bool>,
    shared: bool,
    left: bool,
    unidentified: bool,
    inactive: bool,
}

/// What is decided.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Choice {
    Undecided,
    Keep,
    Revoke,
    Change,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CarriedOut {
    Done,
    NotHeld,
    NotDone,
}

/// What was decided before.
#[derive(Debug, Deserialize)]
pub(super) struct Earlier {
    choice: Choice,
    pub(super) note: Option<String>,
    pub(super) by: String,
    pub(super) at: Timestamp,
}

impl Choice {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Undecided => "",
            Self::Keep => "keep",
            Self::Revoke => "revoke",
            Self::Change => "change",
        }
    }

    /// In a word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Undecided => "Undecided",
            Self::Keep => "Keep",
            Self::Revoke => "Revoke",
            Self::Change => "Change",
        }
    }

    pub(super) fn badge(self) -> Badge {
        let tone = match self {
            Self::Undecided => Tone::Idle,
            Self::Keep => Tone::Good,
            Self::Revoke => Tone::Bad,
            Self::Change => Tone::Unsure,
        };
        Badge::new(tone, self.name())
    }
}

impl Earlier {
    pub(super) fn badge(&self) -> Badge {
        self.choice.badge()
    }
}

impl Item {
    pub(super) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or("Account without a name")
    }

    /// What says which item it is, as a form carries it.
    pub(super) fn place(&self) -> String {
        serde_json::json!({ "account": self.account, "grant": self.grant }).to_string()
    }

    /// What stands out, in words.
    pub(super) fn flags(&self) -> Vec<&'static str> {
        let flags = &self.flags;
        let said = [
            (flags.left, "has left"),
            (flags.privileged == Some(true), "power over access"),
            (flags.unidentified, "nobody knows whose"),
            (flags.dormant == Some(true), "dormant"),
            (flags.new == Some(true), "new"),
            (flags.shared, "shared"),
            (flags.inactive, "deactivated"),
        ];
        said.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }

    /// What might stand out and is not known, in words. Whether it is new is known from the second review on, and left out.
    pub(super) fn unknown(&self) -> Vec<&'static str> {
        let asked = [
            (self.flags.privileged, "not known whether it has power over access"),
            (self.flags.dormant, "not known whether it is dormant"),
        ];
        asked.into_iter().filter(|(known, _)| known.is_none()).map(|(_, words)| words).collect()
    }

    /// Whether nothing stands out, as far as all of that is known.
    pub(super) fn is_plain(&self) -> bool {
        self.flags().is_empty() && self.unknown().is_empty()
    }

    pub(super) fn last_active(&self) -> String {
        words::day_or(self.last_active_on, "not known")
    }

    /// What became of its revocation.
    pub(super) fn carried_out(&self) -> Option<Badge> {
        self.carried_out.map(|it| match it {
            CarriedOut::Done => Badge::new(Tone::Good, "Taken away"),
            CarriedOut::NotHeld => Badge::new(Tone::Good, "Not held any more"),
            CarriedOut::NotDone => Badge::new(Tone::Bad, "Not carried out"),
        })
    }
}
