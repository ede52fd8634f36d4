//! Access review campaigns: people go through who has access to what, and say whether it stays.
//!
//! | state | what happens | then |
//! |---|---|---|
//! | preparing | its items are made of the stored accounts, a slice at a time | open, or cancelled |
//! | open | reviewers decide; revocations are asked for and carried out | closing, or cancelled |
//! | closing | every item is sealed and digested, what is kept becomes an approval on its account | closed; open again when items are undecided and nobody said that they may be |
//! | closed | nothing any more: its record is signed | — |
//! | cancelled | nothing any more | — |
//!
//! An item is one piece of access of one account: [`Item`]. What it says of the account is what was known when the item
//! was made. The record, and how anybody can tell that nothing in it was changed: [`SignedRecord`].

mod closing;
mod directory;
mod flags;
mod item;
mod record;
mod scope;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::evidence::Gap;
use crate::ids::{AccountId, CampaignId, ConnectionId, TenantId, TokenId};

pub use closing::{Applying, Closing, Counts};
pub use directory::Directory;
pub use flags::{ActivityKnown, Flags, Observed};
pub use item::{CarriedOut, Choice, Decision, Item, Place, Said, SeenDecision, grant_word};
pub use record::{Broken, Chain, Record, SignedRecord, verify};
pub use scope::{Coverage, Scope};

/// How many gaps of the directory a campaign keeps.
const MOST_GAPS: usize = 100;

/// Where a campaign stands: see the module's table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Its items are being made.
    Preparing {
        /// The last account whose items were made.
        behind: Option<AccountId>,
    },
    /// Reviewers decide.
    Open,
    /// It is being closed.
    Closing(Closing),
    /// It is over, and signed.
    Closed,
    /// It was given up.
    Cancelled,
}

impl State {
    /// The state's word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Preparing { .. } => "preparing",
            Self::Open => "open",
            Self::Closing(_) => "closing",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing happens any more.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Preparing { .. } | Self::Open | Self::Closing(_) => false,
            Self::Closed | Self::Cancelled => true,
        }
    }
}

/// What whoever makes a campaign wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    /// What it is called.
    pub name: String,
    /// The connection whose accounts are reviewed.
    pub connection: ConnectionId,
    /// Which access is reviewed.
    pub scope: Scope,
    /// The API tokens whose holders decide; everybody with the role reviewer where none is named.
    pub reviewers: Vec<TokenId>,
    /// The last day on which it should be decided, in the time zone that activity is counted in.
    pub due_on: Date,
    /// How many days before that day people are reminded.
    pub remind_days: Vec<u16>,
    /// After how many days without activity an account counts as dormant.
    pub dormant_days: u16,
}

/// One campaign.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Campaign {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: CampaignId,
    /// What it is called.
    pub name: String,
    /// The connection whose accounts are reviewed.
    pub connection: ConnectionId,
    /// Which access is reviewed.
    pub scope: Scope,
    /// The API tokens whose holders decide; everybody with the role reviewer where none is named.
    pub reviewers: Vec<TokenId>,
    /// The last day on which it should be decided, in `zone`.
    pub due_on: Date,
    /// How many days before that day people are reminded.
    pub remind_days: Vec<u16>,
    /// After how many days without activity an account counts as dormant.
    pub dormant_days: u16,
    /// The time zone that days are counted in, by its name in the time zone database.
    pub zone: String,
    /// See the module's table.
    pub state: State,
    /// How many items there are, and what was decided; exact in the record of a closed campaign, and at most a broken-off
    /// call behind before.
    pub counts: Counts,
    /// When the accounts that the items are made of were put together.
    pub directory_of: Option<Timestamp>,
    /// Why the items may not be all that there should be; empty when they are.
    pub gaps: Vec<Gap>,
    /// How far asking for its revocations came, while that goes on.
    pub applying: Option<Applying>,
    /// What stands in the way of what was asked last, and what to do.
    pub problem: Option<String>,
    /// What it says, signed, once it is closed.
    pub record: Option<SignedRecord>,
    /// Who made it: an API token's id.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// Who closed or cancelled it.
    pub ended_by: Option<String>,
    /// When.
    pub ended_at: Option<Timestamp>,
    /// The last moment up to which people were reminded.
    pub reminded_until: Timestamp,
    /// When something is to be done about it next.
    pub due_at: Option<Timestamp>,
    /// Version of this record; rises with each change.
    pub version: u64,
}

/// What a reminder says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reminder {
    /// It is due in so many days.
    DueIn(u16),
    /// Its day is over.
    Overdue,
}

impl Campaign {
    /// A campaign whose items are to be made, on a directory that has `gaps`.
    pub fn begin(
        tenant: TenantId,
        id: CampaignId,
        wish: Wish,
        by: &str,
        (zone, gaps): (String, Vec<Gap>),
        now: Timestamp,
    ) -> Self {
        let mut campaign = Self {
            tenant,
            id,
            name: wish.name,
            connection: wish.connection,
            scope: wish.scope,
            reviewers: wish.reviewers,
            due_on: wish.due_on,
            remind_days: wish.remind_days,
            dormant_days: wish.dormant_days,
            zone,
            state: State::Preparing { behind: None },
            counts: Counts::default(),
            directory_of: None,
            gaps: Vec::new(),
            applying: None,
            problem: None,
            record: None,
            made_by: by.to_owned(),
            made_at: now,
            ended_by: None,
            ended_at: None,
            reminded_until: now,
            due_at: Some(now),
            version: 0,
        };
        campaign.lacks(gaps);
        campaign
    }

    /// Whether this is the campaign that was wished for, however far it has come.
    pub fn is_of(&self, wish: &Wish) -> bool {
        self.name == wish.name
            && self.connection == wish.connection
            && self.scope == wish.scope
            && self.due_on == wish.due_on
    }

    /// Adds reasons why the items may not be all.
    pub fn lacks(&mut self, gaps: Vec<Gap>) {
        for gap in gaps {
            // An age grows with each look; one is enough.
            let is_known = self.gaps.iter().any(|known| {
                *known == gap || matches!((known, &gap), (Gap::Stale { .. }, Gap::Stale { .. }))
            });
            if !is_known && self.gaps.len() < MOST_GAPS {
                self.gaps.push(gap);
            }
        }
    }

    /// The day at `now`, in the campaign's time zone.
    pub fn today(&self, now: Timestamp) -> Date {
        day_of(&self.zone, now)
    }

    /// Whether the holder of the token `token` is one of its reviewers.
    pub fn is_reviewed_by(&self, token: &TokenId) -> bool {
        self.reviewers.is_empty() || self.reviewers.contains(token)
    }

    /// The moments at which people are reminded, in their order, with what is said.
    fn reminders(&self) -> Vec<(Timestamp, Reminder)> {
        let zone = zone_of(&self.zone);
        let begins = |day: Date| day.to_zoned(zone.clone()).ok().map(|begin| begin.timestamp());
        let ahead = self.remind_days.iter().filter_map(|days| {
            let day = self.due_on.checked_sub(i64::from(*days).days()).ok()?;
            Some((begins(day)?, Reminder::DueIn(*days)))
        });
        let over = self.due_on.tomorrow().ok().and_then(begins).map(|at| (at, Reminder::Overdue));
        let mut all: Vec<(Timestamp, Reminder)> = ahead.chain(over).collect();
        all.sort_by_key(|(at, _)| *at);
        all
    }

    /// When people are reminded next.
    pub fn next_reminder(&self) -> Option<Timestamp> {
        self.reminders().into_iter().map(|(at, _)| at).find(|at| *at > self.reminded_until)
    }

    /// The reminder that is due at `now`, if one is; of several that were missed, the last.
    pub fn reminder(&self, now: Timestamp) -> Option<Reminder> {
        let due = |(at, _): &(Timestamp, Reminder)| *at > self.reminded_until && *at <= now;
        self.reminders().into_iter().rfind(due).map(|(_, reminder)| reminder)
    }
}

/// The day at `now` in the time zone with this name; in UTC where there is none with this name.
pub fn day_of(zone: &str, now: Timestamp) -> Date {
    now.to_zoned(zone_of(zone)).date()
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
#[path = "campaign_tests.rs"]
pub(crate) mod tests;
