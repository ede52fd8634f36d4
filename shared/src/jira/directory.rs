//! Who there is: accounts, groups and their members, page by page.
//!
//! Whoever takes what these lists do not name for removed must have read them to their end. So an end is believed only
//! when Jira answers as the connection's account, and what makes no sense is an error, never a shorter list.

mod access;

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ask::{Answer, Ask};
use super::client::Client;
use super::error::{JiraError, Kind};
use crate::account::AccountKind;
use crate::ids::{AccountId, GroupId};

pub(super) use access::path_of_role;
pub use access::{ApplicationRole, ListedProject, RoleActors};

/// How many accounts a page of all accounts is asked for, and how many if Jira cannot manage that.
///
/// Source: specification of `getAllUsers`: at most 1000; 409 if it takes longer than 10 seconds.
const ACCOUNTS: [u16; 3] = [1000, 250, 50];

/// How many accounts one call names, so that its address stays below the 8 KiB that servers take.
///
/// Source: specification of `bulkGetUsers` names no limit; identifiers have up to 128 characters, those that exist about
/// 43.
const IDS_A_CALL: usize = 100;

/// How many groups, or members of one, a page holds.
///
/// Source: specification of `getUsersFromGroup`: at most 50; of `bulkGetGroups`: 50 unless asked for otherwise.
const PAGE: &str = "50";

/// What Jira writes instead of an account's identifier where its record is broken.
///
/// Source: specification of `ProjectRoleUser`.
pub(super) const NOBODY: &str = "unknown";

/// An account as one of Jira's lists shows it.
#[derive(Clone, Eq, PartialEq)]
pub struct ListedAccount {
    /// Its identifier.
    pub id: AccountId,
    /// What it is for.
    pub kind: AccountKind,
    /// Its display name; may be empty.
    pub name: String,
    /// Its e-mail address in lower case, if its profile shows it.
    pub email: Option<String>,
    /// Whether it is active.
    pub active: bool,
}

impl ListedAccount {
    /// Whether this is a broken record of nobody in particular. Several may be in one list, with the same identifier;
    /// they are left in, so that pages can be counted.
    pub fn is_nobody(&self) -> bool {
        self.id.as_str() == NOBODY
    }
}

impl std::fmt::Debug for ListedAccount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names and e-mail addresses are personal data, which no log may hold.
        formatter
            .debug_struct("ListedAccount")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// A group as Jira lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListedGroup {
    /// Its identifier.
    pub id: GroupId,
    /// Its name now.
    pub name: String,
}

/// One page of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Portion<T> {
    /// What is on it. The next page starts behind them, however few they are.
    pub items: Vec<T>,
    /// How many there are altogether, if Jira says so.
    pub total: Option<u64>,
    /// Whether no page follows.
    pub last: bool,
}

/// Source: specification of `User` and `UserDetails`. All but the identifier and `active` may be hidden by the profile.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserBean {
    account_id: AccountId,
    account_type: Option<String>,
    display_name: Option<String>,
    email_address: Option<String>,
    active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupBean {
    pub(super) group_id: GroupId,
    #[serde(default)]
    pub(super) name: String,
}

/// Source: specification of `PageBeanUser`, `PageBeanUserDetails`, `PageBeanGroupDetails` and `PageBeanProject`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    start_at: Option<u64>,
    total: Option<u64>,
    is_last: Option<bool>,
    values: Vec<T>,
}

impl Client {
    /// A page of all accounts, from `start` on: active ones, inactive ones, and those of people who left. Only an empty
    /// page is the end. One call, and up to two more if Jira needs smaller pages.
    ///
    /// Source: specification of `getAllUsers`.
    ///
    /// # Errors
    /// `Forbidden` without the permission Browse users and groups.
    pub async fn list_accounts(&self, start: u64) -> Result<Vec<ListedAccount>, JiraError> {
        let answer = self.accounts_page(start).await?;
        let users: Vec<UserBean> = answer.decode()?;
        self.spend(2 * users.len());
        if users.is_empty() {
            self.confirm_reader().await?;
        }
        Ok(users.into_iter().map(listed).collect())
    }

    async fn accounts_page(&self, start: u64) -> Result<Answer, JiraError> {
        let start_at = start.to_string();
        let [large @ .., smallest] = ACCOUNTS;
        let ask = |size: u16| {
            let size = size.to_string();
            Ask::read("list the accounts", "/rest/api/3/users/search")
                .with(&[("startAt", &start_at), ("maxResults", &size)])
        };
        for size in large {
            match self.request(ask(size)).await {
                Err(error) if is_too_much(&error.kind) => {}
                answered => return answered,
            }
        }
        self.request(ask(smallest)).await
    }

    /// These accounts; those that Jira does not know are missing in the answer. One call for each hundred, none for
    /// none, and more if Jira's pages are smaller.
    ///
    /// Source: specification of `bulkGetUsers`.
    pub async fn accounts_with_ids(&self, ids: &[AccountId]) -> Result<Vec<ListedAccount>, JiraError> {
        let mut found = Vec::new();
        for chunk in ids.chunks(IDS_A_CALL) {
            let asked: BTreeSet<&AccountId> = chunk.iter().collect();
            let mut start = 0;
            loop {
                let ask = ask_for(&asked, start);
                let (call, what) = (ask.call(), ask.what);
                let portion = self.portion(ask, start, 2, listed).await?;
                start += portion.items.len() as u64;
                if start > asked.len() as u64 || portion.items.iter().any(|item| !asked.contains(&item.id)) {
                    let why = "it names accounts that were not asked for";
                    return Err(JiraError::malformed(call, what, "values", why));
                }
                found.extend(portion.items);
                if portion.last {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// A page of all groups, from `start` on. One call.
    ///
    /// Source: specification of `bulkGetGroups`.
    ///
    /// # Errors
    /// `Forbidden` without the permission Browse users and groups.
    pub async fn list_groups(&self, start: u64) -> Result<Portion<ListedGroup>, JiraError> {
        let ask = Ask::read("list the groups", "/rest/api/3/group/bulk")
            .with(&[("startAt", &start.to_string()), ("maxResults", PAGE)]);
        let group = |bean: GroupBean| ListedGroup { id: bean.group_id, name: bean.name };
        self.portion(ask, start, 2, group).await
    }

    /// A page of the group's members, inactive ones too, from `start` on. One call.
    ///
    /// Source: specification of `getUsersFromGroup`.
    ///
    /// # Errors
    /// `NotFound` if the group is gone, which is believed only when Jira answers as the connection's account.
    pub async fn list_members(
        &self,
        group: &GroupId,
        start: u64,
    ) -> Result<Portion<ListedAccount>, JiraError> {
        let ask = Ask::read("list the members of a group", "/rest/api/3/group/member").with(&[
            ("groupId", group.as_str()),
            ("includeInactiveUsers", "true"),
            ("startAt", &start.to_string()),
            ("maxResults", PAGE),
        ]);
        self.portion(ask, start, 2, listed).await
    }

    /// One page, where each thing on it costs `points`.
    ///
    /// A page that does not start where it was asked to, and an empty one that is not the last, are errors: whoever went
    /// on would read the same again, or for ever.
    pub(super) async fn portion<B: DeserializeOwned, T>(
        &self,
        ask: Ask,
        start: u64,
        points: usize,
        take: fn(B) -> T,
    ) -> Result<Portion<T>, JiraError> {
        let answer = self.believed(ask).await?;
        let page: Page<B> = answer.decode()?;
        self.spend(points * page.values.len());
        if page.start_at.is_some_and(|at| at != start) {
            return Err(answer.malformed("startAt", "it is not the page that was asked for"));
        }
        let end = start.saturating_add(page.values.len() as u64);
        let is_all = || page.values.is_empty() || page.total.is_some_and(|total| end >= total);
        let last = page.is_last.unwrap_or_else(is_all);
        if page.values.is_empty() && !last {
            return Err(answer.malformed("values", "it is empty, and this is not the last page"));
        }
        if last {
            self.confirm_reader().await?;
        }
        Ok(Portion { items: page.values.into_iter().map(take).collect(), total: page.total, last })
    }

    /// Makes a call whose 404 means something: that the thing is gone, provided that the connection's account asked.
    pub(super) async fn believed(&self, ask: Ask) -> Result<Answer, JiraError> {
        match self.request(ask).await {
            Err(error) if error.kind == Kind::NotFound => {
                self.confirm_reader().await?;
                Err(error)
            }
            answered => answered,
        }
    }

    /// Makes sure that Jira answers as the connection's account. That not even the account is found says nothing about
    /// what was asked for, so it is no `NotFound`.
    pub(super) async fn confirm_reader(&self) -> Result<(), JiraError> {
        self.confirm_caller().await.map_err(|error| match error.kind {
            Kind::NotFound => {
                let kind = Kind::Unavailable { status: 404, retry_after: None };
                JiraError::new(
                    kind,
                    error.call,
                    "confirm the account",
                    "found not even the account (status 404)",
                )
            }
            _ => error,
        })
    }
}

fn ask_for(ids: &BTreeSet<&AccountId>, start: u64) -> Ask {
    let (start, size) = (start.to_string(), ids.len().to_string());
    let mut query = vec![("startAt", start.as_str()), ("maxResults", size.as_str())];
    query.extend(ids.iter().map(|id| ("accountId", id.as_str())));
    Ask::read("read accounts by id", "/rest/api/3/user/bulk").with(&query)
}

/// Whether a smaller page may be had.
fn is_too_much(kind: &Kind) -> bool {
    matches!(kind, Kind::TooLarge | Kind::Refused { status: 409, .. })
}

fn listed(bean: UserBean) -> ListedAccount {
    ListedAccount {
        id: bean.account_id,
        kind: kind_of(bean.account_type.as_deref()),
        name: bean.display_name.unwrap_or_default(),
        email: bean.email_address.and_then(|email| email_of(&email)),
        active: bean.active,
    }
}

/// What an account of Jira's `accountType` is for.
///
/// Source: specification of `User`.
pub(super) fn kind_of(account_type: Option<&str>) -> AccountKind {
    match account_type {
        Some("atlassian") => AccountKind::Human,
        Some("app") => AccountKind::App,
        Some("customer") => AccountKind::Customer,
        _ => AccountKind::Unknown,
    }
}

/// An e-mail address as we keep it: in lower case; none if it is empty.
pub(super) fn email_of(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    (!email.is_empty()).then_some(email)
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
