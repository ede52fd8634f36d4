//! Issues as they are now: every field that is kept in step, read by id, which shows the truth at once where a search
//! lags behind.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::addresses::segment;
use super::answer;
use super::ask::Ask;
use super::client::Client;
use super::error::{JiraError, Kind};
use super::issue::{ISSUES_A_CALL, StatusBean};
use super::search::ticket_in;
use super::time;
use crate::ids::{AccountId, IssueId, IssueTypeId, ProjectId, TicketId};
use crate::ticket::{IssueStatus, PROPERTY};
use crate::trace::Call;

/// The fields that are asked for.
const FIELDS: [&str; 11] = [
    "archiveddate",
    "assignee",
    "description",
    "duedate",
    "issuetype",
    "labels",
    "parent",
    "project",
    "status",
    "summary",
    "updated",
];

/// An issue as it was just read.
#[derive(Clone, Debug, PartialEq)]
pub struct IssueNow {
    /// Its immutable identifier.
    pub id: IssueId,
    /// Its key now.
    pub key: String,
    /// The project that it is in now.
    pub project: ProjectId,
    /// Its type now.
    pub issue_type: IssueTypeId,
    /// Its status.
    pub status: IssueStatus,
    /// The status's identifier.
    pub status_id: String,
    /// Its title.
    pub summary: String,
    /// Its description in Atlassian's document format; none if it has none.
    pub description: Option<Value>,
    /// Who it is assigned to.
    pub assignee: Option<AccountId>,
    /// The day by which it should be done.
    pub due_on: Option<Date>,
    /// Its labels, ours and other people's.
    pub labels: BTreeSet<String>,
    /// The issue that it belongs to.
    pub parent: Option<IssueId>,
    /// Those of the further fields that were asked for which its project has, by id, in Jira's JSON.
    pub further: BTreeMap<String, Value>,
    /// When it was last changed, by Jira's clock.
    pub updated_at: Timestamp,
    /// Whether it is archived: it can be seen, and not changed.
    pub archived: bool,
    /// The ticket that it was created for, if it carries our property and that makes sense.
    pub ticket: Option<TicketId>,
    /// The call that brought it.
    pub call: Call,
    /// When it was read, by our clock.
    pub read_at: Timestamp,
}

/// What reading one issue showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// It is there.
    There(Box<IssueNow>),
    /// It was deleted, or is hidden from the account.
    Gone(Call),
}

/// What reading many issues showed. Each issue that was asked for is in one of the three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ManyRead {
    /// What is there.
    pub there: BTreeMap<IssueId, IssueNow>,
    /// What Jira could not give just now or what could not be understood, and why. These are not gone.
    pub failed: BTreeMap<IssueId, String>,
    /// What is neither: deleted, or hidden from the account.
    pub missing: BTreeSet<IssueId>,
}

impl Client {
    /// Reads one issue, with further fields by their ids. One call, and one more if Jira answers 404 without a word about
    /// the account.
    ///
    /// Source: specification of `getIssue`; 404 means not there or not visible, so it is believed only when Jira
    /// answers as the connection's account. With `failFast` a field that Jira fails to load fails the call instead of
    /// looking empty.
    pub async fn read_issue(&self, id: &IssueId, further: &BTreeSet<String>) -> Result<Reading, JiraError> {
        let path = format!("/rest/api/3/issue/{}", segment(id.as_str()));
        let fields = asked(further).join(",");
        let pairs = [("fields", fields.as_str()), ("properties", PROPERTY), ("failFast", "true")];
        match self.request(Ask::read("read the issue", path).with(&pairs)).await {
            Ok(answer) => {
                let bean: Bean = answer.decode()?;
                let further = if further.is_empty() { None } else { Some((answer.decode()?, further)) };
                self.spend(1);
                Ok(Reading::There(Box::new(bean.read(further, &answer.call, self.now()))))
            }
            Err(error) if error.kind == Kind::NotFound => {
                self.confirm_caller().await?;
                Ok(Reading::Gone(error.call))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads many issues, with further fields by their ids. One call for each hundred, more where a hundred are longer than
    /// what is taken. What is missing is only called so when Jira answered as the connection's account.
    ///
    /// Source: specification of `bulkFetchIssues`, `BulkIssueResults`: issues that are not there or not visible are in
    /// neither list.
    pub async fn read_issues(
        &self,
        ids: &[IssueId],
        further: &BTreeSet<String>,
    ) -> Result<ManyRead, JiraError> {
        let mut read = ManyRead::default();
        let mut waiting: VecDeque<&[IssueId]> = ids.chunks(ISSUES_A_CALL).collect();
        while let Some(asked) = waiting.pop_front() {
            match self.read_chunk(asked, further, &mut read).await {
                Err(error) if error.kind == Kind::TooLarge && asked.len() > 1 => {
                    let (first, second) = asked.split_at(asked.len() / 2);
                    waiting.push_front(second);
                    waiting.push_front(first);
                }
                result => result?,
            }
        }
        let is_missing = |id: &&IssueId| !read.there.contains_key(*id) && !read.failed.contains_key(*id);
        let missing: BTreeSet<IssueId> = ids.iter().filter(is_missing).cloned().collect();
        if !missing.is_empty() {
            self.confirm_caller().await?;
        }
        read.missing = missing;
        Ok(read)
    }

    async fn read_chunk(
        &self,
        ids: &[IssueId],
        further: &BTreeSet<String>,
        read: &mut ManyRead,
    ) -> Result<(), JiraError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            #[serde(borrow)]
            issues: Vec<&'a RawValue>,
            #[serde(default)]
            issue_errors: Vec<Complaint>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Complaint {
            id: IssueId,
            #[serde(default)]
            error_message: String,
        }
        #[derive(Deserialize)]
        struct Named {
            id: IssueId,
        }
        let fields = asked(further);
        let body = serde_json::json!({ "issueIdsOrKeys": ids, "fields": fields, "properties": [PROPERTY] });
        let answer = self.request(Ask::query("read the issues", "/rest/api/3/issue/bulkfetch", body)).await?;
        let body: Body<'_> = answer.decode()?;
        let read_at = self.now();
        self.spend(body.issues.len());
        for raw in body.issues {
            // One issue that makes no sense must not sink the others, and must not look as if it were missing.
            let Ok(Named { id }) = serde_json::from_str(raw.get()) else {
                return Err(answer.malformed("issues", "an issue has no id"));
            };
            let of_further = || answer::decode_plain::<Further>(raw.get().as_bytes()).ok();
            match answer::decode_plain::<Bean>(raw.get().as_bytes()) {
                Ok(bean) => {
                    let further = if further.is_empty() { None } else { of_further().zip(Some(further)) };
                    read.there.insert(id, bean.read(further, &answer.call, read_at));
                }
                Err((path, why)) => {
                    let why = format!("the issue could not be understood at {path}: {why}");
                    read.failed.insert(id, why);
                }
            }
        }
        let complaints = body.issue_errors.into_iter();
        read.failed
            .extend(complaints.map(|complaint| (complaint.id, answer::tidy(&complaint.error_message))));
        Ok(())
    }
}

/// The names of the fields that are asked for.
fn asked(further: &BTreeSet<String>) -> Vec<&str> {
    FIELDS.into_iter().chain(further.iter().map(String::as_str)).collect()
}

/// All fields of an issue as they stand in the answer.
#[derive(Deserialize)]
struct Further {
    fields: BTreeMap<String, Value>,
}

/// Source: specification of `IssueBean`; fields that an issue's project does not use are missing in it.
#[derive(Deserialize)]
struct Bean {
    id: IssueId,
    key: String,
    fields: Fields,
    #[serde(default)]
    properties: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Fields {
    archiveddate: Option<String>,
    assignee: Option<Person>,
    description: Option<Value>,
    duedate: Option<Date>,
    issuetype: Reference<IssueTypeId>,
    labels: Option<BTreeSet<String>>,
    parent: Option<Reference<IssueId>>,
    project: Reference<ProjectId>,
    status: StatusBean,
    summary: String,
    #[serde(deserialize_with = "time::deserialize")]
    updated: Timestamp,
}

#[derive(Deserialize)]
struct Reference<T> {
    id: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    account_id: AccountId,
}

impl Bean {
    fn read(
        self,
        further: Option<(Further, &BTreeSet<String>)>,
        call: &Call,
        read_at: Timestamp,
    ) -> IssueNow {
        let fields = self.fields;
        let further = further.map(|(mut all, asked)| {
            all.fields.retain(|id, _| asked.contains(id));
            all.fields
        });
        IssueNow {
            id: self.id,
            key: self.key,
            project: fields.project.id,
            issue_type: fields.issuetype.id,
            status: fields.status.read_at(read_at),
            status_id: fields.status.id,
            summary: fields.summary,
            description: fields.description,
            assignee: fields.assignee.map(|person| person.account_id),
            due_on: fields.duedate,
            labels: fields.labels.unwrap_or_default(),
            parent: fields.parent.map(|parent| parent.id),
            further: further.unwrap_or_default(),
            updated_at: fields.updated,
            archived: fields.archiveddate.is_some_and(|date| !date.is_empty()),
            ticket: self.properties.get(PROPERTY).and_then(ticket_in),
            call: call.clone(),
            read_at,
        }
    }
}

#[cfg(test)]
#[path = "now_tests.rs"]
mod tests;
