//! Closing a campaign: a look that nothing stands in the way, then item by item sealing, approving and digesting, and last
//! the signature.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::{Next, Reviewer};
use crate::account::{Account, Approval, Grant};
use crate::action::{Action, State as ActionState};
use crate::campaign::{Campaign, CarriedOut, Choice, Closing, Item, Record, State};
use crate::error::Kind;
use crate::ids::{AccountId, ActionId};
use crate::{Error, Result};

/// How many accounts are approved at the same time.
const AT_ONCE: usize = 16;

impl Reviewer {
    /// Goes through the next items.
    pub(super) async fn close_part(&self, mut campaign: Campaign, mut closing: Closing) -> Result<Next> {
        let store = &self.core.store;
        let (items, next) =
            store.review_items_behind(&campaign.tenant, &campaign.id, closing.behind.as_ref()).await?;
        closing.behind.clone_from(&next);
        if !closing.seals {
            return self.check_part(campaign, closing, &items).await;
        }
        let sealed = self.seal(&campaign, &items).await?;
        self.approve(&campaign, &closing, &sealed).await?;
        for item in &sealed {
            closing.counts.count(item.choice, item.carried_out);
            closing.chain.add(&item.digested()?);
        }
        if next.is_some() {
            campaign.state = State::Closing(closing);
            return self.save_part(&mut campaign).await;
        }
        self.sign(campaign, closing).await
    }

    /// Looks whether all of these items are decided; nothing was sealed yet.
    async fn check_part(&self, mut campaign: Campaign, mut closing: Closing, items: &[Item]) -> Result<Next> {
        let undecided: Vec<&Item> = items.iter().filter(|item| item.choice == Choice::Undecided).collect();
        if let Some(first) = undecided.first() {
            campaign.state = State::Open;
            campaign.problem = Some(format!(
                "it was not closed, since items are undecided, as {} of account {}; decide on them, or close it so that they are named as undecided",
                first.words, first.account
            ));
            campaign.due_at = campaign.next_reminder();
            self.core.store.save_campaign(&mut campaign).await?;
            return Ok(Next::Rest);
        }
        closing.seals = closing.behind.is_none();
        campaign.state = State::Closing(closing);
        self.save_part(&mut campaign).await
    }

    /// Seals items; those that are sealed already stay as they are.
    ///
    /// # Errors
    /// `Conflict` when a reviewer decided on one meanwhile: then they are read again.
    async fn seal(&self, campaign: &Campaign, items: &[Item]) -> Result<Vec<Item>> {
        let open: Vec<&Item> = items.iter().filter(|item| !item.sealed).collect();
        let revoked: Vec<&Item> = open.iter().copied().filter(|item| item.choice.is_to_go()).collect();
        let carried_out = self.carried_out(campaign, &revoked).await?;
        let mut sealed: Vec<Item> = open.into_iter().cloned().collect();
        for item in &mut sealed {
            let place = item.place();
            let outcome = item
                .choice
                .is_to_go()
                .then(|| carried_out.get(&(place.account, place.grant)).copied())
                .map(|outcome| outcome.unwrap_or(CarriedOut::NotDone));
            item.seal(outcome);
        }
        for saved in self.core.store.save_review_items(&mut sealed).await {
            saved?;
        }
        let mut sealed = sealed.into_iter();
        let all = items.iter().map(|item| {
            let item = if item.sealed { Some(item.clone()) } else { sealed.next() };
            item.ok_or_else(|| Error::internal("an item was lost while it was sealed"))
        });
        all.collect()
    }

    /// What became of revocations, and of changes, by which the access goes, too.
    async fn carried_out(
        &self,
        campaign: &Campaign,
        revoked: &[&Item],
    ) -> Result<BTreeMap<(AccountId, Grant), CarriedOut>> {
        let (store, tenant) = (&self.core.store, &campaign.tenant);
        let ids: BTreeSet<ActionId> = revoked.iter().filter_map(|item| item.action.clone()).collect();
        let actions: BTreeMap<ActionId, Action> =
            store.actions_of(tenant, &ids).await?.into_iter().map(|one| (one.id.clone(), one)).collect();
        let ids: BTreeSet<AccountId> = revoked.iter().map(|item| item.account.clone()).collect();
        let accounts = store.accounts_of(tenant, &campaign.connection, &ids).await?;
        let accounts: BTreeMap<AccountId, Account> =
            accounts.into_iter().map(|account| (account.id.clone(), account)).collect();
        let ingestion = store.ingestion(tenant, &campaign.connection).await?;
        let is_read_since = |at: Timestamp| ingestion.as_ref().is_some_and(|known| known.is_of_after(at));
        let outcome = |item: &Item| {
            let action = item.action.as_ref().and_then(|id| actions.get(id));
            let done = action.filter(|action| action.state == ActionState::Done);
            let holds =
                |account: &Account| account.removed_at.is_none() && account.grants().contains(&item.grant);
            match (done, accounts.get(&item.account).is_some_and(holds)) {
                (Some(_), false) => CarriedOut::Done,
                // It came back, unless the lists are older than what was read back.
                (Some(done), true) if !done.ended_at.is_some_and(is_read_since) => CarriedOut::Done,
                (Some(_) | None, true) => CarriedOut::NotDone,
                (None, false) => CarriedOut::NotHeld,
            }
        };
        let outcomes = revoked.iter().map(|item| ((item.account.clone(), item.grant.clone()), outcome(item)));
        Ok(outcomes.collect())
    }

    /// Makes approvals of what is kept, and ends those of what is to go. What is so already is not written again.
    async fn approve(&self, campaign: &Campaign, closing: &Closing, items: &[Item]) -> Result<()> {
        let mut decided: BTreeMap<AccountId, Vec<&Item>> = BTreeMap::new();
        for item in items.iter().filter(|item| item.choice != Choice::Undecided) {
            decided.entry(item.account.clone()).or_default().push(item);
        }
        let changes: Vec<_> = decided
            .into_iter()
            .map(|(account, items)| self.approve_account(campaign, closing, account, items))
            .collect();
        stream::iter(changes).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(|_| ())
    }

    async fn approve_account(
        &self,
        campaign: &Campaign,
        closing: &Closing,
        account: AccountId,
        items: Vec<&Item>,
    ) -> Result<()> {
        let change = |account: &mut Account| {
            if account.erased_at.is_some() {
                return Ok(false);
            }
            let before = account.approvals.clone();
            for item in &items {
                // Of what several campaigns say the last decision holds.
                let (grant, at) = (&item.grant, item.at.unwrap_or(closing.at));
                account.approvals.retain(|known| known.grant != *grant || known.at > at);
                let is_kept = item.choice == Choice::Keep;
                if is_kept && !account.approvals.iter().any(|known| known.grant == *grant) {
                    let campaign = campaign.id.clone();
                    account.approvals.push(Approval { grant: grant.clone(), campaign, at });
                }
            }
            // In one order, so that the same approvals are the same record.
            account.approvals.sort_by(|one, other| one.grant.cmp(&other.grant));
            Ok(account.approvals != before)
        };
        let store = &self.core.store;
        match store.change_account(&campaign.tenant, &campaign.connection, &account, &change).await {
            Ok(_) => Ok(()),
            // It is not stored any more, so that there is nothing to approve.
            Err(error) if *error.kind() == Kind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Signs the record, and ends the campaign.
    async fn sign(&self, mut campaign: Campaign, closing: Closing) -> Result<Next> {
        let key = self.signing_key(&campaign.tenant).await?;
        let signed = Record::of(&campaign, &closing).sign(&key)?;
        campaign.counts = closing.counts.clone();
        campaign.record = Some(signed);
        campaign.state = State::Closed;
        campaign.ended_by = Some(closing.by);
        campaign.ended_at = Some(closing.at);
        campaign.due_at = None;
        self.over(&campaign).await?;
        self.core.store.save_campaign(&mut campaign).await?;
        tracing::info!(tenant = %campaign.tenant, campaign = %campaign.id, items = campaign.counts.items, "campaign is closed");
        Ok(Next::Rest)
    }
}
