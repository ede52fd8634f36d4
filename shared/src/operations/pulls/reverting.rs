//! Pull requests that take others back.
//!
//! A merged one is reverted as long as a merged one takes it back. Which one takes which back is noted apart, so that the
//! two may be heard of in any order; and a revert that is reverted itself gives back what it took.

use super::{Pulls, REPEATS};
use crate::Result;
use crate::error::Kind;
use crate::ids::TenantId;
use crate::pull::{PullId, PullState, Remediation};

/// How long a chain of reverts of reverts is followed.
const LONGEST_CHAIN: usize = 5;

impl Pulls {
    /// Brings the pull request, and those that it takes back, to what the reverts that are known make of them. Gives it as it
    /// is then.
    pub(super) async fn settle_reverts(&self, tenant: &TenantId, record: Remediation) -> Result<Remediation> {
        let record = self.settle_one(tenant, record).await?;
        let mut original = record.reverts.clone();
        for _ in 0..LONGEST_CHAIN {
            let Some(id) = original else { break };
            let Some(known) = self.core.store.remediation(tenant, &id).await? else { break };
            let settled = self.settle_one(tenant, known).await?;
            self.hand_on(&settled).await?;
            original = settled.reverts.clone();
        }
        Ok(record)
    }

    async fn settle_one(&self, tenant: &TenantId, mut record: Remediation) -> Result<Remediation> {
        for _ in 0..REPEATS {
            if !matches!(record.pull.state, PullState::Merged | PullState::Reverted) {
                return Ok(record);
            }
            let Some((is_reverted, at)) = self.is_reverted(tenant, &record.id).await? else {
                // Nothing is known that takes it back; whoever said that it is reverted knows better.
                return Ok(record);
            };
            if !record.revert(is_reverted, at, self.now()) {
                return Ok(record);
            }
            match self.core.store.save_remediation(&mut record).await {
                Ok(()) => return Ok(record),
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
            let stored = self.core.store.remediation(tenant, &record.id).await?;
            record = stored.unwrap_or(record);
        }
        Ok(record)
    }

    /// Whether a merged one takes it back, and since when; none if no one is known that would.
    async fn is_reverted(&self, tenant: &TenantId, id: &PullId) -> Result<Option<(bool, jiff::Timestamp)>> {
        let mut known = None;
        for by in self.core.store.reverts_of(tenant, id).await? {
            let Some(revert) = self.core.store.remediation(tenant, &by).await? else { continue };
            let (state, at) = (revert.pull.state, revert.pull.changed_at);
            if state == PullState::Merged {
                return Ok(Some((true, at)));
            }
            known = Some((false, at));
        }
        Ok(known)
    }
}
