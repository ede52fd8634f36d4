//! Reading pull requests again: GitHub does not repeat a delivery by itself, so that one that was lost is found here.
//!
//! Each is read soon after it changed and then ever more rarely ([`crate::pull::Remediation::next_reading`]). What is found
//! is taken as a delivery is, and handed on even if it is no news, in case a function died before it was.
//!
//! Source: docs.github.com, "Handling failed webhook deliveries": "GitHub does not automatically redeliver failed
//! webhook deliveries."

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{News, Pulls};
use crate::clock::after;
use crate::github::{GithubError, Kind};
use crate::ids::TenantId;
use crate::operations::forge::{ForgeAccess, Opened};
use crate::pull::{PullId, Remediation};
use crate::{Error, Result};

/// How many pull requests one run reads, from one shard.
const A_SHARD: usize = 40;

/// How many calls to GitHub are left to others when the limit runs low.
const LEFT_TO_OTHERS: u32 = 500;

/// Seconds until a pull request is read again that could not be read.
const AGAIN: i64 = 3600;

/// Reads pull requests again.
#[derive(Clone)]
pub struct Rereading {
    /// Notes what is found.
    pub pulls: Pulls,
    /// Opens GitHub.
    pub forge: ForgeAccess,
}

impl Rereading {
    /// Reads all that are due, until `deadline`. How many were read.
    pub async fn run(&self, deadline: Timestamp) -> Result<usize> {
        let mut read = 0;
        let mut resting: BTreeSet<TenantId> = BTreeSet::new();
        let store = &self.pulls.core.store;
        for shard in crate::dynamodb::keys::shards() {
            let now = self.pulls.now();
            for (tenant, id, due_at) in store.due_pulls(shard, now, A_SHARD).await? {
                if self.pulls.now() >= deadline {
                    return Ok(read);
                }
                // Whoever is told of it, or has read it, says when it is read next.
                if !store.claim_due_pull(&tenant, &id, due_at, after(now, AGAIN)).await?
                    || resting.contains(&tenant)
                {
                    continue;
                }
                // What fails for one is that one's alone.
                match self.one(&tenant, &id).await {
                    Ok(true) => read += 1,
                    Ok(false) => drop(resting.insert(tenant)),
                    Err(error) => {
                        tracing::warn!(%tenant, pull = %id, error = error.chain(), "could not read a pull request again");
                    }
                }
            }
        }
        Ok(read)
    }

    /// Reads one. False when the tenant's GitHub cannot be asked any more for now.
    async fn one(&self, tenant: &TenantId, id: &PullId) -> Result<bool> {
        let Some(record) = self.pulls.core.store.remediation(tenant, id).await? else { return Ok(true) };
        let Some(opened) = self.forge.open(tenant).await? else {
            self.later(record, false).await?;
            return Ok(false);
        };
        if opened.forge.limited_for(self.pulls.now()).is_some() {
            return Ok(false);
        }
        match self.read(&opened, &record).await {
            Ok((news, may_go_on)) => {
                if let Some(record) = self.pulls.take(tenant, &news).await? {
                    self.later(record, true).await?;
                }
                Ok(may_go_on)
            }
            Err(error) => {
                self.forge.note(&opened, Some(&error), None).await;
                let goes_on = !error.is_of_the_whole();
                if error.kind == Kind::NotFound {
                    // It was deleted, or is hidden: nothing more will be read of it, deliveries count all the same.
                    self.later(record, false).await?;
                }
                tracing::info!(%tenant, pull = %id, error = %error, "could not read a pull request again");
                Ok(goes_on)
            }
        }
    }

    async fn read(
        &self,
        opened: &Opened,
        record: &Remediation,
    ) -> std::result::Result<(News, bool), GithubError> {
        let client = opened.client(&record.pull.repository).await?;
        let asked_at = self.pulls.now();
        let read = client.pull(&record.pull.repository, record.pull.number).await?;
        self.forge.note(opened, None, Some(&client)).await;
        let may_go_on = client.limit().is_none_or(|limit| limit.remaining > LEFT_TO_OTHERS);
        let mut news = News::of(&read, Some(asked_at));
        // By its address it is known, in whatever form the server gives that now.
        news.pull.url.clone_from(&record.pull.url);
        Ok((news, may_go_on))
    }

    /// Says when it is read next; not at all if that `is_worth_it` no more.
    async fn later(&self, mut record: Remediation, is_worth_it: bool) -> Result<()> {
        let now = self.pulls.now();
        record.due_at = record.next_reading(now).filter(|_| is_worth_it);
        match self.pulls.core.store.save_remediation(&mut record).await {
            // Whoever wrote it meanwhile said when.
            Err(error) if *error.kind() == crate::error::Kind::Conflict => Ok(()),
            saved => saved.map_err(|error: Error| error),
        }
    }
}
