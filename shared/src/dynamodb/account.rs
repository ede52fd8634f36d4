//! Accounts.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::item::{decode, number, text};
use super::page::{Order, Page};
use super::write::{Change, Written};
use super::{Store, keys};
use crate::account::Account;
use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::{Error, Result};

/// How many accounts one call to the table looks at; it ends at 1 MB by itself.
const ACCOUNTS_IN_CALL: usize = 1000;

impl Store {
    /// Puts a new account with the version it has; nothing is changed when there is one already.
    pub async fn put_new_account(&self, account: &Account) -> Result<bool> {
        let key = keys::account(&account.tenant, &account.connection, &account.id);
        self.put_new(&key, account, Vec::new()).await
    }

    /// Saves an account, and raises its version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_account(&self, account: &mut Account) -> Result<()> {
        let next = Account { version: account.version + 1, ..account.clone() };
        let key = keys::account(&account.tenant, &account.connection, &account.id);
        self.replace(&key, &next, account.version, Vec::new()).await?;
        account.version = next.version;
        Ok(())
    }

    /// Changes an account, whoever else writes it meanwhile: `change` is applied to what is stored now, and says
    /// whether there is anything to save.
    ///
    /// # Errors
    /// `NotFound` when there is no such account; what `change` gives.
    pub async fn change_account(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        id: &AccountId,
        change: &(dyn Fn(&mut Account) -> Result<bool> + Sync),
    ) -> Result<Account> {
        for _ in 0..8 {
            let Some(mut account) = self.account(tenant, connection, id).await? else {
                return Err(Error::not_found(format!("there is no account {id} at connection {connection}")));
            };
            if !change(&mut account)? {
                return Ok(account);
            }
            match self.save_account(&mut account).await {
                Err(error) if *error.kind() == crate::error::Kind::Conflict => {}
                saved => return saved.map(|()| account),
            }
        }
        Err(Error::conflict(format!("account {id} is written by too many at once; try again")))
    }

    /// Notes that an account was active on `day`, if no later day is noted. An account that is not stored stays so.
    pub async fn note_activity(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        id: &AccountId,
        day: Date,
    ) -> Result<()> {
        let change = Change::new(
            "SET #record.#last_active_on = :day, #record.#version = #record.#version + :one",
            "attribute_exists(#pk) AND (attribute_type(#record.#last_active_on, :none) OR #record.#last_active_on < :day)",
        )
        .value(":day", text(day.to_string()))
        .value(":none", text("NULL"))
        .value(":one", number(1));
        match self.update(&keys::account(tenant, connection, id), change).await? {
            Written::Done | Written::Refused(_) => Ok(()),
        }
    }

    /// The account with this id.
    pub async fn account(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        id: &AccountId,
    ) -> Result<Option<Account>> {
        self.get(&keys::account(tenant, connection, id)).await
    }

    /// The accounts of these that are stored, in no order.
    pub async fn accounts_of(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        ids: &BTreeSet<AccountId>,
    ) -> Result<Vec<Account>> {
        let keys = ids.iter().map(|id| keys::account(tenant, connection, id)).collect();
        self.get_many(&keys, "accounts").await
    }

    /// A page of the accounts of a connection, by id.
    pub async fn accounts(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account>> {
        let items = keys::accounts(tenant, connection);
        self.list(&items, Order::Rising, &Vec::new(), cursor, limit).await
    }

    /// Some accounts behind the account `behind`, by id, and the one to go on behind, if there are more. For going
    /// through all of them.
    pub async fn accounts_behind(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        behind: Option<&AccountId>,
    ) -> Result<(Vec<Account>, Option<AccountId>)> {
        let items = keys::accounts(tenant, connection);
        let behind = behind.map(|id| keys::account(tenant, connection, id).sk);
        let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind, ACCOUNTS_IN_CALL).await?;
        let accounts: Vec<Account> = found.into_iter().map(decode).collect::<Result<_>>()?;
        let next = last.and_then(|_| accounts.last().map(|account| account.id.clone()));
        Ok((accounts, next))
    }
}
