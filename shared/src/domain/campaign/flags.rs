//! What a reviewer should look at before deciding: what stands out about an account and its access.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::account::{Account, Mark, Owner};
use crate::clock::seconds_between;
use crate::ingestion::{Ingestion, MAXIMUM_AGE, Source};
use crate::person::Person;

/// What stands out. Where it is not known whether something does, there is null, which is no "no".
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself, and any may go with any other")]
pub struct Flags {
    /// The last closed campaign that covered this access had no such item. Unknown where no closed campaign covered it.
    pub new: Option<bool>,
    /// The account was not active for the campaign's number of days. Unknown where activity was not read whole.
    pub dormant: Option<bool>,
    /// The access gives power over others' access or settings. Unknown where the directory does not name what it is to.
    pub privileged: Option<bool>,
    /// Several people seem to use the account.
    pub shared: bool,
    /// Its person has left.
    pub left: bool,
    /// A person may be behind it, and nobody knows who.
    pub unidentified: bool,
    /// It cannot be used at present.
    pub inactive: bool,
}

/// What is known of the activity in a site.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ActivityKnown {
    /// The first day from which on all activity was read; none while something is missing.
    pub since: Option<Date>,
}

impl ActivityKnown {
    /// What an ingestion knows at `now`: nothing, unless it read issues and worklogs to their end, and not long ago.
    pub fn of(ingestion: &Ingestion, now: Timestamp) -> Self {
        let is_whole =
            [Source::Changes, Source::Worklogs].iter().all(|source| ingestion.is_complete(*source));
        let reached = [ingestion.activity.changes, ingestion.activity.worklogs];
        let is_fresh = reached
            .iter()
            .all(|reached| reached.is_some_and(|reached| seconds_between(reached, now) <= MAXIMUM_AGE));
        let since = ingestion.activity.since.filter(|_| is_whole && is_fresh);
        Self { since: since.map(|since| super::day_of(&ingestion.zone, since)) }
    }
}

/// What an account is judged by, beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Its person, where it has one.
    pub person: Option<&'a Person>,
    /// What is known of the activity in its site.
    pub activity: ActivityKnown,
    /// After how many days without activity it counts as dormant.
    pub dormant_days: u16,
    /// The day of looking.
    pub today: Date,
}

/// Words that name a task or a team, and no person. A name or address that is one of them is used by several people.
const OF_SEVERAL: [&str; 22] = [
    "admin",
    "administration",
    "accounting",
    "build",
    "dev",
    "developers",
    "finance",
    "helpdesk",
    "hr",
    "info",
    "it",
    "marketing",
    "office",
    "operations",
    "ops",
    "sales",
    "security",
    "service",
    "shared",
    "support",
    "team",
    "test",
];

/// From what score on a suggested person is likely.
const LIKELY: u8 = 80;

impl Observed<'_> {
    /// What stands out about an account. Whether its access is new or privileged is said for each access.
    pub fn flags(&self, account: &Account) -> Flags {
        Flags {
            new: None,
            dormant: self.is_dormant(account),
            privileged: None,
            shared: is_shared(account),
            left: self.person.is_some_and(|person| person.has_left(self.today)),
            unidentified: account.may_be_human() && !account.owner.identifies(self.today),
            inactive: !account.active,
        }
    }

    fn is_dormant(&self, account: &Account) -> Option<bool> {
        let begin = self.today.checked_sub(i64::from(self.dormant_days).days()).ok()?;
        let used = account.organisation.iter().flat_map(|view| &view.products);
        let used = used.filter_map(|product| product.last_active).map(|at| super::day_of("UTC", at));
        let last = used.chain(account.last_active_on).max();
        if last.is_some_and(|last| last >= begin) {
            return Some(false);
        }
        // That nothing is known of an activity proves nothing, unless all activity would be known.
        self.activity.since.filter(|since| *since <= begin).map(|_| true)
    }
}

/// Whether several people seem to use an account: it is marked as no person's, its name or address names no person, or it
/// may well be several people's.
fn is_shared(account: &Account) -> bool {
    match &account.owner {
        Owner::Marked { mark: Mark::Service, .. } => return true,
        Owner::Marked { mark: Mark::App | Mark::External, .. }
        | Owner::Person { .. }
        | Owner::Unidentified => {}
    }
    let local = account.email.as_deref().and_then(|email| email.split('@').next()).unwrap_or_default();
    let likely = account.suggestions.iter().filter(|suggestion| suggestion.score >= LIKELY).count();
    names_several(&account.name) || names_several(local) || likely > 1
}

/// Whether every word of a name stands for a task or a team.
fn names_several(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|character: char| !character.is_alphabetic()).filter(|word| !word.is_empty());
    let mut any = false;
    let all = words.all(|word| {
        any = true;
        OF_SEVERAL.contains(&word)
    });
    any && all
}
