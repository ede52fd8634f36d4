//! What an action would do, and whether it may: the rules that need no call to Jira.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Action, Asked, Change, Deactivation, Instead, IssueFacts, MOST_AT_ONCE, Object, Standing, Step};
use crate::account::{Account, Grant, HeldRole};
use crate::campaign::Directory;
use crate::ids::{AccountId, GroupId, ProductKey};

/// How many dangers are named, at most.
const MOST_DANGERS: usize = 20;

/// What an action would do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// What would be done in Jira.
    pub steps: Vec<Step>,
    /// The products that the account would lose beside what was asked for.
    pub products_lost: Vec<ProductKey>,
    /// Why a second person must approve it.
    pub dangers: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// The issue that would be deleted.
    pub issue: Option<IssueFacts>,
    /// How many issues the account reported.
    pub reported: Option<u64>,
    /// What can be asked for instead.
    pub instead: Vec<Instead>,
    /// Why it may not be done, where what was found out is to be kept nevertheless.
    pub refusal: Option<String>,
}

/// What an action is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The account, as it is stored.
    pub account: &'a Account,
    /// The site's directory.
    pub directory: &'a Directory,
    /// The accounts that connections to the site act as.
    pub own: &'a BTreeSet<AccountId>,
    /// The day of looking.
    pub today: Date,
}

impl Rules<'_> {
    /// Whether these steps may be carried out.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn allow(&self, steps: &[Step]) -> Result<(), String> {
        let (account, takes) = (self.account, steps.iter().any(|step| !step.wants()));
        if self.own.contains(&account.id) {
            return Err("it is the account that a connection acts as, which is never changed".to_owned());
        }
        if account.erased_at.is_some() {
            return Err("the account was closed by its owner".to_owned());
        }
        let protection = account.protection.as_ref().filter(|held| held.ends_on >= self.today);
        if let Some(protection) = protection.filter(|_| takes) {
            return Err(format!("the account is protected until {}: end that first", protection.ends_on));
        }
        let gives_access = !takes && steps.iter().any(|step| step.object.grant().is_some());
        if gives_access && !account.is_live() {
            return Err("the account cannot be used at present, so that it gets no access".to_owned());
        }
        Ok(())
    }

    fn step(&self, change: Change, grant: Grant) -> Step {
        let (words, privileged) = (self.directory.words(&grant), self.directory.is_privileged(&grant));
        Step::new(change, Object::Access(grant), words, privileged)
    }

    /// A step about what the account has of the organisation, which is as privileged as anything that it has of the site.
    fn standing(&self, change: Change, standing: Standing) -> Step {
        let held: Vec<Option<bool>> =
            self.account.grants().iter().map(|grant| self.directory.is_privileged(grant)).collect();
        let privileged = match () {
            () if held.contains(&Some(true)) => Some(true),
            () if held.contains(&None) => None,
            () => Some(false),
        };
        Step::new(change, Object::Standing(standing), standing.words().to_owned(), privileged)
    }

    fn again(&self, step: &Step) -> Step {
        match &step.object {
            Object::Access(grant) => self.step(step.change, grant.clone()),
            Object::Standing(standing) => self.standing(step.change, *standing),
            Object::Issue(_) => {
                Step::new(step.change, step.object.clone(), step.words.clone(), step.privileged)
            }
        }
    }

    /// Everything that steps take from the account or give to it: with what it has of the organisation goes, or comes back,
    /// what it has of the site.
    pub fn all_touched(&self, steps: &[Step]) -> Vec<Step> {
        let mut all = Vec::new();
        for step in steps {
            all.push(step.clone());
            if matches!(step.object, Object::Standing(_)) {
                let grants = self.account.grants().into_iter();
                let held = grants.filter(|grant| !matches!(grant, Grant::Product { .. }));
                all.extend(held.map(|grant| self.step(step.change, grant)));
            }
        }
        all
    }

    /// The steps that come to what is asked for.
    fn steps(&self, asked: &Asked) -> Result<Vec<Step>, String> {
        match asked {
            Asked::Remove { grant: Grant::Product { product } } => {
                let groups = self.directory.groups_giving(product, self.account);
                if groups.is_empty() {
                    let words = self.directory.words(&Grant::Product { product: product.clone() });
                    return Err(format!("no group of the account is known to give it {words}"));
                }
                let leave = |group| self.step(Change::Remove, Grant::Group { group });
                Ok(groups.into_iter().map(leave).collect())
            }
            Asked::Remove { grant } => Ok(vec![self.step(Change::Remove, grant.clone())]),
            Asked::Add { grant: Grant::Product { .. } } => {
                Err("a product is given by a group; add the account to one that gives it".to_owned())
            }
            Asked::Add { grant } => Ok(vec![self.step(Change::Add, grant.clone())]),
            Asked::RemoveUser {} => Ok(vec![self.standing(Change::Remove, Standing::DirectoryEntry)]),
            Asked::DeactivateUser { how: Deactivation::Suspend } => {
                Ok(vec![self.standing(Change::Remove, Standing::DirectoryAccess)])
            }
            Asked::DeactivateUser { how: Deactivation::Deactivate } => {
                Ok(vec![self.standing(Change::Remove, Standing::AtlassianAccount)])
            }
            Asked::Undo { steps, .. } => Ok(steps.iter().map(|step| self.again(step)).collect()),
            Asked::CreateIssue { .. } | Asked::DeleteIssue { .. } => {
                Err("it is about an issue, and not about an account".to_owned())
            }
        }
    }
}

/// What an action on an account would do, if it may be done.
///
/// # Errors
/// Why not, in words.
pub fn plan(action: &Action, rules: &Rules<'_>) -> Result<Plan, String> {
    let steps = rules.steps(&action.asked)?;
    rules.allow(&steps)?;
    let takes_all = steps.iter().any(|step| !step.wants() && matches!(step.object, Object::Standing(_)));
    let wanted = match &action.asked {
        Asked::Remove { grant: Grant::Product { product } } => Some(product),
        _ => None,
    };
    let products_lost = if takes_all {
        rules.account.products.clone()
    } else {
        let leaving: Vec<GroupId> = steps.iter().filter(|step| !step.wants()).filter_map(group_of).collect();
        let lost = rules.directory.products_lost(&leaving, rules.account).into_iter();
        lost.filter(|product| Some(product) != wanted).collect()
    };
    let mut dangers: Vec<String> = rules.all_touched(&steps).iter().filter_map(danger).collect();
    if matches!(action.asked, Asked::RemoveUser {}) {
        dangers.insert(
            0,
            "an account that was removed from the directory does not come back by itself".to_owned(),
        );
    }
    dangers.truncate(MOST_DANGERS);
    dangers.extend(danger_of_many(action));
    Ok(Plan { steps, products_lost, dangers, ..Plan::default() })
}

/// That many were asked for at once, if they were.
pub(super) fn danger_of_many(action: &Action) -> Option<String> {
    let is_many = action.together > MOST_AT_ONCE;
    is_many.then(|| format!("{} changes were asked for at once", action.together))
}

impl Plan {
    /// The plan of an action on an issue: one step, and the dangers beside that of many at once.
    pub fn of_issue(action: &Action, step: Step, mut dangers: Vec<String>) -> Self {
        dangers.extend(danger_of_many(action));
        Self { steps: vec![step], dangers, ..Self::default() }
    }
}

fn group_of(step: &Step) -> Option<GroupId> {
    match step.object.grant() {
        Some(Grant::Group { group }) => Some(group.clone()),
        _ => None,
    }
}

/// The danger of a step on access; what a step on the organisation is about is named by the access that it touches.
fn danger(step: &Step) -> Option<String> {
    step.object.grant()?;
    match step.privileged {
        Some(false) => None,
        Some(true) => Some(format!("{} gives power over others' access or settings", step.words)),
        None => Some(format!("{} is not in the directory, so that it may give any power", step.words)),
    }
}

/// Notes on an account what steps did that were read back, until Jira's lists are read again. Says whether it changed.
pub fn note_on(account: &mut Account, steps: &[Step], directory: &Directory) -> bool {
    let before = (account.active, account.groups.clone(), account.roles.clone());
    for step in steps.iter().filter(|step| step.done_at.is_some()) {
        match &step.object {
            Object::Access(Grant::Group { group }) => put(&mut account.groups, group, step.wants()),
            Object::Access(Grant::Role { project, role }) => {
                let held = HeldRole { project: project.clone(), role: role.clone() };
                put(&mut account.roles, &held, step.wants());
            }
            Object::Access(Grant::Product { .. }) | Object::Issue(_) => {}
            Object::Standing(Standing::DirectoryEntry) => {
                account.active = false;
                account.groups.clear();
                account.roles.clear();
            }
            Object::Standing(Standing::DirectoryAccess | Standing::AtlassianAccount) => {
                account.active = step.wants();
            }
        }
    }
    if (account.active, &account.groups, &account.roles) == (before.0, &before.1, &before.2) {
        return false;
    }
    account.products = directory.products_of(&account.groups);
    true
}

/// Makes a sorted list hold a thing or not.
fn put<T: Clone + Ord>(list: &mut Vec<T>, thing: &T, holds: bool) {
    match (list.binary_search(thing), holds) {
        (Ok(place), false) => drop(list.remove(place)),
        (Err(place), true) => list.insert(place, thing.clone()),
        (Ok(_), true) | (Err(_), false) => {}
    }
}

/// Whether nobody else carries an action out at `now`.
pub fn is_lease_over(action: &Action, now: Timestamp) -> bool {
    action.leased_until.is_none_or(|until| until <= now)
}
