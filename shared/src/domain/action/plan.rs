//! What an action would do, and whether it may: the rules that need no call to Jira.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Action, Asked, Change, MOST_AT_ONCE, Step};
use crate::account::{Account, Grant, HeldRole};
use crate::campaign::Directory;
use crate::ids::{AccountId, GroupId, ProductKey};

/// What an action would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// What would be done in Jira.
    pub steps: Vec<Step>,
    /// The products that the account would lose beside what was asked for.
    pub products_lost: Vec<ProductKey>,
    /// Why a second person must approve it.
    pub dangers: Vec<String>,
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
        if !takes && !account.is_live() {
            return Err("the account cannot be used at present, so that it gets no access".to_owned());
        }
        Ok(())
    }

    fn step(&self, change: Change, grant: Grant) -> Step {
        Step {
            change,
            words: self.directory.words(&grant),
            privileged: self.directory.is_privileged(&grant),
            grant,
            held_before: None,
            done_at: None,
        }
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
            Asked::Undo { steps, .. } => {
                Ok(steps.iter().map(|step| self.step(step.change, step.grant.clone())).collect())
            }
        }
    }
}

/// What an action would do, if it may be done.
///
/// # Errors
/// Why not, in words.
pub fn plan(action: &Action, rules: &Rules<'_>) -> Result<Plan, String> {
    let steps = rules.steps(&action.asked)?;
    rules.allow(&steps)?;
    let leaving: Vec<GroupId> = steps.iter().filter(|step| !step.wants()).filter_map(group_of).collect();
    let wanted = match &action.asked {
        Asked::Remove { grant: Grant::Product { product } } => Some(product),
        Asked::Remove { .. } | Asked::Add { .. } | Asked::Undo { .. } => None,
    };
    let lost = rules.directory.products_lost(&leaving, rules.account).into_iter();
    let products_lost = lost.filter(|product| Some(product) != wanted).collect();
    let mut dangers: Vec<String> = steps.iter().filter_map(danger).collect();
    if action.together > MOST_AT_ONCE {
        dangers.push(format!("{} changes were asked for at once", action.together));
    }
    Ok(Plan { steps, products_lost, dangers })
}

fn group_of(step: &Step) -> Option<GroupId> {
    match &step.grant {
        Grant::Group { group } => Some(group.clone()),
        Grant::Role { .. } | Grant::Product { .. } => None,
    }
}

fn danger(step: &Step) -> Option<String> {
    match step.privileged {
        Some(false) => None,
        Some(true) => Some(format!("{} gives power over others' access or settings", step.words)),
        None => Some(format!("{} is not in the directory, so that it may give any power", step.words)),
    }
}

/// Notes on an account what steps did that were read back, until Jira's lists are read again. Says whether it changed.
pub fn note_on(account: &mut Account, steps: &[Step], directory: &Directory) -> bool {
    let before = (account.groups.clone(), account.roles.clone());
    for step in steps.iter().filter(|step| step.done_at.is_some()) {
        match &step.grant {
            Grant::Group { group } => put(&mut account.groups, group, step.wants()),
            Grant::Role { project, role } => {
                let held = HeldRole { project: project.clone(), role: role.clone() };
                put(&mut account.roles, &held, step.wants());
            }
            Grant::Product { .. } => {}
        }
    }
    if (&account.groups, &account.roles) == (&before.0, &before.1) {
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
