//! What is asked for over HTTP, as the domain takes it.

use std::collections::BTreeSet;

use assay::account::Grant;
use assay::action::{Asked, Change, Deactivation, NewIssue, Wish};
use assay::ids::{AccountId, ConnectionId, IssueTypeId};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::input::optional_object;
use crate::problem::Problem;

/// What kind of action is asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Access of an account is added or removed: `account`, `change`, `grant`.
    #[default]
    ChangeAccess,
    /// An account is removed from the organisation's directory: `account`.
    RemoveUser,
    /// An account is kept out: `account`, `how`.
    DeactivateUser,
    /// An issue is created: `project`, `issue_type`, `summary`, and `description`, `labels`, `fields` where wanted.
    CreateIssue,
    /// An issue is deleted: `issue`.
    DeleteIssue,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::ChangeAccess => "change_access",
            Self::RemoveUser => "remove_user",
            Self::DeactivateUser => "deactivate_user",
            Self::CreateIssue => "create_issue",
            Self::DeleteIssue => "delete_issue",
        }
    }

    /// The members that belong to it, beside those of every action.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::ChangeAccess => &["account", "change", "grant"],
            Self::RemoveUser => &["account"],
            Self::DeactivateUser => &["account", "how"],
            Self::CreateIssue => &["project", "issue_type", "summary", "description", "labels", "fields"],
            Self::DeleteIssue => &["issue"],
        }
    }
}

/// An action that is asked for. Which members it has depends on `what`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionInput {
    /// What kind of action; `change_access` if not given.
    #[serde(default)]
    what: What,
    /// The connection that it is carried out through.
    connection: ConnectionId,
    /// The account that it is about.
    account: Option<AccountId>,
    /// Of `change_access`: `add` or `remove`.
    change: Option<Change>,
    /// Of `change_access`: the access. A product is removed by leaving every group that gives it, and cannot be added.
    #[serde(default, deserialize_with = "optional_object")]
    grant: Option<Grant>,
    /// Of `deactivate_user`: `suspend` (any account of the organisation's directory; if not given) or `deactivate` (accounts
    /// that the organisation manages).
    how: Option<Deactivation>,
    /// Of `delete_issue`: the issue, by key or id.
    issue: Option<String>,
    /// Of `create_issue`: the project, by key or id.
    project: Option<String>,
    /// Of `create_issue`: the issue type, by id.
    issue_type: Option<IssueTypeId>,
    /// Of `create_issue`: the title, one line of at most 255 characters.
    summary: Option<String>,
    /// Of `create_issue`: the description as plain text of at most 20,000 characters; an empty line parts paragraphs.
    description: Option<String>,
    /// Of `create_issue`: up to 20 labels beside `assay`.
    labels: Option<BTreeSet<String>>,
    /// Of `create_issue`: up to 50 further fields by their ids, as Jira takes them, of at most 16 KiB together.
    #[serde(default, deserialize_with = "optional_object")]
    #[schema(value_type = Option<Object>)]
    fields: Option<Map<String, Value>>,
    /// Why, in words, for the record.
    why: String,
    /// Whether it waits after its dry run until somebody approves it, even where it is not dangerous.
    #[serde(default)]
    hold: bool,
}

impl ActionInput {
    /// What is wanted.
    ///
    /// # Errors
    /// When a member is missing that belongs to `what`, or there is one that does not.
    pub(super) fn wish(self) -> Result<Wish, Problem> {
        self.check_members()?;
        let what = self.what;
        let missing = |field: &str| {
            Problem::invalid(field, format!("missing field `{field}`, which belongs to {}", what.word()))
        };
        let asked = match what {
            What::ChangeAccess => {
                let change = self.change.ok_or_else(|| missing("change"))?;
                let grant = self.grant.ok_or_else(|| missing("grant"))?;
                access(change, grant)?
            }
            What::RemoveUser => Asked::RemoveUser {},
            What::DeactivateUser => Asked::DeactivateUser { how: self.how.unwrap_or_default() },
            What::DeleteIssue => Asked::DeleteIssue { issue: self.issue.ok_or_else(|| missing("issue"))? },
            What::CreateIssue => Asked::CreateIssue {
                issue: Box::new(NewIssue {
                    project: self.project.ok_or_else(|| missing("project"))?,
                    issue_type: self.issue_type.ok_or_else(|| missing("issue_type"))?,
                    summary: self.summary.ok_or_else(|| missing("summary"))?,
                    description: self.description,
                    labels: self.labels.unwrap_or_default(),
                    fields: self.fields.unwrap_or_default(),
                }),
            },
        };
        let account = match what {
            What::ChangeAccess | What::RemoveUser | What::DeactivateUser => {
                Some(self.account.ok_or_else(|| missing("account"))?)
            }
            What::CreateIssue | What::DeleteIssue => None,
        };
        Ok(Wish {
            connection: self.connection,
            account,
            asked,
            why: self.why,
            campaign: None,
            together: 1,
            held: self.hold,
        })
    }

    /// A member that means nothing here must not be ignored: whoever sent it meant something by it.
    fn check_members(&self) -> Result<(), Problem> {
        let given = [
            ("account", self.account.is_some()),
            ("change", self.change.is_some()),
            ("grant", self.grant.is_some()),
            ("how", self.how.is_some()),
            ("issue", self.issue.is_some()),
            ("project", self.project.is_some()),
            ("issue_type", self.issue_type.is_some()),
            ("summary", self.summary.is_some()),
            ("description", self.description.is_some()),
            ("labels", self.labels.is_some()),
            ("fields", self.fields.is_some()),
        ];
        let own = self.what.members();
        match given.into_iter().find(|(name, is_given)| *is_given && !own.contains(name)) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("{name} is no part of {}; leave it out", self.what.word());
                Err(Problem::invalid(name, message))
            }
        }
    }
}

fn access(change: Change, grant: Grant) -> Result<Asked, Problem> {
    match (change, grant) {
        (Change::Add, Grant::Product { .. }) => {
            let message = "a product is given by a group; add the account to one that gives it";
            Err(Problem::invalid("grant", message))
        }
        (Change::Add, grant) => Ok(Asked::Add { grant }),
        (Change::Remove, grant) => Ok(Asked::Remove { grant }),
    }
}
