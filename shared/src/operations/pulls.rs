//! What is heard of pull requests: noted, linked to tickets and findings, and handed on to them.
//!
//! Reads what GitHub delivered, what `maintain` read or what whoever uses the API said; decides by [`crate::pull`]; writes
//! the pull request's record, the tickets that it is about, and findings that have no ticket yet; asks for the tickets.
//! `create-tickets` comes next. No call to Jira or GitHub is made here.
//!
//! | named by | is about |
//! |---|---|
//! | an issue's key in branch, title or description | the ticket of that issue, with all its findings |
//! | a finding's id in branch or description | that finding |
//! | whoever uses the API | what they say |
//!
//! Every step may be repeated: the record is written first, and whoever dies after that is repaired by the next message, or
//! by `maintain`, which reads pull requests again ([`rereading`]).

mod address;
pub mod rereading;
mod reverting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::Core;
use crate::error::Kind;
use crate::github::pull::PullNow;
use crate::ids::{TaskId, TenantId, TicketId};
use crate::pull::{Links, Pull, PullId, Remediation, mentions, reverted, words_of_people};
use crate::sqs::{Queue, SyncRequest};
use crate::{Error, Result};
pub use address::{Address, address};

/// How often a write is repeated onto what somebody else wrote meanwhile.
const REPEATS: u32 = 8;

/// Notes what is heard of pull requests.
#[derive(Clone)]
pub struct Pulls {
    /// Table, time, randomness.
    pub core: Core,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
}

/// What was heard.
#[derive(Clone, Debug)]
pub struct News {
    /// The pull request.
    pub pull: Pull,
    /// Its branch; empty where that was not said.
    pub branch: String,
    /// Keys of issues that it may be about.
    pub keys: BTreeSet<String>,
    /// What it is about.
    pub links: Links,
    /// The pull request that it takes back.
    pub reverts: Option<PullId>,
    /// When it was asked for, if it was read just now, and not told at some time.
    pub asked_at: Option<Timestamp>,
}

impl News {
    /// What a pull request at GitHub says, delivered or read.
    pub fn of(now: &PullNow, asked_at: Option<Timestamp>) -> Self {
        let original = reverted(&now.body).and_then(|(repository, number)| {
            let own = format!("/{}/pull/{}", now.pull.repository, now.pull.number);
            let server = now.pull.url.to_lowercase().strip_suffix(&own.to_lowercase())?.to_owned();
            Some(PullId::of(&format!("{server}/{repository}/pull/{number}")))
        });
        let words = words_of_people(&now.body);
        let named = mentions([now.branch.as_str(), &now.pull.title, &words]);
        let links = Links { findings: named.findings, tickets: BTreeSet::new() };
        Self {
            pull: now.pull.clone(),
            branch: now.branch.clone(),
            keys: named.keys,
            links,
            reverts: original,
            asked_at,
        }
    }
}

impl Pulls {
    /// Notes what was heard and hands it on. None when it is about nothing of ours.
    ///
    /// # Errors
    /// `Conflict` and `Unavailable` when it must be told again.
    pub async fn take(&self, tenant: &TenantId, news: &News) -> Result<Option<Remediation>> {
        let links = self.links(tenant, news).await?;
        let Some(record) = self.note(tenant, news, &links).await? else { return Ok(None) };
        if let Some(original) = &record.reverts {
            self.core.store.put_revert(tenant, original, &record.id, self.now()).await?;
        }
        let record = self.settle_reverts(tenant, record).await?;
        self.hand_on(&record).await?;
        Ok(Some(record))
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// What it is about, as far as that is ours. One that takes another one back is about that alone.
    async fn links(&self, tenant: &TenantId, news: &News) -> Result<Links> {
        if news.reverts.is_some() {
            return Ok(Links::default());
        }
        let store = &self.core.store;
        let mut links = Links { tickets: news.links.tickets.clone(), findings: BTreeSet::new() };
        for key in &news.keys {
            links.tickets.extend(store.tickets_of_key(tenant, key).await?);
        }
        for finding in &news.links.findings {
            if store.task(tenant, finding).await?.is_some_and(|task| task.finding.is_some()) {
                links.findings.insert(finding.clone());
            }
        }
        Ok(links)
    }

    /// Writes the record.
    async fn note(&self, tenant: &TenantId, news: &News, links: &Links) -> Result<Option<Remediation>> {
        let (store, id) = (&self.core.store, PullId::of(&news.pull.url));
        for _ in 0..REPEATS {
            let known = store.remediation(tenant, &id).await?;
            if known.is_none() && links.is_empty() && news.reverts.is_none() {
                return Ok(None);
            }
            let is_new = known.is_none();
            let mut record = known.unwrap_or_else(|| Remediation::new(tenant, news.pull.clone(), self.now()));
            let before = record.reverts.clone();
            if news.reverts.is_some() {
                record.reverts.clone_from(&news.reverts);
            }
            // What was heard while it was read may be newer.
            let is_certain = news.asked_at.is_some_and(|asked_at| record.updated_at <= asked_at);
            let is_news = record.hear(&news.pull, is_certain, &news.branch, links, self.now());
            if !is_new && !is_news && before == record.reverts {
                return Ok(Some(record));
            }
            match store.save_remediation(&mut record).await {
                Ok(()) => return Ok(Some(record)),
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict("the pull request is written by too many at once; try again"))
    }

    /// Hands on to tickets and findings how a pull request stands. Those that know it are left alone.
    pub(super) async fn hand_on(&self, record: &Remediation) -> Result<()> {
        if record.reverts.is_some() {
            return Ok(());
        }
        let mut concerned: BTreeMap<TicketId, BTreeSet<TaskId>> = BTreeMap::new();
        for finding in &record.findings {
            if let Some(ticket) = self.tell_finding(record, finding).await? {
                concerned.entry(ticket).or_default().insert(finding.clone());
            }
        }
        for ticket in &record.tickets {
            // All its findings.
            concerned.insert(ticket.clone(), BTreeSet::new());
        }
        let mut requests = Vec::new();
        for (ticket, tasks) in concerned {
            if self.tell_ticket(record, &ticket, &tasks).await? {
                requests.push(SyncRequest { tenant: record.tenant.clone(), ticket });
            }
        }
        self.sync.send_all(&requests, None).await
    }

    /// Writes into a finding what is heard of a pull request, if it has no ticket that keeps that. The ticket that it has.
    async fn tell_finding(&self, record: &Remediation, id: &TaskId) -> Result<Option<TicketId>> {
        let store = &self.core.store;
        for _ in 0..REPEATS {
            let Some(mut task) = store.task(&record.tenant, id).await? else { return Ok(None) };
            let ticket = task.ticket.clone();
            let Some(finding) = &mut task.finding else { return Ok(ticket) };
            let known = finding.pulls.get(&record.id);
            let is_to_be_kept = ticket.is_none() || known.is_some();
            let is_news =
                known.is_none_or(|pull| pull.changed_at <= record.pull.changed_at && *pull != record.pull);
            if !is_to_be_kept || !is_news {
                return Ok(ticket);
            }
            finding.pulls.insert(record.id.clone(), record.pull.clone());
            task.updated_at = self.now();
            match store.save_tasks(std::slice::from_ref(&task)).await.pop() {
                Some(Err(error)) if *error.kind() == Kind::Conflict => {}
                Some(Err(error)) => return Err(error),
                // It may have got a ticket meanwhile.
                Some(Ok(())) | None => {}
            }
        }
        Err(Error::conflict(format!("finding {id} is written by too many at once; try again")))
    }

    /// Writes into a ticket what is heard of a pull request. Whether that is news for it.
    async fn tell_ticket(
        &self,
        record: &Remediation,
        id: &TicketId,
        tasks: &BTreeSet<TaskId>,
    ) -> Result<bool> {
        let store = &self.core.store;
        for _ in 0..REPEATS {
            let Some(mut ticket) = store.ticket(&record.tenant, id).await? else { return Ok(false) };
            if !ticket.follow_pull(&record.id, &record.pull, tasks, self.now()) {
                return Ok(false);
            }
            match store.save_ticket(&mut ticket).await {
                Ok(()) => return Ok(true),
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::conflict(format!("ticket {id} is written by too many at once; try again")))
    }
}
