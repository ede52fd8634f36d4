//! Attempts to connect through Atlassian's consent page.

use super::Store;
use super::item::{decode, number};
use super::keys::{self, EXPIRES_AT};
use super::write::Change;
use crate::Result;
use crate::ids::TenantId;
use crate::oauth::Attempt;

impl Store {
    /// Puts a new attempt. The table forgets it some time after it expires; whoever takes it checks that it has not.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very attempt | nothing; success |
    /// | another one with this digest | nothing; `Conflict` |
    pub async fn put_attempt(&self, attempt: &Attempt) -> Result<()> {
        let key = keys::attempt(&attempt.tenant, &attempt.state);
        let beside = vec![(EXPIRES_AT, Some(number(attempt.expires_at.as_second())))];
        self.make(&key, attempt, beside).await
    }

    /// Takes an attempt out of the table: it can be used once. If the answer to a first call is lost, the attempt is
    /// lost with it and the person begins anew.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the attempt | deleted and returned |
    /// | nothing | none |
    pub async fn take_attempt(&self, tenant: &TenantId, digest: &str) -> Result<Option<Attempt>> {
        let taken =
            self.delete(&keys::attempt(tenant, digest), Change::new("", "attribute_exists(#pk)")).await?;
        taken.map(decode).transpose()
    }
}
