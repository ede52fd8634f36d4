//! Sessions of the console, and links that begin one.

use super::Store;
use super::item::{decode, number};
use super::keys::{self, EXPIRES_AT};
use super::page::{Order, Page};
use super::write::Change;
use crate::Result;
use crate::console::{LinkText, Session, SignInLink};
use crate::ids::{SessionId, TenantId, TokenId};

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

    /// A page of the sessions that stand for a token, by id, also those that ended and that the table has not forgotten yet.
    pub async fn list_sessions(
        &self,
        tenant: &TenantId,
        token: &TokenId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Session>> {
        let sessions = keys::sessions(tenant, token.as_str());
        self.list(&sessions, Order::Rising, &Vec::new(), cursor, limit).await
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

    /// Puts a new link. The table forgets it some time after it ends; whoever takes it checks that it has not.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very link | nothing; success |
    /// | another one with this digest | nothing; `Conflict` |
    pub async fn put_link(&self, link: &SignInLink) -> Result<()> {
        let beside = vec![(EXPIRES_AT, Some(number(link.expires_at.as_second())))];
        self.make(&keys::link(&link.tenant, &link.digest), link, beside).await
    }

    /// The link with this text, ended or not; it can still be used afterwards.
    pub async fn link(&self, text: &LinkText) -> Result<Option<SignInLink>> {
        self.get(&keys::link(&text.tenant, &text.digest)).await
    }

    /// Takes a link out of the table: it can be used once. If the answer to a first call is lost, the link is lost with it
    /// and the person asks for another.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the link | deleted and returned |
    /// | nothing | none |
    pub async fn take_link(&self, text: &LinkText) -> Result<Option<SignInLink>> {
        let key = keys::link(&text.tenant, &text.digest);
        self.delete(&key, Change::new("", "attribute_exists(#pk)")).await?.map(decode).transpose()
    }
}
