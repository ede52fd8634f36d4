//! The rules that Jira must be asked for: nobody takes the last administrator's access.
//!
//! Jira has no list of its administrators, but says of each account whether it is one. So whoever is taken out of a group
//! and is an administrator must not be the only one: another one is looked for among the members of the groups that
//! administer by their names, and Jira is asked about each. Our own accounts and apps do not count, since nobody could go
//! and mend things by them. Where none is found within bounds, the action is refused: a person can still do it in Jira.

use std::collections::BTreeSet;

use super::{Site, Stopped};
use crate::account::{AccountKind, Grant};
use crate::action::{Object, Step};
use crate::campaign::Directory;
use crate::ids::{AccountId, GroupId};
use crate::jira::directory::ListedAccount;
use crate::jira::error::JiraError;

/// How many pages of a group's members are looked at.
const MOST_PAGES: u64 = 40;

/// Of how many accounts Jira is asked whether they are administrators.
const MOST_ASKED: usize = 20;

/// Of how many members of a group Jira is asked whether it makes administrators of them.
const MEMBERS_ASKED: usize = 3;

/// For how many roles by which projects are administered other holders are looked for.
const MOST_ROLES: usize = 50;

/// What is guarded.
pub(super) struct Guard<'a> {
    /// The site.
    pub(super) site: &'a dyn Site,
    /// Its directory.
    pub(super) directory: &'a Directory,
    /// The account whose access changes.
    pub(super) account: &'a AccountId,
    /// The accounts that connections to the site act as.
    pub(super) own: &'a BTreeSet<AccountId>,
}

impl Guard<'_> {
    /// Power that names do not tell: whoever loses access administers the site, or the group that is joined has members who
    /// do, whatever it is called.
    pub(super) async fn dangers(&self, steps: &[Step]) -> Result<Vec<String>, JiraError> {
        let mut found = Vec::new();
        let is_all = |step: &Step| matches!(step.object, Object::Standing(_));
        if steps.iter().any(|step| leaves_groups(step) || is_all(step))
            && self.site.is_administrator(self.account).await?
        {
            found.push("the account administers the site".to_owned());
        }
        for step in steps.iter().filter(|step| step.wants() && step.privileged == Some(false)) {
            let Some(Grant::Group { group }) = step.object.grant() else { continue };
            for member in self.others(group, MEMBERS_ASKED).await? {
                if self.site.is_administrator(&member).await? {
                    found.push(format!("a member of {} administers the site", step.words));
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Whether the steps take from an administrator of the site, or from who may be the last to administer something, so
    /// that no other action may do so at the same time.
    pub(super) async fn takes_from_administrators(&self, steps: &[Step]) -> Result<bool, JiraError> {
        let taking: Vec<&Step> = steps.iter().filter(|step| !step.wants()).collect();
        if taking.iter().any(|step| step.privileged != Some(false)) {
            return Ok(true);
        }
        if taking.iter().any(|step| leaves_groups(step)) {
            return self.site.is_administrator(self.account).await;
        }
        Ok(false)
    }

    /// Refuses steps after which something would have no administrator.
    pub(super) async fn check(&self, steps: &[Step]) -> Result<(), Stopped> {
        let taking: Vec<&Step> = steps.iter().filter(|step| !step.wants()).collect();
        let is_role = |step: &&&Step| {
            step.privileged != Some(false) && matches!(step.object.grant(), Some(Grant::Role { .. }))
        };
        if taking.iter().filter(is_role).count() > MOST_ROLES {
            let why = format!(
                "the account administers more than {MOST_ROLES} projects by roles of its own: take those away first"
            );
            return Err(Stopped::Refused(why));
        }
        for step in &taking {
            match step.object.grant() {
                Some(Grant::Group { group }) => self.check_group(group, step).await?,
                Some(Grant::Role { .. }) if step.privileged == Some(false) => {}
                Some(Grant::Role { project, role }) => {
                    let held = self.site.role_actors(project, role).await?;
                    if !self.any_is_other(held.accounts).await? && !self.any_has_member(&held.groups).await? {
                        return Err(refuse(&format!("the account is the last that holds {}", step.words)));
                    }
                }
                Some(Grant::Product { .. }) | None => {}
            }
        }
        let leaves = taking.iter().any(|step| leaves_groups(step));
        if leaves && self.site.is_administrator(self.account).await? && !self.is_another_one().await? {
            return Err(refuse("no other administrator of the site was found"));
        }
        Ok(())
    }

    /// A group that administers by its name must not become empty.
    async fn check_group(&self, group: &GroupId, step: &Step) -> Result<(), Stopped> {
        let administers = self.directory.group(group).is_none_or(crate::directory::Group::is_privileged);
        if administers && !self.any_has_member(std::slice::from_ref(group)).await? {
            return Err(refuse(&format!("no other active member of {} was found", step.words)));
        }
        Ok(())
    }

    /// Whether one of these accounts, as far as they are asked for, is another active person's.
    async fn any_is_other(&self, mut accounts: Vec<AccountId>) -> Result<bool, JiraError> {
        accounts.retain(|one| one != self.account && !self.own.contains(one));
        accounts.truncate(MOST_ASKED);
        Ok(self.site.accounts(&accounts).await?.iter().any(|one| self.is_other(one)))
    }

    /// Whether one of the groups has another active member who is a person.
    async fn any_has_member(&self, groups: &[GroupId]) -> Result<bool, JiraError> {
        for group in groups {
            if !self.others(group, 1).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether Jira says of another account that it administers the site.
    async fn is_another_one(&self) -> Result<bool, JiraError> {
        let mut asked = BTreeSet::new();
        for group in self.directory.administrators() {
            for other in self.others(&group.id, MOST_ASKED).await? {
                if asked.len() >= MOST_ASKED {
                    return Ok(false);
                }
                if asked.insert(other.clone()) && self.site.is_administrator(&other).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Other active members of a group who are people, at most so many.
    async fn others(&self, group: &GroupId, most: usize) -> Result<Vec<AccountId>, JiraError> {
        let (mut found, mut start) = (Vec::new(), 0);
        for _ in 0..MOST_PAGES {
            let page = self.site.members(group, start).await?;
            start += page.items.len() as u64;
            found.extend(page.items.into_iter().filter(|one| self.is_other(one)).map(|one| one.id));
            if page.last || found.len() >= most {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }

    fn is_other(&self, listed: &ListedAccount) -> bool {
        let is_person = match listed.kind {
            AccountKind::Human => true,
            AccountKind::App | AccountKind::Customer | AccountKind::Unknown => false,
        };
        is_person
            && listed.active
            && !listed.is_nobody()
            && listed.id != *self.account
            && !self.own.contains(&listed.id)
    }
}

/// Whether a step takes groups from the account: one of them, or all that it has.
fn leaves_groups(step: &Step) -> bool {
    let is_group = matches!(step.object, Object::Access(Grant::Group { .. }) | Object::Standing(_));
    !step.wants() && is_group
}

fn refuse(why: &str) -> Stopped {
    Stopped::Refused(format!("{why}, so that nobody could administer it any more"))
}
