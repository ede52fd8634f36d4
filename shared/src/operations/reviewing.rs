//! Reviewing access: campaigns are filled from the stored accounts, decided on by people, and closed with a signed record.
//!
//! What goes through all items is done in parts of about a thousand: each ends by saving how far it came, and whatever a
//! part does may be done again. Between parts a worker may stop or die; it leaves a message to go on, and if that is lost,
//! the tick finds the campaign due.
//!
//! | who | does | in |
//! |---|---|---|
//! | a person | makes, closes, cancels a campaign, asks for its revocations | `asking` |
//! | a reviewer | decides on items | [`deciding`] |
//! | a worker | makes items | `preparing` |
//! | a worker | asks for revocations | `applying` |
//! | a worker | seals, approves, signs | `closing` |

mod applying;
pub mod asking;
mod closing;
pub mod deciding;
mod preparing;
mod signing;

use std::sync::Arc;

use super::Core;
use super::session::Deadline;
use crate::Result;
use crate::campaign::{Campaign, Reminder, State};
use crate::clock::after;
use crate::error::Kind;
use crate::ids::{CampaignId, TenantId};
use crate::notification::{Kind as Notice, Notification, Subject};
use crate::secrets::SecretStore;
use crate::sqs::{Queue, UsageRequest};

/// After how many seconds the tick asks again for a campaign whose worker left no word: longer than the function's time-out.
const CLAIM: i64 = 420;

/// How many are claimed by one tick from one shard.
const CLAIMS_A_SHARD: usize = 100;

/// Seconds that must be left for a part to be begun.
const SECONDS_A_PART: i64 = 60;

/// How often a part is begun anew because somebody else wrote the campaign meanwhile.
const REPEATS: u32 = 8;

/// Carries campaigns out.
#[derive(Clone)]
pub struct Reviewer {
    /// Table, time, randomness.
    pub core: Core,
    /// Where the key is that signs.
    pub secrets: Arc<dyn SecretStore>,
    /// Where slices and actions are asked for.
    pub usage: Arc<dyn Queue<UsageRequest>>,
    /// When the running invocation must be over.
    pub deadline: Deadline,
}

/// What is to be done after a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Next {
    /// The next part.
    Part,
    /// Nothing, until it is due.
    Rest,
}

impl Reviewer {
    /// The tick: claims every campaign that is due, and asks for its next slice. Returns how many.
    pub async fn fan_out(&self) -> Result<usize> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let mut asked = 0;
        for shard in crate::dynamodb::keys::shards() {
            let mut requests = Vec::new();
            for (tenant, campaign, due_at) in store.due_campaigns(shard, now, CLAIMS_A_SHARD).await? {
                if store.claim_due_campaign(&tenant, &campaign, due_at, after(now, CLAIM)).await? {
                    requests.push(UsageRequest::Campaign { tenant, campaign });
                }
            }
            self.usage.send_all(&requests, None).await?;
            asked += requests.len();
        }
        Ok(asked)
    }

    /// Goes on with a campaign: one part, and more while the deadline leaves time for them. A campaign that is not there or
    /// has nothing to do is left as it is.
    ///
    /// # Errors
    /// When the table or the secrets could not be read or written; what was done stays, and is not done twice.
    pub async fn continue_campaign(&self, tenant: &TenantId, id: &CampaignId) -> Result<()> {
        let (store, mut conflicts, mut begun) = (&self.core.store, 0, false);
        let mut looking = None;
        loop {
            let Some(campaign) = store.campaign(tenant, id).await? else { return Ok(()) };
            if begun && !self.deadline.leaves(SECONDS_A_PART, self.core.clock.now()) {
                return self.go_on(tenant, id).await;
            }
            begun = true;
            // Boxed, since it is a deep tree of futures.
            match Box::pin(self.part(campaign, &mut looking)).await {
                Ok(Next::Part) => conflicts = 0,
                Ok(Next::Rest) => return Ok(()),
                Err(error) if *error.kind() == Kind::Conflict && conflicts < REPEATS => conflicts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn part(&self, mut campaign: Campaign, looking: &mut Option<preparing::Looking>) -> Result<Next> {
        self.remind(&mut campaign).await?;
        match campaign.state.clone() {
            State::Preparing { behind } => self.prepare(campaign, behind, looking).await,
            State::Open => match campaign.applying.clone() {
                Some(applying) => self.apply_part(campaign, applying).await,
                None => self.rest(campaign).await,
            },
            State::Closing(closing) => self.close_part(campaign, closing).await,
            State::Closed | State::Cancelled => self.rest(campaign).await,
        }
    }

    /// Notes that nothing is to be done before the next reminder.
    async fn rest(&self, mut campaign: Campaign) -> Result<Next> {
        let due_at = if campaign.state.is_over() { None } else { campaign.next_reminder() };
        if campaign.due_at != due_at {
            campaign.due_at = due_at;
            self.core.store.save_campaign(&mut campaign).await?;
        }
        Ok(Next::Rest)
    }

    /// Saves how far a part came; if the worker dies now, the tick goes on.
    async fn save_part(&self, campaign: &mut Campaign) -> Result<Next> {
        campaign.due_at = Some(after(self.core.clock.now(), CLAIM));
        self.core.store.save_campaign(campaign).await.map(|()| Next::Part)
    }

    /// Asks for the next slice.
    async fn go_on(&self, tenant: &TenantId, id: &CampaignId) -> Result<()> {
        let request = UsageRequest::Campaign { tenant: tenant.clone(), campaign: id.clone() };
        self.usage.send(&request, None).await
    }

    /// Reminds people, if that is due. The notification begins anew, so that each reminder is news.
    async fn remind(&self, campaign: &mut Campaign) -> Result<()> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let reminder = campaign.reminder(now).filter(|_| !campaign.state.is_over());
        let Some(reminder) = reminder else { return Ok(()) };
        let when = match reminder {
            Reminder::DueIn(0) => "is due today".to_owned(),
            Reminder::DueIn(1) => "is due tomorrow".to_owned(),
            Reminder::DueIn(days) => format!("is due in {days} days, on {}", campaign.due_on),
            Reminder::Overdue => format!("was due on {}", campaign.due_on),
        };
        let (id, name, left) = (&campaign.id, &campaign.name, campaign.counts.undecided);
        let text = format!(
            "access review {name:?} {when}, and about {left} items are undecided; decide on them, then close campaign {id}"
        );
        let subject = Subject::Campaign(id.clone());
        let begun = Notification::begin(&campaign.tenant, Notice::CampaignDue, subject, text, now)?;
        store.notify_anew(&begun).await?;
        campaign.reminded_until = now;
        store.save_campaign(campaign).await
    }

    /// People need not hear of a campaign any more.
    async fn over(&self, campaign: &Campaign) -> Result<()> {
        let (store, now) = (&self.core.store, self.core.clock.now());
        let subject = Subject::Campaign(campaign.id.clone());
        for kind in [Notice::CampaignDue, Notice::ApprovalNeeded] {
            store.recovered(&campaign.tenant, kind, &subject, now).await?;
        }
        Ok(())
    }
}
