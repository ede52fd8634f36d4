//! What a dry run finds out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{IssueId, ProductKey, TicketId};

/// What a dry run found out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DryRun {
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The products that the account loses beside what was asked for.
    pub products_lost: Vec<ProductKey>,
    /// Why a second person must approve it; empty where none must.
    pub dangers: Vec<String>,
    /// What else is worth knowing before it is approved.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The issue that would be deleted.
    #[serde(default)]
    pub issue: Option<IssueFacts>,
    /// How many issues the account reported, as far as the connection's account sees them and Jira's index says.
    #[serde(default)]
    pub reported: Option<u64>,
    /// What can be asked for instead.
    #[serde(default)]
    pub instead: Vec<Instead>,
}

/// An issue that would be deleted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct IssueFacts {
    /// Its immutable identifier.
    pub id: IssueId,
    /// Its key now.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The name of its status.
    pub status: String,
    /// How many comments it has, as far as the connection's account sees them.
    pub comments: u64,
    /// The keys of its subtasks.
    pub subtasks: Vec<String>,
    /// The ticket of Assay's that it stands for.
    pub ticket: Option<TicketId>,
}

/// What can be asked for instead of what cannot be done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Instead {
    /// What it does, in words.
    pub words: String,
    /// The body of `POST /v1/actions` that asks for it.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}
