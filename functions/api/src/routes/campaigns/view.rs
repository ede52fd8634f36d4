//! Campaigns and items as callers see them.

use std::collections::{BTreeMap, BTreeSet};

use assay::account::{Account, AccountKind, Grant};
use assay::campaign::{
    Applying, Campaign, CarriedOut, Choice, Counts, Decision, Flags, Item, Scope, SignedRecord,
};
use assay::evidence::Gap;
use assay::ids::AccountId;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::Api;
use crate::problem::Problem;

/// One campaign.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CampaignView {
    /// Its identifier.
    id: String,
    /// What it is called.
    name: String,
    /// `preparing`, `open`, `closing`, `closed` or `cancelled`.
    state: &'static str,
    /// The connection whose accounts are reviewed.
    connection: String,
    /// Which access is reviewed.
    scope: Scope,
    /// The API tokens whose holders decide, beside admins; empty where everybody with the role reviewer does.
    reviewers: Vec<String>,
    /// The last day on which it should be decided, in `zone`.
    #[schema(value_type = String, format = Date)]
    due_on: Date,
    /// How many days before that day people are reminded.
    remind_days: Vec<u16>,
    /// After how many days without activity an account counts as dormant.
    dormant_days: u16,
    /// The time zone that days are counted in.
    zone: String,
    /// How many items there are, and what was decided. Exact once it is closed.
    counts: Counts,
    /// When the accounts that the items are made of were put together.
    #[schema(value_type = Option<String>)]
    directory_of: Option<Timestamp>,
    /// Why the items may not be all that there should be; empty when they are.
    gaps: Vec<Gap>,
    /// How far asking for its revocations came, while that goes on.
    applying: Option<ApplyingView>,
    /// What stands in the way of what was asked last, and what to do.
    problem: Option<String>,
    /// What it says, signed, once it is closed. Anybody can verify it with the items of the export.
    record: Option<SignedRecord>,
    /// Who made it: an API token's id.
    made_by: String,
    /// When.
    #[schema(value_type = String)]
    made_at: Timestamp,
    /// Who closed or cancelled it.
    ended_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>)]
    ended_at: Option<Timestamp>,
}

/// How far asking for revocations came.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApplyingView {
    /// Who wants it: an API token's id.
    by: String,
    /// How many revocations there are; null while they are counted.
    together: Option<u64>,
    /// How many were counted, or asked for, so far.
    so_far: u64,
}

impl ApplyingView {
    fn of(applying: Applying) -> Self {
        Self { by: applying.by, together: applying.together, so_far: applying.so_far }
    }
}

impl CampaignView {
    pub(super) fn of(campaign: Campaign) -> Self {
        Self {
            id: campaign.id.to_string(),
            name: campaign.name,
            state: campaign.state.word(),
            connection: campaign.connection.to_string(),
            scope: campaign.scope,
            reviewers: campaign.reviewers.iter().map(ToString::to_string).collect(),
            due_on: campaign.due_on,
            remind_days: campaign.remind_days,
            dormant_days: campaign.dormant_days,
            zone: campaign.zone,
            counts: campaign.counts,
            directory_of: campaign.directory_of,
            gaps: campaign.gaps,
            applying: campaign.applying.map(ApplyingView::of),
            problem: campaign.problem,
            record: campaign.record,
            made_by: campaign.made_by,
            made_at: campaign.made_at,
            ended_by: campaign.ended_by,
            ended_at: campaign.ended_at,
        }
    }
}

/// One item of a campaign.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ItemView {
    /// The account.
    account: String,
    /// Its name now; null where it has none, as when it was erased.
    name: Option<String>,
    /// Its e-mail address now, if it is known.
    email: Option<String>,
    /// What the account is for.
    kind: AccountKind,
    /// What it has access to.
    grant: Grant,
    /// The same in words, as it was called when the item was made.
    access: String,
    /// What stands out. Null means that it is not known.
    flags: Flags,
    /// The last day on which the account was active, as far as is known.
    #[schema(value_type = Option<String>, format = Date)]
    last_active_on: Option<Date>,
    /// What is decided.
    decision: Choice,
    /// Why.
    note: Option<String>,
    /// Who decided: an API token's id.
    decided_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>)]
    decided_at: Option<Timestamp>,
    /// What was decided before, oldest first.
    earlier: Vec<Decision>,
    /// The action that carries its revocation out, or tried to.
    action: Option<String>,
    /// Whether its revocation was carried out; known once the campaign is closed.
    carried_out: Option<CarriedOut>,
}

/// What the accounts of some items are called now.
pub(super) type Names = BTreeMap<AccountId, Account>;

/// Reads what the accounts of some items are called now: items hold no personal data, so that what is erased is erased
/// from here on.
pub(super) async fn names(api: &Api, campaign: &Campaign, items: &[Item]) -> Result<Names, Problem> {
    let ids: BTreeSet<AccountId> = items.iter().map(|item| item.account.clone()).collect();
    let accounts = api.core.store.accounts_of(&campaign.tenant, &campaign.connection, &ids).await?;
    Ok(accounts.into_iter().map(|account| (account.id.clone(), account)).collect())
}

/// The name and address of an item's account; none where it is erased.
pub(super) fn person_of(item: &Item, names: &Names) -> (Option<String>, Option<String>) {
    let account = names.get(&item.account).filter(|account| account.erased_at.is_none());
    let name = account.map(|account| account.name.clone()).filter(|name| !name.is_empty());
    (name, account.and_then(|account| account.email.clone()))
}

impl ItemView {
    pub(super) fn of(item: Item, names: &Names) -> Self {
        let (name, email) = person_of(&item, names);
        Self {
            account: item.account.to_string(),
            name,
            email,
            kind: item.kind,
            grant: item.grant,
            access: item.words,
            flags: item.flags,
            last_active_on: item.last_active_on,
            decision: item.choice,
            note: item.note,
            decided_by: item.by,
            decided_at: item.at,
            earlier: item.earlier,
            action: item.action.map(|action| action.to_string()),
            carried_out: item.carried_out,
        }
    }
}

/// What became of a call that decides.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DecidedView {
    /// How many items are decided as was said.
    decided: usize,
}

impl DecidedView {
    pub(super) fn of(items: &[Item]) -> Self {
        Self { decided: items.len() }
    }
}
