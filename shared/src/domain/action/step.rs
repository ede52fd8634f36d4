//! One change in Jira, or in the organisation that the site belongs to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::Grant;
use crate::ids::{IssueId, ProjectId};

/// Whether a step gives or takes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Gives.
    Add,
    /// Takes away.
    Remove,
}

/// What an account has of an organisation beside its groups.
///
/// Source: Atlassian's documents of the organisations API (suspend, restore, remove) and of the user management API
/// (lifecycle).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, utoipa::ToSchema,
)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standing {
    /// Access to the organisation's products; taken by suspending, given by restoring. Its groups and roles stay.
    DirectoryAccess,
    /// The use of its Atlassian account, everywhere; taken by deactivating, given by activating. Managed accounts only.
    AtlassianAccount,
    /// Its place in the organisation's directory, and with it every group and role; taken for good.
    DirectoryEntry,
}

impl Standing {
    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::DirectoryAccess => "access through the organisation's directory",
            Self::AtlassianAccount => "the use of the Atlassian account",
            Self::DirectoryEntry => "the place in the organisation's directory",
        }
    }

    /// Its word in a key.
    pub fn word(self) -> &'static str {
        match self {
            Self::DirectoryAccess => "directory_access",
            Self::AtlassianAccount => "atlassian_account",
            Self::DirectoryEntry => "directory_entry",
        }
    }
}

/// An issue that comes or goes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IssueObject {
    /// The issue that the action creates.
    NewIssue {
        /// Where.
        project: ProjectId,
    },
    /// An issue that there is.
    Issue {
        /// Which one: the id, since a key may come to mean another.
        issue: IssueId,
        /// Where it was.
        project: ProjectId,
    },
}

/// What a step is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Object {
    /// A group or a role of the account.
    Access(Grant),
    /// What the account has of the organisation.
    Standing(Standing),
    /// An issue.
    Issue(IssueObject),
}

impl Object {
    /// The access that it is, if it is one.
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Access(grant) => Some(grant),
            Self::Standing(_) | Self::Issue(_) => None,
        }
    }

    /// Whether a step about it can be turned round.
    fn can_be_undone(&self) -> bool {
        match self {
            Self::Access(_) | Self::Standing(Standing::DirectoryAccess | Standing::AtlassianAccount) => true,
            Self::Standing(Standing::DirectoryEntry) | Self::Issue(_) => false,
        }
    }
}

/// One change: of a membership of a group, of a role that the account holds itself, of what it has of the organisation, or
/// of an issue.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Step {
    /// Whether it gives or takes.
    pub change: Change,
    /// What it is about. (Records of before call it `grant`.)
    #[serde(alias = "grant")]
    pub object: Object,
    /// The same in words.
    pub words: String,
    /// Whether it gives power over others' access or settings; null where that is not known.
    pub privileged: Option<bool>,
    /// Whether it was so before that the account held it, or that the issue was there; known before anything is changed.
    pub held_before: Option<bool>,
    /// When Jira was about to be told last to create an issue; null once it is known that none came of it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub told_at: Option<Timestamp>,
    /// When it was read back that the step is done.
    #[schema(value_type = Option<String>)]
    pub done_at: Option<Timestamp>,
}

impl Step {
    /// A step of which nothing is known yet.
    pub fn new(change: Change, object: Object, words: String, privileged: Option<bool>) -> Self {
        Self { change, object, words, privileged, held_before: None, told_at: None, done_at: None }
    }

    /// Whether the account is to hold it after the step, or the issue is to be there.
    pub fn wants(&self) -> bool {
        self.change == Change::Add
    }

    /// Whether Jira may have been told to change it.
    pub fn has_begun(&self) -> bool {
        self.held_before == Some(!self.wants())
    }

    /// Whether Jira may have been told to change it, and that was not read back yet.
    pub fn is_in_doubt(&self) -> bool {
        self.has_begun() && self.done_at.is_none()
    }

    /// The step that undoes it; none where it changed nothing, or nothing can undo it. What is in doubt is undone, too,
    /// which changes nothing where nothing was changed.
    pub(super) fn undone(&self) -> Option<Self> {
        let change = match self.change {
            Change::Add => Change::Remove,
            Change::Remove => Change::Add,
        };
        let turned = || Self::new(change, self.object.clone(), self.words.clone(), self.privileged);
        (self.has_begun() && self.object.can_be_undone()).then(turned)
    }
}
