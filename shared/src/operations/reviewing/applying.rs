//! Asking for the revocations of a campaign: each becomes an action.
//!
//! The first pass counts them, since many at once need a second person; the second one makes the actions. The item is told
//! its action before the action is made: whoever carries an action out looks whether its item still wants it.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Next, Reviewer};
use crate::Result;
use crate::action::{Action, Asked, MOST_AT_ONCE, State as ActionState, Wish};
use crate::campaign::{Applying, Campaign, Choice, Item, grant_word};
use crate::error::Kind;
use crate::ids::{ActionId, fixed};
use crate::sqs::UsageRequest;

/// How many actions are made at the same time.
const AT_ONCE: usize = 16;

/// Seconds until the tick asks for an action whose message was lost.
const OUTBOX_PATIENCE: i64 = 120;

impl Reviewer {
    /// Goes through the next items.
    pub(super) async fn apply_part(&self, mut campaign: Campaign, mut applying: Applying) -> Result<Next> {
        let store = &self.core.store;
        let (items, next) =
            store.review_items_behind(&campaign.tenant, &campaign.id, applying.behind.as_ref()).await?;
        let wanting = self.without_action(items).await?;
        applying.so_far += wanting.len() as u64;
        if let Some(together) = applying.together {
            self.make_actions(&campaign, &applying, together, wanting).await?;
        }
        let is_counted = applying.together.is_some();
        applying.behind.clone_from(&next);
        campaign.applying = match (next, is_counted) {
            (Some(_), _) => Some(applying),
            (None, false) => {
                Some(Applying { together: Some(applying.so_far), so_far: 0, behind: None, ..applying })
            }
            (None, true) => None,
        };
        self.save_part(&mut campaign).await
    }

    /// The revocations of these items that have no action, or one that failed or was never made.
    async fn without_action(&self, mut items: Vec<Item>) -> Result<Vec<Item>> {
        items.retain(|item| item.choice == Choice::Revoke && !item.sealed);
        let Some(tenant) = items.first().map(|item| item.tenant.clone()) else { return Ok(items) };
        let ids: BTreeSet<ActionId> = items.iter().filter_map(|item| item.action.clone()).collect();
        let actions = self.core.store.actions_of(&tenant, &ids).await?;
        let states: BTreeMap<ActionId, ActionState> =
            actions.into_iter().map(|action| (action.id, action.state)).collect();
        items.retain(|item| {
            let state = item.action.as_ref().and_then(|id| states.get(id));
            state.is_none_or(|state| *state == ActionState::Failed)
        });
        Ok(items)
    }

    async fn make_actions(
        &self,
        campaign: &Campaign,
        applying: &Applying,
        together: u64,
        items: Vec<Item>,
    ) -> Result<()> {
        let made = items.into_iter().map(|item| self.make_action(campaign, applying, together, item));
        let made: Vec<_> = made.collect();
        let made: Vec<Option<ActionId>> = stream::iter(made).buffer_unordered(AT_ONCE).try_collect().await?;
        let requests: Vec<UsageRequest> = made
            .into_iter()
            .flatten()
            .map(|action| UsageRequest::Act { tenant: campaign.tenant.clone(), action })
            .collect();
        self.usage.send_all(&requests, None).await
    }

    /// Makes the action of one revocation; none when its item was decided on anew meanwhile.
    async fn make_action(
        &self,
        campaign: &Campaign,
        applying: &Applying,
        together: u64,
        mut item: Item,
    ) -> Result<Option<ActionId>> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let id = match &item.action {
            // It was named and not made: a worker died in between.
            Some(named) if store.action(&item.tenant, named).await?.is_none() => named.clone(),
            _ => {
                item.attempts += 1;
                let id = action_id(&item)?;
                item.action = Some(id.clone());
                match store.save_review_items(std::slice::from_mut(&mut item)).await.pop() {
                    Some(Err(error)) if *error.kind() == Kind::Conflict => return Ok(None),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(())) | None => id,
                }
            }
        };
        // Many small campaigns are no way round the second person whom many at once need.
        let asked = match together {
            0..=MOST_AT_ONCE => store.count_asked(&item.tenant, &applying.by, &id, now).await?,
            _ => 0,
        };
        let together = together.max(asked);
        let wish = Wish {
            connection: campaign.connection.clone(),
            account: Some(item.account.clone()),
            asked: Asked::Remove { grant: item.grant.clone() },
            why: item.note.clone().unwrap_or_default(),
            campaign: Some(campaign.id.clone()),
            together,
            held: applying.held,
        };
        let mut action = Action::begin(campaign.tenant.clone(), id.clone(), wish, &applying.by, now);
        action.due_at = Some(crate::clock::after(now, OUTBOX_PATIENCE));
        store.put_new_action(&action).await?;
        Ok(Some(id))
    }
}

/// The id of the action of an item's present attempt: made again, it is the same.
fn action_id(item: &Item) -> Result<ActionId> {
    let attempt = item.attempts.to_string();
    let word = grant_word(&item.grant);
    let parts = [item.tenant.as_str(), item.campaign.as_str(), item.account.as_str(), &word, &attempt];
    ActionId::parse(&format!("act-{}", fixed(&parts)))
}
