//! Access review campaigns, their items, and the key that signs their records.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::due_beside;
use super::item::decode;
use super::keys::{self, DueKind};
use super::page::{Order, Page};
use super::{CONCURRENCY, Store};
use crate::campaign::{Campaign, Choice, Item, Place};
use crate::error::Kind;
use crate::ids::{AccountId, CampaignId, TenantId};
use crate::{Error, Result};

/// How many items one call to the table looks at; it ends at 1 MB by itself.
const ITEMS_IN_CALL: usize = 1000;

/// How often a change of a campaign is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// A campaign that is due, and since when.
#[derive(Clone, Debug, Deserialize)]
struct Waiting {
    tenant: TenantId,
    id: CampaignId,
    due_at: Timestamp,
}

/// Which key signs a tenant's records.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SigningKeyKnown {
    /// The public half, in base 64.
    pub public_key: String,
    /// The name of the secret half.
    pub secret: String,
}

impl Store {
    /// Puts a new campaign; nothing is changed when there is one already.
    pub async fn put_new_campaign(&self, campaign: &Campaign) -> Result<bool> {
        let key = keys::campaign(&campaign.tenant, &campaign.id);
        let beside = due_beside(DueKind::Campaign, &campaign.tenant, campaign.id.as_str(), campaign.due_at);
        self.put_new(&key, campaign, beside).await
    }

    /// Saves a campaign, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_campaign(&self, campaign: &mut Campaign) -> Result<()> {
        let next = Campaign { version: campaign.version + 1, ..campaign.clone() };
        let key = keys::campaign(&next.tenant, &next.id);
        let beside = due_beside(DueKind::Campaign, &next.tenant, next.id.as_str(), next.due_at);
        self.replace(&key, &next, campaign.version, beside).await?;
        campaign.version = next.version;
        Ok(())
    }

    /// Changes a campaign, whoever else writes it meanwhile: `change` is applied to what is stored now.
    ///
    /// # Errors
    /// `NotFound` when there is no such campaign; what `change` gives.
    pub async fn change_campaign(
        &self,
        tenant: &TenantId,
        id: &CampaignId,
        change: &(dyn Fn(&mut Campaign) -> Result<()> + Sync),
    ) -> Result<Campaign> {
        for _ in 0..REPEATS {
            let Some(mut campaign) = self.campaign(tenant, id).await? else {
                let message = format!("there is no campaign {id}; `GET /v1/campaigns` lists them");
                return Err(Error::not_found(message));
            };
            change(&mut campaign)?;
            match self.save_campaign(&mut campaign).await {
                Err(error) if *error.kind() == Kind::Conflict => {}
                saved => return saved.map(|()| campaign),
            }
        }
        Err(Error::conflict(format!("campaign {id} is written by too many at once; try again")))
    }

    /// The campaign with this id.
    pub async fn campaign(&self, tenant: &TenantId, id: &CampaignId) -> Result<Option<Campaign>> {
        self.get(&keys::campaign(tenant, id)).await
    }

    /// A page of a tenant's campaigns, by id.
    pub async fn campaigns(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Campaign>> {
        self.list(&keys::campaigns(tenant), Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// All campaigns of a tenant.
    pub async fn all_campaigns(&self, tenant: &TenantId) -> Result<Vec<Campaign>> {
        self.all(&keys::campaigns(tenant)).await
    }

    /// Campaigns of one shard that are due at `now`, with the time that each was due, longest due first.
    pub async fn due_campaigns(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, CampaignId, Timestamp)>> {
        let due: Vec<Waiting> = self.due(DueKind::Campaign, shard, now, limit).await?;
        Ok(due.into_iter().map(|due| (due.tenant, due.id, due.due_at)).collect())
    }

    /// Takes the turn of a campaign that was due at `expected`: it is due at `next` from now on. Whoever is told true asks
    /// for its next slice.
    pub async fn claim_due_campaign(
        &self,
        tenant: &TenantId,
        id: &CampaignId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::campaign(tenant, id);
        self.claim(DueKind::Campaign, (tenant, id.as_str()), &key, expected, next).await
    }

    /// Puts new items, at most 16 at the same time. One that is there already stays as it is, whatever was decided on it.
    pub async fn put_new_review_items(&self, items: &[Item]) -> Result<()> {
        let puts: Vec<_> = items
            .iter()
            .map(|item| async move {
                let key = keys::review_item(&item.tenant, &item.campaign, &item.place());
                self.put_new(&key, item, Vec::new()).await.map(|_| ())
            })
            .collect();
        stream::iter(puts).buffer_unordered(CONCURRENCY).try_collect::<Vec<()>>().await.map(|_| ())
    }

    /// Saves items, at most 16 at the same time, and raises the version of each here and in the table. The results are in
    /// the items' order.
    ///
    /// # Errors
    /// For each by itself: `Conflict` when another version is stored.
    pub async fn save_review_items(&self, items: &mut [Item]) -> Vec<Result<()>> {
        let saves: Vec<_> = items.iter_mut().map(|item| self.save_review_item(item)).collect();
        stream::iter(saves).buffered(CONCURRENCY).collect().await
    }

    async fn save_review_item(&self, item: &mut Item) -> Result<()> {
        let next = Item { version: item.version + 1, ..item.clone() };
        let key = keys::review_item(&next.tenant, &next.campaign, &next.place());
        self.replace(&key, &next, item.version, Vec::new()).await?;
        item.version = next.version;
        Ok(())
    }

    /// The items of these that are stored, in no order.
    pub async fn review_items_of(
        &self,
        tenant: &TenantId,
        campaign: &CampaignId,
        places: &[Place],
    ) -> Result<Vec<Item>> {
        let keys: BTreeSet<keys::Key> =
            places.iter().map(|place| keys::review_item(tenant, campaign, place)).collect();
        self.get_many(&keys, "items of a campaign").await
    }

    /// A page of a campaign's items, by account; only those with this choice, if one is given.
    pub async fn review_items(
        &self,
        tenant: &TenantId,
        campaign: &CampaignId,
        choice: Option<Choice>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Item>> {
        let filter = choice.map(|choice| ("choice", choice.word())).into_iter().collect();
        self.list(&keys::review_items(tenant, campaign), Order::Rising, &filter, cursor, limit).await
    }

    /// The same of one account.
    pub async fn review_items_of_account(
        &self,
        (tenant, campaign): (&TenantId, &CampaignId),
        account: &AccountId,
        choice: Option<Choice>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Item>> {
        let filter = choice.map(|choice| ("choice", choice.word())).into_iter().collect();
        let items = keys::review_items_of(tenant, campaign, account);
        self.list(&items, Order::Rising, &filter, cursor, limit).await
    }

    /// Some items of a campaign behind the item `behind`, in their order, and the one to go on behind, if there are more.
    /// For going through all of them.
    pub async fn review_items_behind(
        &self,
        tenant: &TenantId,
        campaign: &CampaignId,
        behind: Option<&Place>,
    ) -> Result<(Vec<Item>, Option<Place>)> {
        let items = keys::review_items(tenant, campaign);
        let behind = behind.map(|place| keys::review_item(tenant, campaign, place).sk);
        let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind, ITEMS_IN_CALL).await?;
        let items: Vec<Item> = found.into_iter().map(decode).collect::<Result<_>>()?;
        let next = last.and_then(|_| items.last().map(Item::place));
        Ok((items, next))
    }

    /// Which key signs a tenant's records.
    pub async fn signing_key(&self, tenant: &TenantId) -> Result<Option<SigningKeyKnown>> {
        self.get(&keys::signing(tenant)).await
    }

    /// Notes which key signs a tenant's records, unless there is one already, and gives the one that does.
    pub async fn note_signing_key(&self, tenant: &TenantId, key: SigningKeyKnown) -> Result<SigningKeyKnown> {
        if self.put_new(&keys::signing(tenant), &key, Vec::new()).await? {
            return Ok(key);
        }
        Ok(self.signing_key(tenant).await?.unwrap_or(key))
    }
}
