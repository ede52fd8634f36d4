//! Single sign-on: how it is set up, attempts to sign in, and the tokens that it makes.

use super::item::{decode, encode, number, text};
use super::keys::{self, EXPIRES_AT};
use super::write::{Change, Written};
use super::{Store, item};
use crate::Result;
use crate::access::ApiToken;
use crate::console::LinkText;
use crate::ids::TenantId;
use crate::single_sign_on::{SignOnAttempt, SingleSignOn};

impl Store {
    /// How single sign-on is set up.
    pub async fn single_sign_on(&self, tenant: &TenantId) -> Result<Option<SingleSignOn>> {
        self.get(&keys::single_sign_on(tenant)).await
    }

    /// Sets single sign-on up.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing, or anything | put; of two admins the last one's stands |
    pub async fn put_single_sign_on(&self, setting: &SingleSignOn) -> Result<()> {
        let key = keys::single_sign_on(&setting.tenant);
        let item = item::item(&key, encode(&key, setting)?, Vec::new());
        self.put(item, Change::new("", ""), &key).await?;
        Ok(())
    }

    /// Ends single sign-on.
    ///
    /// | stored | then |
    /// |---|---|
    /// | a setting | deleted |
    /// | nothing | nothing; success |
    pub async fn delete_single_sign_on(&self, tenant: &TenantId) -> Result<()> {
        self.delete(&keys::single_sign_on(tenant), Change::new("", "")).await?;
        Ok(())
    }

    /// Puts a new attempt. The table forgets it some time after it expires; whoever takes it checks that it has not.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very attempt | nothing; success |
    /// | another one with this digest | nothing; `Conflict` |
    pub async fn put_sign_on_attempt(&self, attempt: &SignOnAttempt) -> Result<()> {
        let beside = vec![(EXPIRES_AT, Some(number(attempt.expires_at.as_second())))];
        self.make(&keys::sign_on_attempt(&attempt.tenant, &attempt.state), attempt, beside).await
    }

    /// Takes an attempt out of the table by its `state`: it can be used once. If the answer to a first call is lost, the
    /// attempt is lost with it and the person begins anew.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the attempt | deleted and returned |
    /// | nothing | none |
    pub async fn take_sign_on_attempt(&self, state: &LinkText) -> Result<Option<SignOnAttempt>> {
        let key = keys::sign_on_attempt(&state.tenant, &state.digest);
        self.delete(&key, Change::new("", "attribute_exists(#pk)")).await?.map(decode).transpose()
    }

    /// Puts the token of somebody who signed in, or what the service says of them now. Gives it as it is then; none where it
    /// was revoked.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | the token, not revoked | its role, name and voucher are these |
    /// | the token, revoked | nothing; none |
    pub async fn put_sign_on_token(&self, token: &ApiToken) -> Result<Option<ApiToken>> {
        let key = keys::token(&token.tenant, &token.id);
        if self.put_new(&key, token, Vec::new()).await? {
            return Ok(Some(token.clone()));
        }
        let change = Change::new(
            "SET #record.#role = :role, #record.#name = :name, #record.#vouched_by = :voucher",
            "attribute_type(#record.#revoked_at, :null)",
        )
        .value(":role", encode(&key, &token.role)?)
        .value(":name", text(&token.name))
        .value(":voucher", encode(&key, &token.vouched_by)?)
        .value(":null", text("NULL"));
        match self.update(&key, change).await? {
            Written::Done => self.get(&key).await,
            Written::Refused(_) => Ok(None),
        }
    }
}
