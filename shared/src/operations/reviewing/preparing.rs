//! Making a campaign's items of the stored accounts.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;

use super::{Next, Reviewer};
use crate::Result;
use crate::account::{Account, Owner};
use crate::campaign::{ActivityKnown, Campaign, Choice, Coverage, Directory, Item, Observed, Place, State};
use crate::ids::{AccountId, CampaignId, ConnectionId, PersonId, TenantId};
use crate::person::Person;

/// How many closed campaigns are asked whether access is new, latest first.
const MOST_EARLIER: usize = 20;

/// What a campaign's items are made with, read once for many parts.
pub(super) struct Looking {
    directory: Directory,
    coverage: Coverage,
    activity: ActivityKnown,
    today: Date,
    /// The closed campaigns of the connection and what they covered, latest first.
    earlier: Vec<(CampaignId, Coverage)>,
}

impl Reviewer {
    /// Makes the items of the next accounts. An item that is there already stays as it is.
    pub(super) async fn prepare(
        &self,
        mut campaign: Campaign,
        behind: Option<AccountId>,
        looking: &mut Option<Looking>,
    ) -> Result<Next> {
        let (store, tenant) = (&self.core.store, &campaign.tenant);
        let known = match looking.take() {
            Some(known) => known,
            None => self.look(&campaign).await?,
        };
        let (accounts, next) = store.accounts_behind(tenant, &campaign.connection, behind.as_ref()).await?;
        let items = self.items_of(&campaign, &known, &accounts).await?;
        *looking = Some(known);
        store.put_new_review_items(&items).await?;
        campaign.counts.items += items.len() as u64;
        campaign.counts.undecided += items.len() as u64;
        if next.is_some() {
            campaign.state = State::Preparing { behind: next };
        } else {
            // What went wrong with the directory meanwhile makes the items no better.
            let gaps = self.directory_gaps(&campaign).await?;
            campaign.lacks(gaps);
            campaign.state = State::Open;
            tracing::info!(tenant = %campaign.tenant, campaign = %campaign.id, items = campaign.counts.items, "campaign is open");
        }
        self.save_part(&mut campaign).await
    }

    /// The directory of a connection without its accounts.
    pub(crate) async fn directory(
        store: &crate::dynamodb::Store,
        tenant: &TenantId,
        connection: &ConnectionId,
    ) -> Result<Directory> {
        Ok(Directory::of(
            store.all_groups(tenant, connection).await?,
            store.all_products(tenant, connection).await?,
            store.all_project_roles(tenant, connection).await?,
        ))
    }

    async fn look(&self, campaign: &Campaign) -> Result<Looking> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let directory = Self::directory(store, &campaign.tenant, &campaign.connection).await?;
        let ingestion = store.ingestion(&campaign.tenant, &campaign.connection).await?;
        let activity = ingestion.map(|ingestion| ActivityKnown::of(&ingestion, now)).unwrap_or_default();
        let mut closed: Vec<Campaign> = store.all_campaigns(&campaign.tenant).await?;
        closed.retain(|other| other.state == State::Closed && other.connection == campaign.connection);
        closed.sort_by_key(|other| std::cmp::Reverse(other.ended_at));
        closed.truncate(MOST_EARLIER);
        let earlier = closed.into_iter().map(|other| (other.id, other.scope.coverage(&directory))).collect();
        Ok(Looking {
            coverage: campaign.scope.coverage(&directory),
            directory,
            activity,
            today: campaign.today(now),
            earlier,
        })
    }

    async fn items_of(
        &self,
        campaign: &Campaign,
        looking: &Looking,
        accounts: &[Account],
    ) -> Result<Vec<Item>> {
        let people = self.people_of(&campaign.tenant, accounts).await?;
        let mut items = Vec::new();
        for account in accounts {
            if account.removed_at.is_some() || account.erased_at.is_some() {
                continue;
            }
            let observed = Observed {
                person: person_of(account).and_then(|id| people.get(id)),
                activity: looking.activity,
                dormant_days: campaign.dormant_days,
                today: looking.today,
            };
            let mut flags = observed.flags(account);
            for grant in account.grants() {
                if !looking.coverage.holds(&grant) {
                    continue;
                }
                flags.privileged = looking.directory.is_privileged(&grant);
                items.push(Item {
                    tenant: campaign.tenant.clone(),
                    campaign: campaign.id.clone(),
                    account: account.id.clone(),
                    words: looking.directory.words(&grant),
                    grant,
                    kind: account.kind,
                    flags: flags.clone(),
                    last_active_on: account.last_active_on,
                    choice: Choice::Undecided,
                    note: None,
                    by: None,
                    at: None,
                    earlier: Vec::new(),
                    action: None,
                    attempts: 0,
                    carried_out: None,
                    sealed: false,
                    version: 0,
                });
            }
        }
        self.tell_new(&campaign.tenant, looking, &mut items).await?;
        Ok(items)
    }

    /// Says of each item whether it is new since the last closed campaign that covered its access.
    async fn tell_new(&self, tenant: &TenantId, looking: &Looking, items: &mut [Item]) -> Result<()> {
        for (earlier, coverage) in &looking.earlier {
            let is_open = |item: &Item| item.flags.new.is_none() && coverage.holds(&item.grant);
            let places: Vec<Place> = items.iter().filter(|item| is_open(item)).map(Item::place).collect();
            if places.is_empty() {
                continue;
            }
            let found = self.core.store.review_items_of(tenant, earlier, &places).await?;
            let found: HashSet<Place> = found.iter().map(Item::place).collect();
            for item in items.iter_mut().filter(|item| is_open(item)) {
                item.flags.new = Some(!found.contains(&item.place()));
            }
        }
        Ok(())
    }

    async fn people_of(&self, tenant: &TenantId, accounts: &[Account]) -> Result<BTreeMap<PersonId, Person>> {
        let ids: BTreeSet<PersonId> = accounts.iter().filter_map(person_of).cloned().collect();
        let people = self.core.store.persons_of(tenant, &ids).await?;
        Ok(people.into_iter().map(|person| (person.id.clone(), person)).collect())
    }
}

fn person_of(account: &Account) -> Option<&PersonId> {
    match &account.owner {
        Owner::Person { person, .. } => Some(person),
        Owner::Unidentified | Owner::Marked { .. } => None,
    }
}
