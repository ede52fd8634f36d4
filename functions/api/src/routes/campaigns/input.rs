//! What comes in about campaigns.

use assay::account::Grant;
use assay::campaign::{Choice, Place, Said, Scope, SeenDecision, Wish};
use assay::ids::{AccountId, ConnectionId, TokenId};
use jiff::civil::Date;
use serde::Deserialize;

use crate::input::{object, optional_object};
use crate::problem::Problem;

/// After how many days without activity an account counts as dormant where nothing is said.
const DORMANT_DAYS: u16 = 90;

/// How many days before the end people are reminded where nothing is said.
const REMIND_DAYS: [u16; 2] = [7, 1];

/// A new campaign.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignInput {
    /// What it is called, 1 to 100 characters.
    name: String,
    /// The connection whose accounts are reviewed.
    connection: ConnectionId,
    /// Which access is reviewed.
    #[serde(deserialize_with = "object")]
    scope: Scope,
    /// The ids of the API tokens whose holders decide, beside admins; if none is named, everybody with the role reviewer.
    #[serde(default)]
    reviewers: Vec<TokenId>,
    /// The last day on which it should be decided.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// How many days before that day people are reminded; 7 and 1 if not given.
    #[serde(default)]
    remind_days: Option<Vec<u16>>,
    /// After how many days without activity an account counts as dormant, 1 to 365; 90 if not given.
    #[serde(default)]
    dormant_days: Option<u16>,
}

impl CampaignInput {
    pub(super) fn wish(self) -> Wish {
        let name = self.name.trim().to_owned();
        let mut remind_days = self.remind_days.unwrap_or_else(|| REMIND_DAYS.to_vec());
        remind_days.sort_unstable_by(|one, other| other.cmp(one));
        remind_days.dedup();
        Wish {
            name,
            connection: self.connection,
            scope: self.scope,
            reviewers: self.reviewers,
            due_on: self.due_on,
            remind_days,
            dormant_days: self.dormant_days.unwrap_or(DORMANT_DAYS),
        }
    }
}

/// Decisions on items.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionsInput {
    /// 1 to 200 of them, each on another item.
    items: Vec<DecisionInput>,
}

/// A decision on one item.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionInput {
    /// The account.
    account: AccountId,
    /// Its access.
    #[serde(deserialize_with = "object")]
    grant: Grant,
    /// `keep`, `revoke` or `change`.
    decision: Choice,
    /// Why, at most 1,000 characters; must be there for `revoke` and `change`.
    #[serde(default)]
    note: Option<String>,
    /// What the caller saw decided before: if somebody decided otherwise since, nothing is decided (409, `overtaken`), as far as
    /// that can be told before the first is written. Null overwrites whatever was decided.
    #[serde(default, deserialize_with = "optional_object")]
    seen: Option<SeenDecision>,
}

impl DecisionsInput {
    pub(super) fn said(self) -> Result<Vec<Said>, Problem> {
        let said = self.items.into_iter().enumerate().map(|(number, item)| {
            let place = Place { account: item.account, grant: item.grant };
            let said = Said::of(&format!("items[{number}]"), place, item.decision, item.note.as_deref())?;
            Ok(Said { seen: item.seen, ..said })
        });
        Ok(said.collect::<assay::Result<Vec<Said>>>()?)
    }
}

/// How revocations are carried out.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyInput {
    /// Whether each action waits after its dry run until somebody approves it.
    #[serde(default)]
    pub(super) hold: bool,
}

/// What is done about items that nobody decided on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Undecided {
    /// The campaign stays open.
    #[default]
    Refuse,
    /// The record names them; it is not complete.
    Name,
}

/// How a campaign is closed.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseInput {
    /// What is done about items that nobody decided on; `refuse` if not given.
    #[serde(default)]
    undecided: Undecided,
}

impl CloseInput {
    pub(super) fn names_undecided(&self) -> bool {
        self.undecided == Undecided::Name
    }
}
