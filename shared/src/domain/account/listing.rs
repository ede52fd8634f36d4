//! What lists of Jira say of an account, put into what is stored of it.
//!
//! Each function changes only what its list tells, and says whether anything changed, so that only changes are written.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Account, AccountKind, HeldRole, OrganisationView, Owner};
use crate::ids::{GroupId, ProductKey};

/// An account as a list shows it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What it is for.
    pub kind: AccountKind,
    /// Its display name.
    pub name: &'a str,
    /// Its e-mail address, if it is shown.
    pub email: Option<&'a str>,
    /// Whether it is active.
    pub active: bool,
}

/// What the lists of one run say together of an account.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// The groups whose list names it.
    pub groups: Vec<GroupId>,
    /// The groups whose list was not read to its end: who is stored as a member of them is kept as it is.
    pub unread_groups: BTreeSet<GroupId>,
    /// The roles that it holds itself; none when they were not read to the end, so that those stored are kept.
    pub roles: Option<Vec<HeldRole>>,
    /// When the run began that read the lists.
    pub read_from: Option<Timestamp>,
    /// Whether a list names it: false only if a list that was read to its end does not, and Jira, asked for this very
    /// account, does not know it either.
    pub listed: bool,
}

impl Account {
    /// Takes over what a list shows of the account. An e-mail address that is not shown is no news: it stays.
    pub fn take_shown(&mut self, shown: Shown<'_>) -> bool {
        let before = (self.kind, self.active, self.removed_at);
        (self.kind, self.active, self.removed_at) = (shown.kind, shown.active, None);
        let mut changed = before != (self.kind, self.active, self.removed_at);
        // An account that its owner closed stays erased, whatever name a list still has for it.
        if self.erased_at.is_none() {
            changed |= replace(&mut self.name, shown.name);
            if let Some(email) = shown.email.map(str::to_lowercase) {
                changed |= self.email.as_deref() != Some(&email);
                self.email = Some(email);
            }
        }
        changed
    }

    /// Takes over what the organisation's administration tells of the account.
    pub fn take_organisation(&mut self, email: Option<&str>, view: &OrganisationView) -> bool {
        if self.erased_at.is_some() {
            return false;
        }
        let mut changed = self.organisation.as_ref() != Some(view);
        self.organisation = Some(view.clone());
        if let Some(email) = email.map(str::to_lowercase) {
            changed |= self.email.as_deref() != Some(&email);
            self.email = Some(email);
        }
        changed
    }

    /// Takes over what all lists say together. `products_of` names the products that a group gives.
    pub fn settle(
        &mut self,
        settled: &Settled,
        products_of: &dyn Fn(&GroupId) -> Vec<ProductKey>,
        now: Timestamp,
    ) -> bool {
        let knows_better = |read_from| self.access_changed_at.is_some_and(|at| at >= read_from);
        if settled.read_from.is_some_and(knows_better) {
            return self.mark_listed(settled.listed, now);
        }
        let kept = self.groups.iter().filter(|group| settled.unread_groups.contains(*group));
        let groups: BTreeSet<GroupId> = settled.groups.iter().chain(kept).cloned().collect();
        let products: BTreeSet<ProductKey> = groups.iter().flat_map(products_of).collect();
        let mut changed = replace_all(&mut self.groups, groups);
        changed |= replace_all(&mut self.products, products);
        if let Some(roles) = &settled.roles {
            changed |= replace_all(&mut self.roles, roles.iter().cloned().collect());
        }
        // What was approved is what was held then: access that comes back is to be approved again.
        let held = self.grants();
        let approved = self.approvals.len();
        self.approvals.retain(|approval| held.contains(&approval.grant));
        changed |= self.approvals.len() != approved;
        self.mark_listed(settled.listed, now) || changed
    }

    fn mark_listed(&mut self, listed: bool, now: Timestamp) -> bool {
        let removed_at = if listed { None } else { self.removed_at.or(Some(now)) };
        let changed = self.removed_at != removed_at;
        self.removed_at = removed_at;
        changed
    }

    /// Forgets what is personal: its owner closed the account. Returns whether anything was left to forget.
    pub fn erase(&mut self, now: Timestamp) -> bool {
        if self.erased_at.is_some() {
            return false;
        }
        self.forget();
        // What was said of it tells of a person, too.
        self.owner = Owner::Unidentified;
        self.protection = None;
        self.active = false;
        self.erased_at = Some(now);
        true
    }

    /// Forgets what is personal, to be read again where that may be. Returns whether there was anything.
    pub fn forget(&mut self) -> bool {
        let known = !self.name.is_empty()
            || self.email.is_some()
            || self.organisation.is_some()
            || !self.suggestions.is_empty();
        self.name.clear();
        self.email = None;
        self.organisation = None;
        self.suggestions.clear();
        known
    }
}

fn replace(stored: &mut String, new: &str) -> bool {
    let changed = stored != new;
    if changed {
        new.clone_into(stored);
    }
    changed
}

fn replace_all<T: Ord>(stored: &mut Vec<T>, new: BTreeSet<T>) -> bool {
    let changed = !stored.iter().eq(&new);
    if changed {
        *stored = new.into_iter().collect();
    }
    changed
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
