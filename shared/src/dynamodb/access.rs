//! API tokens.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::keys;
use super::page::{Order, Page};
use super::write::{Change, Written};
use super::{Store, item};
use crate::access::ApiToken;
use crate::ids::{TenantId, TokenId};
use crate::{Error, Result};

impl Store {
    /// Puts a new token.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very token | nothing; success |
    /// | another one with this id | nothing; `Conflict` |
    pub async fn put_token(&self, token: &ApiToken) -> Result<()> {
        let key = keys::token(&token.tenant, &token.id);
        self.make(&key, token, Vec::new()).await
    }

    /// The token with this id, revoked or not.
    pub async fn token(&self, tenant: &TenantId, id: &TokenId) -> Result<Option<ApiToken>> {
        self.get(&keys::token(tenant, id)).await
    }

    /// Those of the tokens with these ids that there are, revoked or not, in no order.
    pub async fn tokens(&self, tenant: &TenantId, ids: &BTreeSet<TokenId>) -> Result<Vec<ApiToken>> {
        let wanted: BTreeSet<_> = ids.iter().map(|id| keys::token(tenant, id)).collect();
        self.get_many(&wanted, "tokens").await
    }

    /// A page of a tenant's tokens, by id, revoked ones included.
    pub async fn list_tokens(
        &self,
        tenant: &TenantId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ApiToken>> {
        self.list(&keys::tokens(tenant), Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// Revokes a token. The first revocation's time stays.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the token, not revoked | revoked at `now` |
    /// | the token, revoked | nothing; success |
    /// | nothing | nothing; `NotFound` |
    pub async fn revoke_token(&self, tenant: &TenantId, id: &TokenId, now: Timestamp) -> Result<()> {
        let key = keys::token(tenant, id);
        let change =
            Change::new("SET #record.#revoked_at = :now", "attribute_type(#record.#revoked_at, :null)")
                .value(":now", item::encode(&key, &now)?)
                .value(":null", item::text("NULL"));
        match self.update(&key, change).await? {
            Written::Done | Written::Refused(Some(_)) => Ok(()),
            Written::Refused(None) => Err(Error::not_found(format!("there is no token {id}"))),
        }
    }
}
