//! Who did something in a site, and when: creations, changes, comments and work logs, as cheaply as Jira tells them.
//!
//! What was said or changed is not kept, only by whom and when. The same deed may be told more than once, since issues
//! are read again and windows overlap: whoever counts must count each account's days, not deeds.

mod changelog;
mod worklogs;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::addresses::segment;
use super::answer;
use super::ask::{Answer, Ask};
use super::client::Client;
use super::directory::{self, NOBODY, Portion};
use super::error::{JiraError, Kind};
use super::jql::Jql;
use super::search::Pages;
use super::time;
use crate::account::AccountKind;
use crate::ids::{AccountId, IssueId};

use changelog::Entry;

pub use worklogs::WorklogChanges;

/// How many entries a page of histories is asked for, and how many if that is more than what is taken: an entry may
/// hold a whole description, before and after.
///
/// Source: specification of `BulkChangelogRequestBean`: 1000 unless asked for otherwise.
const ENTRIES: [u16; 4] = [1000, 250, 50, 10];

/// How many comments a page holds, at most.
///
/// Source: jira-facts 4.5, `getComments`.
const COMMENTS: &str = "100";

/// Somebody who did something.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Author {
    /// The account.
    pub id: AccountId,
    /// What it is for.
    pub kind: AccountKind,
}

/// One thing that somebody did.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Deed {
    /// Who did it.
    pub by: Author,
    /// When, by Jira's clock.
    pub at: Timestamp,
}

/// An issue that was changed, with the deeds that the search itself tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangedIssue {
    /// The issue.
    pub id: IssueId,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Its creation, and its comments and the entries of its history as far as they came with it.
    pub deeds: Vec<Deed>,
    /// Whether all entries of its history came with it that are not older than what was asked for. If not,
    /// [`Client::histories`] tells them.
    pub whole_history: bool,
    /// How many comments it has; one more than came if Jira does not say, so that they are read.
    pub comments_total: u64,
    /// How many of them came with it. If fewer, [`Client::comments_of`] tells the others.
    pub comments_embedded: u64,
}

/// A page of changed issues.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChangedIssues {
    /// The issues, what was changed longest ago first.
    pub issues: Vec<ChangedIssue>,
    /// Names the next page for seven days; none after the last.
    pub next: Option<String>,
    /// How many issues the page was asked for; fewer than wanted if they were longer than what is taken.
    pub size: usize,
    /// Jira's warnings that the result is not whole, in its own fixed words.
    pub warnings: Vec<String>,
}

/// A page of the histories of several issues.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Histories {
    /// Who changed which issue, oldest first; changes by nobody in particular are left out.
    pub entries: Vec<(IssueId, Deed)>,
    /// Names the next page; none after the last.
    pub next: Option<String>,
}

/// Source: specification of `UserDetails`; absent where the account was deleted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserBean {
    #[serde(default, deserialize_with = "account")]
    account_id: Option<AccountId>,
    account_type: Option<String>,
}

/// Source: specification of `IssueBean`; creator, creation and change are there for every issue.
#[derive(Deserialize)]
struct IssueBean<'a> {
    id: IssueId,
    fields: Fields,
    #[serde(borrow)]
    changelog: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Fields {
    creator: Option<UserBean>,
    #[serde(deserialize_with = "time::deserialize")]
    created: Timestamp,
    #[serde(deserialize_with = "time::deserialize")]
    updated: Timestamp,
    comment: Option<Comments>,
}

#[derive(Deserialize)]
struct Comments {
    comments: Vec<Deeds>,
    total: Option<u64>,
}

/// What was done by writing one comment or work log, and by changing it later.
#[derive(Deserialize)]
#[serde(try_from = "Written")]
struct Deeds(Vec<Deed>);

/// Source: specification of `Comment` and `Worklog`; the example of `getWorklogsForIds` lacks `created`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    author: Option<UserBean>,
    #[serde(default, deserialize_with = "moment")]
    created: Option<Timestamp>,
    update_author: Option<UserBean>,
    #[serde(default, deserialize_with = "moment")]
    updated: Option<Timestamp>,
}

impl TryFrom<Written> for Deeds {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if written.created.is_none() && written.updated.is_none() {
            return Err("it does not say when it was written");
        }
        let created = written.created.and_then(|at| deed(written.author, at));
        let updated = written.updated.and_then(|at| deed(written.update_author, at));
        let changed = updated.filter(|updated| created.as_ref() != Some(updated));
        Ok(Self(created.into_iter().chain(changed).collect()))
    }
}

impl Client {
    /// A page of the issues that were last changed from `from` on and before `until`, at most `size`, behind the page
    /// that named `token`. Entries of their histories that are older than `since` need not come with them. One call, and
    /// more if the page is longer than what is taken.
    ///
    /// An issue that is changed meanwhile leaves the window, and may shift the others: whoever reads on must overlap.
    /// Source: specification of `searchAndReconsileIssuesUsingJqlPost`.
    pub async fn changed_issues(
        &self,
        from: Timestamp,
        until: Timestamp,
        since: Timestamp,
        size: usize,
        token: Option<&str>,
    ) -> Result<ChangedIssues, JiraError> {
        let what = "read the changed issues";
        let fields = &["created", "creator", "updated", "comment"];
        let jql = changed(from, until).by_change();
        let mut pages = Pages::new(self, what, jql, fields, &[]).expanded("changelog").resumed(token, size);
        let mut issues = Vec::new();
        let mut broken = None;
        let mut number = 0_usize;
        let mut take = |raw: &RawValue| {
            match answer::decode_plain::<IssueBean<'_>>(raw.get().as_bytes()) {
                Ok(bean) => issues.push(changed_issue(bean, since)),
                Err((path, why)) => {
                    broken.get_or_insert((format!("issues[{number}].{path}"), why));
                }
            }
            number += 1;
        };
        let page = pages.next(&mut take).await?;
        let warnings = match (page, broken) {
            (Some(page), Some((path, why))) => {
                return Err(JiraError::malformed(page.call, what, &path, &why));
            }
            (Some(page), None) => page.warnings,
            (None, _) => Vec::new(),
        };
        let (next, size) = (pages.token().map(str::to_owned), pages.size());
        if next.is_none() {
            self.confirm_reader().await?;
        }
        Ok(ChangedIssues { issues, next, size, warnings })
    }

    /// About how many issues were last changed from `from` on and before `until`. One call.
    pub async fn approximate_changed(&self, from: Timestamp, until: Timestamp) -> Result<u64, JiraError> {
        self.count(&changed(from, until).text()).await
    }

    /// A page of the histories of these issues, at most 1000, behind the page that named `token`. One call, and more if
    /// the page is longer than what is taken; none if there are no issues. Comments are not among them.
    ///
    /// Source: specification of `getBulkChangelogs`. Issues that are gone are left out there.
    pub async fn histories(&self, issues: &[IssueId], token: Option<&str>) -> Result<Histories, JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            issue_change_logs: Vec<Log>,
            next_page_token: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Log {
            issue_id: IssueId,
            change_histories: Vec<Entry>,
        }
        if issues.is_empty() {
            return Ok(Histories { entries: Vec::new(), next: None });
        }
        let answer = self.histories_page(issues, token).await?;
        let body: Body = answer.decode()?;
        self.spend(body.issue_change_logs.len());
        let next = body.next_page_token.filter(|next| !next.is_empty());
        if next.is_some() && next.as_deref() == token {
            return Err(answer.malformed("nextPageToken", "it was given before"));
        }
        let mut entries = Vec::new();
        for (number, log) in body.issue_change_logs.into_iter().enumerate() {
            if !issues.contains(&log.issue_id) {
                let path = format!("issueChangeLogs[{number}].issueId");
                return Err(answer.malformed(&path, "it was not asked for"));
            }
            let deeds = log.change_histories.into_iter().filter_map(Entry::deed);
            entries.extend(deeds.map(|deed| (log.issue_id.clone(), deed)));
        }
        if next.is_none() {
            self.confirm_reader().await?;
        }
        Ok(Histories { entries, next })
    }

    async fn histories_page(&self, issues: &[IssueId], token: Option<&str>) -> Result<Answer, JiraError> {
        let [large @ .., smallest] = ENTRIES;
        let ask = |size: u16| {
            let mut body = serde_json::json!({ "issueIdsOrKeys": issues, "maxResults": size });
            if let Some(token) = token {
                body["nextPageToken"] = serde_json::json!(token);
            }
            Ask::query("read the issues' histories", "/rest/api/3/changelog/bulkfetch", body)
        };
        for size in large {
            match self.request(ask(size)).await {
                Err(error) if error.kind == Kind::TooLarge => {}
                answered => return answered,
            }
        }
        self.request(ask(smallest)).await
    }

    /// A page of what was done by commenting on the issue, from comment `start` on: what each comment tells, so that
    /// the next page starts behind them. Only an empty page is the last. One call.
    ///
    /// Source: specification of `getComments`, `PageOfComments`; comments that the account may not see are left out.
    ///
    /// # Errors
    /// `NotFound` if the issue is gone, which is believed only when Jira answers as the connection's account.
    pub async fn comments_of(&self, issue: &IssueId, start: u64) -> Result<Portion<Vec<Deed>>, JiraError> {
        let path = format!("/rest/api/3/issue/{}/comment", segment(issue.as_str()));
        let ask = Ask::read("read who commented on the issue", path).with(&[
            ("startAt", &start.to_string()),
            ("maxResults", COMMENTS),
            ("orderBy", "created"),
        ]);
        let answer = self.believed(ask).await?;
        let body: Comments = answer.decode()?;
        let last = body.comments.is_empty();
        if last {
            self.confirm_reader().await?;
        }
        let items = body.comments.into_iter().map(|comment| comment.0).collect();
        Ok(Portion { items, total: body.total, last })
    }
}

fn changed(from: Timestamp, until: Timestamp) -> Jql {
    Jql::new().updated_from(from).updated_before(until)
}

fn changed_issue(bean: IssueBean<'_>, since: Timestamp) -> ChangedIssue {
    let mut deeds: Vec<Deed> = deed(bean.fields.creator, bean.fields.created).into_iter().collect();
    let (embedded, total) = match bean.fields.comment {
        Some(field) => {
            let embedded = field.comments.len() as u64;
            deeds.extend(field.comments.into_iter().flat_map(|comment| comment.0));
            (embedded, field.total.unwrap_or(embedded + 1))
        }
        None => (0, 1),
    };
    let (entries, whole_history) = changelog::embedded(bean.changelog, since);
    deeds.extend(entries);
    let (id, updated) = (bean.id, bean.fields.updated);
    let (comments_total, comments_embedded) = (total.max(embedded), embedded);
    ChangedIssue { id, updated, deeds, whole_history, comments_total, comments_embedded }
}

/// That somebody did something; nothing if it was nobody in particular.
fn deed(by: Option<UserBean>, at: Timestamp) -> Option<Deed> {
    let by = by?;
    let kind = directory::kind_of(by.account_type.as_deref());
    Some(Deed { by: Author { id: by.account_id?, kind }, at })
}

/// An account's identifier; none for a broken record of nobody in particular.
fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AccountId>, D::Error> {
    let id = Option::<String>::deserialize(deserializer)?.filter(|id| !id.is_empty() && id != NOBODY);
    id.map(|id| AccountId::parse(&id).map_err(serde::de::Error::custom)).transpose()
}

/// A moment, or null.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    struct Moment(#[serde(deserialize_with = "time::deserialize")] Timestamp);
    Ok(Option::<Moment>::deserialize(deserializer)?.map(|moment| moment.0))
}

#[cfg(test)]
#[path = "activity_tests.rs"]
mod tests;
