//! Writes the audit log: before a change what it is and whose, after it what became of it.

use super::Core;
use crate::audit::{Change, Entry, Outcome};
use crate::ids::{AuditId, TenantId};
use crate::{Error, Result, random};

impl Core {
    /// Notes that a change begins. Whoever makes a change calls this first, and makes none where it fails.
    ///
    /// # Errors
    /// `Unavailable` where the entry could not be written, whatever the cause.
    pub async fn change_begins(&self, tenant: &TenantId, change: Change) -> Result<Entry> {
        let id = AuditId::parse(&random::text(self.random.as_ref(), 10)?)?;
        let entry = Entry::of(tenant.clone(), id, self.clock.now(), change);
        self.store.put_audit_entry(&entry).await.map_err(|error| {
            let message = "the audit log could not be written, so nothing was changed; try again";
            Error::unavailable(message).because(error)
        })?;
        Ok(entry)
    }

    /// Notes what became of a change. The change stands whatever becomes of this: an entry without its outcome says so.
    pub async fn change_ended(&self, entry: &Entry, outcome: Outcome) {
        if let Err(error) = self.store.end_audit_entry(entry, &outcome).await {
            tracing::warn!(
                tenant = %entry.tenant, entry = %entry.id, error = error.chain(),
                "the outcome of a change could not be noted"
            );
        }
    }
}
