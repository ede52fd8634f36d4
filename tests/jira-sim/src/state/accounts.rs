//! All accounts: those with a name of their own, and any number that are made when asked for.
//!
//! A hundred thousand of them take no memory until one is changed; a group's members are a list of numbers that is
//! made when the group is first read and forgotten when an account changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    account::Account,
    group::{SERVICE_AGENTS, USERS, team_id, team_number},
};
use crate::clock::plus_seconds;

const DAY_SECONDS: i64 = 86_400;

/// What the accounts `bulk-1` … are like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BulkAccounts {
    pub(crate) count: usize,
    /// Into how many teams they are put.
    pub(crate) teams: usize,
    /// The time of the seed.
    pub(crate) made: Timestamp,
}

impl BulkAccounts {
    fn has(&self, number: usize) -> bool {
        (1..=self.count).contains(&number)
    }

    fn active(number: usize) -> bool {
        !number.is_multiple_of(50)
    }

    fn in_group(&self, number: usize, group: &str) -> bool {
        match group {
            USERS => true,
            SERVICE_AGENTS => number.is_multiple_of(20),
            _ => team_number(group)
                .is_some_and(|team| (1..=self.teams).contains(&team) && number % self.teams + 1 == team),
        }
    }

    /// Every 50th is inactive, every 200th hides its address, every 7th is unmanaged, every 8th never came.
    fn account(&self, number: usize) -> Account {
        let mut groups = vec![USERS.to_owned()];
        if number.is_multiple_of(20) {
            groups.push(SERVICE_AGENTS.to_owned());
        }
        if self.teams > 0 {
            groups.push(team_id(number % self.teams + 1));
        }
        let days_ago = i64::try_from(number * 37 % 120).unwrap_or(0);
        Account {
            email_hidden: number.is_multiple_of(200),
            active: Self::active(number),
            managed: !number.is_multiple_of(7),
            last_active: (!number.is_multiple_of(8))
                .then(|| plus_seconds(self.made, -days_ago * DAY_SECONDS - 3600)),
            groups,
            ..Account::person(
                &format!("bulk-{number}"),
                &format!("Bulk account {number}"),
                &format!("bulk-{number}@example.com"),
            )
        }
    }
}

/// The members of a group in the order of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Members {
    named: Vec<String>,
    bulk: Vec<usize>,
}

impl Members {
    pub(crate) fn len(&self) -> usize {
        self.named.len() + self.bulk.len()
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    named: BTreeMap<String, Account>,
    rule: BulkAccounts,
    /// Those of the rule that were changed.
    changed: BTreeMap<usize, Account>,
    /// By group, and whether the inactive ones are among them.
    members: BTreeMap<(String, bool), Arc<Members>>,
}

impl Accounts {
    pub(crate) fn new(named: Vec<Account>, rule: BulkAccounts) -> Self {
        let named = named.into_iter().map(|account| (account.id.clone(), account)).collect();
        Self { named, rule, ..Self::default() }
    }

    fn bulk_number(&self, id: &str) -> Option<usize> {
        let number = id.strip_prefix("bulk-")?.parse().ok()?;
        (self.rule.has(number) && id == format!("bulk-{number}")).then_some(number)
    }

    fn bulk(&self, number: usize) -> Account {
        self.changed.get(&number).cloned().unwrap_or_else(|| self.rule.account(number))
    }

    pub(crate) fn get(&self, id: &str) -> Option<Account> {
        let named = self.named.get(id).cloned();
        named.or_else(|| self.bulk_number(id).map(|number| self.bulk(number)))
    }

    /// Who signs in with an address; nobody does whose address is gone.
    pub(crate) fn by_email(&self, email: &str) -> Option<Account> {
        let known = self.named.values().chain(self.changed.values());
        let mut known = known.filter(|account| !account.email.is_empty());
        let found = known.find(|account| account.email.eq_ignore_ascii_case(email)).cloned();
        found.or_else(|| {
            let account = self.get(email.strip_suffix("@example.com")?)?;
            (account.email == email).then_some(account)
        })
    }

    pub(crate) fn put(&mut self, account: Account) {
        self.members.clear();
        match self.bulk_number(&account.id) {
            Some(number) => self.changed.insert(number, account),
            None => self.named.insert(account.id.clone(), account),
        };
    }

    /// In a fixed order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Account> {
        self.iter_from(0)
    }

    /// The accounts after the first `skipped` ones, in the same order, without making those.
    pub(crate) fn iter_from(&self, skipped: usize) -> impl Iterator<Item = Account> {
        let first_bulk = skipped.saturating_sub(self.named.len()) + 1;
        let bulk = (first_bulk..=self.rule.count).map(|number| self.bulk(number));
        self.named.values().skip(skipped).cloned().chain(bulk)
    }

    /// Who is in a group, with or without the inactive.
    pub(crate) fn members(&mut self, group: &str, inactive: bool) -> Arc<Members> {
        let key = (group.to_owned(), inactive);
        if let Some(known) = self.members.get(&key) {
            return Arc::clone(known);
        }
        let fits = |account: &&Account| {
            (inactive || account.active) && account.groups.iter().any(|own| own == group)
        };
        let in_bulk = |number: &usize| match self.changed.get(number) {
            Some(account) => fits(&account),
            None => (inactive || BulkAccounts::active(*number)) && self.rule.in_group(*number, group),
        };
        let members = Arc::new(Members {
            named: self.named.values().filter(fits).map(|account| account.id.clone()).collect(),
            bulk: (1..=self.rule.count).filter(in_bulk).collect(),
        });
        self.members.insert(key, Arc::clone(&members));
        members
    }

    /// One page of the members.
    pub(crate) fn page(&self, members: &Members, start: usize, most: usize) -> Vec<Account> {
        let named = members.named.iter().skip(start).filter_map(|id| self.named.get(id).cloned());
        let bulk = members.bulk.iter().skip(start.saturating_sub(members.named.len()));
        named.chain(bulk.map(|number| self.bulk(*number))).take(most).collect()
    }

    /// How many active accounts are in at least one of the groups.
    pub(crate) fn in_any(&mut self, groups: &[String]) -> usize {
        let (mut named, mut bulk) = (BTreeSet::new(), Vec::new());
        for group in groups {
            let members = self.members(group, false);
            named.extend(members.named.iter().cloned());
            bulk.extend_from_slice(&members.bulk);
        }
        bulk.sort_unstable();
        bulk.dedup();
        named.len() + bulk.len()
    }
}
