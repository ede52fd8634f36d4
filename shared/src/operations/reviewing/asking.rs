//! What people ask of a campaign: to make it, to close it, to give it up, to have its revocations carried out.

use super::Reviewer;
use crate::access::Role;
use crate::campaign::{Applying, Campaign, Closing, State, Wish};
use crate::clock::after;
use crate::evidence::Gap;
use crate::ids::{CampaignId, TenantId};
use crate::{Error, Result};

/// How many things a scope may name.
const MOST_NAMED: usize = 200;

/// How many reviewers may be named.
const MOST_REVIEWERS: usize = 50;

/// How many reminders there may be, and how many days before the end.
const MOST_REMINDERS: usize = 5;
const MOST_REMIND_DAYS: u16 = 90;

/// After how many days without activity an account may count as dormant, at most.
const MOST_DORMANT_DAYS: u16 = 365;

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

impl Reviewer {
    /// Makes a campaign with the id `id`, and has its items made. Made again, it is as it is.
    ///
    /// # Errors
    /// `Invalid` where the wish breaks a rule; `Conflict` when the connection's accounts were not read yet, or another
    /// campaign has this id.
    pub async fn make(&self, tenant: &TenantId, id: CampaignId, wish: Wish, by: &str) -> Result<Campaign> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        if let Some(made) = store.campaign(tenant, &id).await? {
            return if made.is_of(&wish) {
                Ok(made)
            } else {
                Err(Error::conflict(format!("there is another campaign {id} already")))
            };
        }
        check_form(&wish)?;
        if store.connection(tenant, &wish.connection).await?.is_none() {
            let message =
                format!("there is no connection {}; `GET /v1/connections` lists them", wish.connection);
            return Err(Error::invalid("connection", message));
        }
        self.check_reviewers(tenant, &wish).await?;
        let ingestion = store.ingestion(tenant, &wish.connection).await?;
        let Some((ingestion, settled_at)) =
            ingestion.and_then(|ingestion| ingestion.settled_at.map(|at| (ingestion, at)))
        else {
            let message = format!(
                "the accounts of connection {} were not read yet; make the campaign when the first ingestion is through them",
                wish.connection
            );
            return Err(Error::conflict(message));
        };
        let directory = Self::directory(store, tenant, &wish.connection).await?;
        if let Some(unknown) = wish.scope.unknown(&directory) {
            let message = format!("there is no {unknown} in the site's directory");
            return Err(Error::invalid("scope", message));
        }
        let gaps = ingestion.gaps(wish.scope.sources(), now);
        let mut campaign = Campaign::begin(tenant.clone(), id, wish, by, (ingestion.zone.clone(), gaps), now);
        campaign.directory_of = Some(settled_at);
        if campaign.due_on < campaign.today(now) {
            return Err(Error::invalid("due_on", "due_on must be today or later"));
        }
        // If the message is lost, the tick asks.
        campaign.due_at = Some(after(now, 60));
        store.put_new_campaign(&campaign).await?;
        self.go_on(tenant, &campaign.id).await?;
        Ok(campaign)
    }

    /// Why the items of a campaign may not be all, by what is known of the directory now.
    pub(super) async fn directory_gaps(&self, campaign: &Campaign) -> Result<Vec<Gap>> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let ingestion = store.ingestion(&campaign.tenant, &campaign.connection).await?;
        Ok(ingestion.map_or_else(
            || {
                let detail = "the connection's accounts are not read any more".to_owned();
                vec![Gap::Unavailable { detail }]
            },
            |ingestion| ingestion.gaps(campaign.scope.sources(), now),
        ))
    }

    async fn check_reviewers(&self, tenant: &TenantId, wish: &Wish) -> Result<()> {
        for (place, reviewer) in wish.reviewers.iter().enumerate() {
            let token = self.core.store.token(tenant, reviewer).await?;
            let may = |token: &crate::access::ApiToken| {
                token.revoked_at.is_none() && token.role.covers(Role::Reviewer)
            };
            if !token.as_ref().is_some_and(may) {
                let message = format!(
                    "{reviewer} is no API token of the role reviewer or above; `GET /v1/tokens` lists them"
                );
                return Err(Error::invalid(format!("reviewers[{place}]"), message));
            }
        }
        Ok(())
    }

    /// Asks for a campaign to be closed. Asked again by whoever asked first, nothing changes.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is not open, or its revocations are still being asked for.
    pub async fn close(
        &self,
        tenant: &TenantId,
        id: &CampaignId,
        by: &str,
        names_undecided: bool,
    ) -> Result<Campaign> {
        let now = self.core.clock.now();
        let change = |campaign: &mut Campaign| {
            match &campaign.state {
                State::Open if campaign.applying.is_none() => {}
                State::Closing(closing) if closing.by == by => return Ok(()),
                State::Closed if campaign.ended_by.as_deref() == Some(by) => return Ok(()),
                State::Open => {
                    let message = "its revocations are still being asked for; try again in a moment";
                    return Err(Error::conflict(format!("campaign {id}: {message}")));
                }
                State::Preparing { .. } | State::Closing(_) | State::Closed | State::Cancelled => {
                    return Err(not_open(campaign));
                }
            }
            campaign.state = State::Closing(Closing::begin(by, names_undecided, now));
            campaign.problem = None;
            campaign.due_at = Some(after(now, 60));
            Ok(())
        };
        let closed = self.core.store.change_campaign(tenant, id, &change).await?;
        self.go_on(tenant, id).await?;
        Ok(closed)
    }

    /// Gives a campaign up. What was decided stays to be read, and approves nothing.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it is being closed, or is closed.
    pub async fn cancel(&self, tenant: &TenantId, id: &CampaignId, by: &str) -> Result<Campaign> {
        let now = self.core.clock.now();
        let change = |campaign: &mut Campaign| {
            match &campaign.state {
                State::Preparing { .. } | State::Open => {}
                State::Cancelled => return Ok(()),
                State::Closing(_) | State::Closed => return Err(not_open(campaign)),
            }
            campaign.state = State::Cancelled;
            campaign.applying = None;
            campaign.ended_by = Some(by.to_owned());
            campaign.ended_at = Some(now);
            campaign.due_at = None;
            Ok(())
        };
        let cancelled = self.core.store.change_campaign(tenant, id, &change).await?;
        self.over(&cancelled).await?;
        Ok(cancelled)
    }

    /// Has actions made of all revocations that have none, or whose action failed. Where `held`, each waits after its dry
    /// run until somebody approves it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when the campaign is not open, or that is going on with another `held`.
    pub async fn apply(&self, tenant: &TenantId, id: &CampaignId, by: &str, held: bool) -> Result<Campaign> {
        let now = self.core.clock.now();
        let change = |campaign: &mut Campaign| {
            if campaign.state != State::Open {
                return Err(not_open(campaign));
            }
            match &campaign.applying {
                None => {
                    let by = by.to_owned();
                    let applying = Applying { by, held, together: None, so_far: 0, behind: None };
                    campaign.applying = Some(applying);
                    campaign.due_at = Some(after(now, 60));
                }
                Some(running) if running.held == held => {}
                Some(_) => {
                    let message =
                        "its revocations are being asked for with another `hold`; try again in a moment";
                    return Err(Error::conflict(format!("campaign {id}: {message}")));
                }
            }
            Ok(())
        };
        let applying = self.core.store.change_campaign(tenant, id, &change).await?;
        self.go_on(tenant, id).await?;
        Ok(applying)
    }
}

fn not_open(campaign: &Campaign) -> Error {
    let message = format!("campaign {} is {}, not open", campaign.id, campaign.state.word());
    Error::conflict(message)
}

/// The rules that need no look at anything else.
fn check_form(wish: &Wish) -> Result<()> {
    let name = wish.name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        let message = format!("name must be 1 to {LONGEST_NAME} characters in one line");
        return Err(Error::invalid("name", message));
    }
    if wish.scope.named().is_some_and(|named| !(1..=MOST_NAMED).contains(&named)) {
        let message = format!("scope must name 1 to {MOST_NAMED} things; `{{\"by\": \"all\"}}` means all");
        return Err(Error::invalid("scope", message));
    }
    if wish.reviewers.len() > MOST_REVIEWERS {
        let message = format!("reviewers must name at most {MOST_REVIEWERS} API tokens");
        return Err(Error::invalid("reviewers", message));
    }
    if wish.remind_days.len() > MOST_REMINDERS || wish.remind_days.iter().any(|days| *days > MOST_REMIND_DAYS)
    {
        let message = format!(
            "remind_days must be at most {MOST_REMINDERS} numbers of days, each at most {MOST_REMIND_DAYS}"
        );
        return Err(Error::invalid("remind_days", message));
    }
    if !(1..=MOST_DORMANT_DAYS).contains(&wish.dormant_days) {
        let message = format!("dormant_days must be 1 to {MOST_DORMANT_DAYS}");
        return Err(Error::invalid("dormant_days", message));
    }
    Ok(())
}
