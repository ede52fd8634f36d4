//! Sessions of the console.

use super::Store;
use super::item::number;
use super::keys::{self, EXPIRES_AT};
use super::write::Change;
use crate::Result;
use crate::console::Session;
use crate::ids::{SessionId, TenantId};

impl Store {
    /// Puts a new session. The table forgets it some time after it ends; whoever reads it checks that it has not.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very session | nothing; success |
    /// | another one with this id | nothing; `Conflict` |
    pub async fn put_session(&self, session: &Session) -> Result<()> {
        let beside = vec![(EXPIRES_AT, Some(number(session.expires_at.as_second())))];
        self.make(&keys::session(&session.tenant, &session.id), session, beside).await
    }

    /// The session with this id, ended or not.
    pub async fn session(&self, tenant: &TenantId, id: &SessionId) -> Result<Option<Session>> {
        self.get(&keys::session(tenant, id)).await
    }

    /// Ends a session.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the session | deleted |
    /// | nothing | nothing; success |
    pub async fn delete_session(&self, tenant: &TenantId, id: &SessionId) -> Result<()> {
        self.delete(&keys::session(tenant, id), Change::new("", "")).await?;
        Ok(())
    }
}
