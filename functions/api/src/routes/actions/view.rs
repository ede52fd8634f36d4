//! An action as it is shown.

use std::collections::BTreeSet;

use assay::account::Grant;
use assay::action::{Action, Asked, Change, Deactivation, DryRun, NewIssue, State as ActionState, Step};
use assay::ticket::Issue;
use assay::trace;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// One action.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActionView {
    /// Its identifier.
    id: String,
    /// Where it stands.
    state: ActionState,
    /// Why it failed or was refused, or what it waits for.
    problem: Option<String>,
    /// The connection that it is carried out through.
    connection: String,
    /// What kind it is: `change_access`, `remove_user`, `deactivate_user`, `create_issue`, `delete_issue` or `undo`.
    what: String,
    /// The account that it is about; null where it is about an issue.
    account: Option<String>,
    /// Whether access is added or removed; null for other kinds.
    change: Option<Change>,
    /// The access; null for other kinds.
    grant: Option<Grant>,
    /// How an account is kept out; null for other kinds.
    how: Option<Deactivation>,
    /// The issue that is to be created; null for other kinds.
    new_issue: Option<NewIssueView>,
    /// The issue that is to be deleted, by key or id, as it was asked for; null for other kinds.
    asked_issue: Option<String>,
    /// The issue that it created; null before, and for other kinds. What `delete_issue` deletes stands in its dry run.
    issue: Option<Issue>,
    /// The action that it undoes.
    undoes: Option<String>,
    /// Why, in words.
    why: String,
    /// Who asked: an API token's id.
    asked_by: String,
    /// When.
    #[schema(value_type = String)]
    asked_at: Timestamp,
    /// The campaign whose decision it carries out.
    campaign: Option<String>,
    /// How many were asked for at once.
    together: u64,
    /// What its dry run found out; null before it.
    dry_run: Option<DryRun>,
    /// Whether a second person must approve it.
    needs_second_person: bool,
    /// What is done in Jira, in this order.
    steps: Vec<Step>,
    /// Who approved it; null where nobody did.
    approved_by: Option<String>,
    /// When it was done, or ended otherwise.
    #[schema(value_type = Option<String>)]
    ended_at: Option<Timestamp>,
    /// The action that undoes it.
    undone_by: Option<String>,
    /// What happened, oldest first.
    trace: Vec<trace::Entry>,
    /// When it is tried again; null where it waits for nothing but people.
    #[schema(value_type = Option<String>)]
    next_at: Option<Timestamp>,
}

/// An issue that is to be created.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NewIssueView {
    /// The project, by key or id, as it was asked for.
    project: String,
    /// Its type, by id.
    issue_type: String,
    /// Its title.
    summary: String,
    /// Its description as plain text.
    description: Option<String>,
    /// Labels beside `assay`.
    labels: BTreeSet<String>,
    /// Further fields by their ids.
    #[schema(value_type = Object)]
    fields: Map<String, Value>,
}

impl From<NewIssue> for NewIssueView {
    fn from(issue: NewIssue) -> Self {
        Self {
            project: issue.project,
            issue_type: issue.issue_type.to_string(),
            summary: issue.summary,
            description: issue.description,
            labels: issue.labels,
            fields: issue.fields,
        }
    }
}

/// What was asked for, part by part.
#[derive(Default)]
struct Parts {
    change: Option<Change>,
    grant: Option<Grant>,
    how: Option<Deactivation>,
    new_issue: Option<NewIssueView>,
    asked_issue: Option<String>,
    undoes: Option<String>,
}

impl Parts {
    fn of(asked: Asked) -> Self {
        let none = Self::default();
        match asked {
            Asked::Remove { grant } => Self { change: Some(Change::Remove), grant: Some(grant), ..none },
            Asked::Add { grant } => Self { change: Some(Change::Add), grant: Some(grant), ..none },
            Asked::DeactivateUser { how } => Self { how: Some(how), ..none },
            Asked::CreateIssue { issue } => Self { new_issue: Some((*issue).into()), ..none },
            Asked::Undo { of, .. } => Self { undoes: Some(of.to_string()), ..none },
            Asked::DeleteIssue { issue } => Self { asked_issue: Some(issue), ..none },
            Asked::RemoveUser {} => none,
        }
    }
}

impl ActionView {
    pub(super) fn of(action: Action) -> Self {
        let needs_second_person = action.needs_second_person();
        let what = match &action.asked {
            Asked::Remove { .. } | Asked::Add { .. } => "change_access",
            other => other.word(),
        };
        let parts = Parts::of(action.asked);
        Self {
            id: action.id.to_string(),
            state: action.state,
            problem: action.problem,
            connection: action.connection.to_string(),
            what: what.to_owned(),
            account: action.account.map(|account| account.to_string()),
            change: parts.change,
            grant: parts.grant,
            how: parts.how,
            new_issue: parts.new_issue,
            asked_issue: parts.asked_issue,
            issue: action.issue,
            undoes: parts.undoes,
            why: action.why,
            asked_by: action.asked_by,
            asked_at: action.asked_at,
            campaign: action.campaign.map(|campaign| campaign.to_string()),
            together: action.together,
            dry_run: action.dry_run,
            needs_second_person,
            steps: action.steps,
            approved_by: action.approved_by,
            ended_at: action.ended_at,
            undone_by: action.undone_by.map(|undoing| undoing.to_string()),
            trace: action.trace,
            next_at: action.due_at,
        }
    }
}
