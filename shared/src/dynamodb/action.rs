//! Actions, and the turn of taking administrators' access.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;

use super::Store;
use super::due::due_beside;
use super::item::{number, text};
use super::keys::{self, DueKind};
use super::page::{Order, Page};
use super::write::{Change, Written};
use crate::Result;
use crate::action::{Action, Object, State};
use crate::clock::after;
use crate::ids::{ActionId, CampaignId, TenantId};
use crate::quota::hour_of;

/// The actions that were asked for. These items have no record, only a set of ids that is added to.
const ASKED: &str = "asked";

/// How many actions of an hour are noted: more than can be asked for without a second person.
const MOST_KEPT: usize = 500;

/// How long they are kept after their hour began, in seconds.
const KEPT_FOR: i64 = 3 * 3600;

/// Which actions are listed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ActionFilter {
    /// Only those in this state.
    pub state: Option<State>,
    /// Only those of this campaign.
    pub campaign: Option<CampaignId>,
}

/// An action that is due, and since when.
#[derive(Clone, Debug, Deserialize)]
struct Waiting {
    tenant: TenantId,
    id: ActionId,
    due_at: Timestamp,
}

impl Store {
    /// Puts a new action; nothing is changed when there is one already.
    pub async fn put_new_action(&self, action: &Action) -> Result<bool> {
        let key = keys::action(&action.tenant, &action.id);
        let beside = due_beside(DueKind::Action, &action.tenant, action.id.as_str(), action.due_at);
        self.put_new(&key, action, beside).await
    }

    /// Saves an action, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_action(&self, action: &mut Action) -> Result<()> {
        let next = Action { version: action.version + 1, ..action.clone() };
        let key = keys::action(&next.tenant, &next.id);
        let beside = due_beside(DueKind::Action, &next.tenant, next.id.as_str(), next.due_at);
        self.replace(&key, &next, action.version, beside).await?;
        action.version = next.version;
        Ok(())
    }

    /// Saves an action as [`Self::save_action`] does, but whoever finds this very record there has lost, too: for leases.
    ///
    /// # Errors
    /// `Conflict` when another version is stored, or the same write was done by somebody else.
    pub async fn claim_action(&self, action: &mut Action) -> Result<()> {
        let next = Action { version: action.version + 1, ..action.clone() };
        let key = keys::action(&next.tenant, &next.id);
        let beside = due_beside(DueKind::Action, &next.tenant, next.id.as_str(), next.due_at);
        self.replace_once(&key, &next, action.version, beside).await?;
        action.version = next.version;
        Ok(())
    }

    /// The action with this id.
    pub async fn action(&self, tenant: &TenantId, id: &ActionId) -> Result<Option<Action>> {
        self.get(&keys::action(tenant, id)).await
    }

    /// The actions of these that are stored, in no order.
    pub async fn actions_of(&self, tenant: &TenantId, ids: &BTreeSet<ActionId>) -> Result<Vec<Action>> {
        let keys = ids.iter().map(|id| keys::action(tenant, id)).collect();
        self.get_many(&keys, "actions").await
    }

    /// A page of a tenant's actions, by id.
    pub async fn actions(
        &self,
        tenant: &TenantId,
        filter: &ActionFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Action>> {
        let state = filter.state.map(|state| ("state", state.word()));
        let campaign = filter.campaign.as_ref().map(|campaign| ("campaign", campaign.as_str()));
        let wanted = state.into_iter().chain(campaign).collect();
        self.list(&keys::actions(tenant), Order::Rising, &wanted, cursor, limit).await
    }

    /// Actions of one shard that are due at `now`, with the time that each was due, longest due first.
    pub async fn due_actions(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, ActionId, Timestamp)>> {
        let due: Vec<Waiting> = self.due(DueKind::Action, shard, now, limit).await?;
        Ok(due.into_iter().map(|due| (due.tenant, due.id, due.due_at)).collect())
    }

    /// Takes the turn of an action that was due at `expected`: it is due at `next` from now on. Whoever is told true asks
    /// for it.
    pub async fn claim_due_action(
        &self,
        tenant: &TenantId,
        id: &ActionId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::action(tenant, id);
        self.claim(DueKind::Action, (tenant, id.as_str()), &key, expected, next).await
    }

    /// Notes that somebody asks for an action at `now`, and says how many were asked for in the present hour and the one
    /// before, this one among them. Noted again, it counts once; of those who ask at the same moment, each is counted by
    /// whoever is told last.
    pub async fn count_asked(
        &self,
        tenant: &TenantId,
        by: &str,
        action: &ActionId,
        now: Timestamp,
    ) -> Result<u64> {
        let hour = hour_of(now);
        let hours = [keys::asked(tenant, by, hour), keys::asked(tenant, by, after(hour, -3600))];
        let known = self.asked_in(&hours).await?;
        if known.contains(action.as_str()) || known.len() >= MOST_KEPT {
            return Ok(known.len() as u64);
        }
        let change = Change::new("ADD #asked :action SET #expires_at = :expires_at", "")
            .value(":action", AttributeValue::Ss(vec![action.to_string()]))
            .value(":expires_at", number(hour.as_second() + KEPT_FOR));
        self.update(&hours[0], change).await?;
        Ok(self.asked_in(&hours).await?.len() as u64)
    }

    async fn asked_in(&self, hours: &[keys::Key; 2]) -> Result<BTreeSet<String>> {
        let mut asked = BTreeSet::new();
        for key in hours {
            let item = self.get_item(key).await?;
            let actions = item.as_ref().and_then(|item| item.get(ASKED)).and_then(|set| set.as_ss().ok());
            asked.extend(actions.into_iter().flatten().cloned());
        }
        Ok(asked)
    }

    /// Notes that an action changes a piece of access of its account. Of an issue there is nothing to note.
    pub async fn note_changing(&self, action: &Action, object: &Object) -> Result<()> {
        let Some(key) = changed(action, object) else { return Ok(()) };
        let change = Change::new("SET #action = :action", "").value(":action", text(action.id.as_str()));
        self.update(&key, change).await.map(|_| ())
    }

    /// Which action changed a piece of access of an action's account last, or was about to.
    pub async fn last_changing(&self, action: &Action, object: &Object) -> Result<Option<ActionId>> {
        let Some(key) = changed(action, object) else { return Ok(None) };
        let item = self.get_item(&key).await?;
        let id = item.as_ref().and_then(|item| item.get("action")).and_then(|id| id.as_s().ok());
        id.map(|id| ActionId::parse(id)).transpose()
    }

    /// Takes the turn of taking administrators' access at a site until `until`, so that no two actions each
    /// take the other's last administrator.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing, or a turn that is over at `now` | taken; true |
    /// | a turn of this action | taken until `until`; true |
    /// | another action's turn that lasts | nothing; false |
    pub async fn take_administrators_turn(
        &self,
        tenant: &TenantId,
        site: &str,
        action: &ActionId,
        (now, until): (Timestamp, Timestamp),
    ) -> Result<bool> {
        let change = Change::new(
            "SET #holder = :holder, #until = :until",
            "attribute_not_exists(#pk) OR #until <= :now OR #holder = :holder",
        )
        .value(":holder", text(action.as_str()))
        .value(":until", number(until.as_millisecond()))
        .value(":now", number(now.as_millisecond()));
        let key = keys::administrators_turn(tenant, site);
        Ok(matches!(self.update(&key, change).await?, Written::Done))
    }

    /// Keeps the turn until `until`, if it is this action's.
    pub async fn keep_administrators_turn(
        &self,
        tenant: &TenantId,
        site: &str,
        action: &ActionId,
        until: Timestamp,
    ) -> Result<()> {
        let change = Change::new("SET #until = :until", "#holder = :holder")
            .value(":holder", text(action.as_str()))
            .value(":until", number(until.as_millisecond()));
        self.update(&keys::administrators_turn(tenant, site), change).await.map(|_| ())
    }

    /// Gives the turn back, if it is this action's.
    pub async fn end_administrators_turn(
        &self,
        tenant: &TenantId,
        site: &str,
        action: &ActionId,
    ) -> Result<()> {
        let change = Change::new("", "#holder = :holder").value(":holder", text(action.as_str()));
        self.delete(&keys::administrators_turn(tenant, site), change).await.map(|_| ())
    }
}

fn changed(action: &Action, object: &Object) -> Option<keys::Key> {
    keys::changed_access(&action.tenant, &action.connection, action.account.as_ref()?, object)
}
