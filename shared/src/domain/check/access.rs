//! How the checks about access judge a site's directory.
//!
//! Entities name accounts by their ids alone: a run is evidence and is kept, and a person may have their data erased.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::judge::judge_each;
use super::{CheckId, Verdict};
use crate::account::{Account, Grant, Owner};
use crate::clock::seconds_between;
use crate::connection::Connection;
use crate::evidence::{Coverage, Entity, Gap, Reading};
use crate::ids::PersonId;
use crate::ingestion::{Ingestion, Source};
use crate::person::Person;
use crate::policy::AccessPolicy;

/// The lists that a verdict about access rests on.
const LISTS: [Source; 3] = [Source::Users, Source::Groups, Source::Members];

/// Where access to a project or product comes from, too.
const HOLDERS: [Source; 2] = [Source::Products, Source::Roles];

/// What the checks look at, apart from the accounts.
#[derive(Clone, Copy, Debug)]
pub struct Directory<'a> {
    /// The connection.
    pub connection: &'a Connection,
    /// How whole its directory is; none when it was never read.
    pub ingestion: Option<&'a Ingestion>,
    /// What is wanted.
    pub policy: &'a AccessPolicy,
    /// The persons of the list.
    pub persons: &'a Persons,
    /// The present moment.
    pub now: Timestamp,
    /// The present day in the tenant's time zone.
    pub today: Date,
}

/// The persons of a list, and those of them who have left.
#[derive(Clone, Debug, Default)]
pub struct Persons {
    /// All of them.
    pub all: BTreeSet<PersonId>,
    /// Those who have left.
    pub left: BTreeSet<PersonId>,
}

impl Persons {
    /// Adds persons, as they are on the day `today`.
    pub fn add(&mut self, persons: &[Person], today: Date) {
        self.all.extend(persons.iter().map(|person| person.id.clone()));
        let left = persons.iter().filter(|person| person.has_left(today));
        self.left.extend(left.map(|person| person.id.clone()));
    }
}

/// The checks about access.
pub const CHECKS: [CheckId; 3] = [CheckId::B6, CheckId::B7, CheckId::B8];

/// What was found in a site's accounts, of which nothing else is kept: there may be hundreds of thousands.
#[derive(Clone, Debug)]
pub struct Findings {
    reading: Reading,
    complaints: [BTreeMap<String, String>; CHECKS.len()],
    unidentified: u64,
}

impl Directory<'_> {
    /// Before any account was looked at.
    pub fn begin(&self) -> Findings {
        Findings {
            reading: Reading {
                query: format!("active accounts of {}", self.connection.site),
                scope: "all accounts of the site but apps and customers".to_owned(),
                entities: Vec::new(),
                coverage: Coverage::default(),
                read_at: self.now,
                seen_in: Vec::new(),
            },
            complaints: Default::default(),
            unidentified: 0,
        }
    }

    /// Looks at an account for all checks.
    pub fn look(&self, account: &Account, findings: &mut Findings) {
        if !account.is_live() || !account.may_be_human() {
            return;
        }
        let entity = self.entity(account);
        findings.unidentified += u64::from(!self.is_identified(account));
        for (check, complaints) in CHECKS.into_iter().zip(&mut findings.complaints) {
            if let Some(complaint) = self.complaint(check, account) {
                complaints.insert(entity.id.clone(), complaint);
            }
        }
        findings.reading.entities.push(entity);
    }

    /// The verdict of one check about access, and the reading that it rests on, when all accounts were looked at.
    pub fn judge<'f>(&self, check: CheckId, findings: &'f mut Findings) -> (Verdict, &'f Reading) {
        let mut gaps = self.gaps(check);
        // Nobody knows whether the person behind an account that is not identified has left.
        if check == CheckId::B6 && findings.unidentified > 0 {
            gaps.push(Gap::Unidentified { accounts: findings.unidentified });
        }
        let count = findings.reading.entities.len() as u64;
        findings.reading.coverage =
            Coverage { pages: 1, read: count, counted: Some(count), in_scope: Some(count), gaps };
        let place = CHECKS.iter().position(|known| *known == check);
        let complaints = place.and_then(|place| findings.complaints.get(place));
        let verdict = judge_each(&findings.reading, self.now, |entity| {
            complaints.and_then(|complaints| complaints.get(&entity.id)).cloned()
        });
        (verdict, &findings.reading)
    }

    /// Every reason why a verdict may rest on less than all.
    fn gaps(&self, check: CheckId) -> Vec<Gap> {
        let Some(ingestion) = self.ingestion else {
            let detail = "the site's directory was not read yet; the first ingestion must end".to_owned();
            return vec![Gap::Unavailable { detail }];
        };
        let mut sources = LISTS.to_vec();
        if check == CheckId::B8 {
            sources.extend(HOLDERS);
        }
        ingestion.gaps(&sources, self.now)
    }

    fn is_identified(&self, account: &Account) -> bool {
        account.owner.identifies(self.today)
            && match &account.owner {
                Owner::Person { person, .. } => self.persons.all.contains(person),
                Owner::Unidentified | Owner::Marked { .. } => true,
            }
    }

    fn complaint(&self, check: CheckId, account: &Account) -> Option<String> {
        match check {
            CheckId::B6 => match &account.owner {
                Owner::Person { person, .. } if self.persons.left.contains(person) => {
                    Some(format!("it is active, and its person ({person}) has left"))
                }
                Owner::Person { .. } | Owner::Unidentified | Owner::Marked { .. } => None,
            },
            CheckId::B7 => match &account.owner {
                _ if self.is_identified(account) => None,
                Owner::Marked { ends_on, .. } => Some(format!("its mark ended on {ends_on}")),
                Owner::Person { person, .. } => {
                    Some(format!("its person ({person}) is not on the list of people any more"))
                }
                Owner::Unidentified => {
                    Some("it belongs to no person of the list and is not marked".to_owned())
                }
            },
            CheckId::B8 => self.unapproved(account),
            CheckId::B1 | CheckId::B2 | CheckId::B3 | CheckId::B4 | CheckId::B5 | CheckId::B9 => None,
        }
    }

    /// Why an account's access is not valid: some of it was neither approved within the period nor follows the rule.
    fn unapproved(&self, account: &Account) -> Option<String> {
        let holds_for = i64::from(self.policy.review_days) * 24 * 3600;
        let approved: BTreeSet<&Grant> = account
            .approvals
            .iter()
            .filter(|approval| (0..=holds_for).contains(&seconds_between(approval.at, self.now)))
            .map(|approval| &approval.grant)
            .collect();
        let person_works_here = match &account.owner {
            Owner::Person { person, .. } => {
                self.persons.all.contains(person) && !self.persons.left.contains(person)
            }
            Owner::Unidentified | Owner::Marked { .. } => false,
        };
        let follows_rule = |grant: &Grant| match grant {
            Grant::Group { group } => person_works_here && self.policy.ruled_groups.contains(group),
            // A product comes by a group, which is judged itself.
            Grant::Product { .. } => true,
            Grant::Role { .. } => false,
        };
        let grants = account.grants();
        let invalid =
            grants.iter().filter(|grant| !approved.contains(*grant) && !follows_rule(grant)).count();
        (invalid > 0).then(|| {
            format!(
                "{invalid} of its {} pieces of access were not approved in the last {} days and follow no rule",
                grants.len(),
                self.policy.review_days
            )
        })
    }

    fn entity(&self, account: &Account) -> Entity {
        Entity {
            // No issue's id, which is a number.
            id: format!("account:{}", account.id),
            key: account.id.to_string(),
            title: format!("Account {}", account.id),
            url: format!("https://{}/jira/people/{}", self.connection.site, account.id),
            assignee: None,
            created_at: account.first_seen_at,
            done: false,
            priority: None,
        }
    }
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
