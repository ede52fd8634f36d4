//! People, and the addresses that they were given later.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use futures::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};

use super::item::{decode, encode, item, number};
use super::page::{Order, Page};
use super::write::{Change, some};
use super::{CONCURRENCY, Store, failure, keys};
use crate::ids::{PersonId, TenantId};
use crate::person::{Person, PersonStatus};
use crate::{Error, Result};

/// How many people one call to the table looks at; it ends at 1 MB by itself.
const PERSONS_IN_CALL: usize = 2000;

/// Whose an address is that was given later.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Address {
    /// The id that would be made from the address.
    made: PersonId,
    /// The person that has it.
    person: PersonId,
}

impl Store {
    /// Puts a new person with the version they have; nothing is changed when there is one already.
    pub async fn put_new_person(&self, person: &Person) -> Result<bool> {
        self.put_new(&keys::person(&person.tenant, &person.id), person, Vec::new()).await
    }

    /// Saves a person, and raises the version here and in the table.
    ///
    /// # Errors
    /// `Conflict` when another version is stored.
    pub async fn save_person(&self, person: &mut Person) -> Result<()> {
        let next = Person { version: person.version + 1, ..person.clone() };
        self.replace(&keys::person(&person.tenant, &person.id), &next, person.version, Vec::new()).await?;
        person.version = next.version;
        Ok(())
    }

    /// Writes up to 100 people, whose versions are risen already; the results are in their order.
    ///
    /// All are written by one call as long as all conditions hold; else each by itself.
    ///
    /// | version given | stored | then |
    /// |---|---|---|
    /// | 1 | nothing | put |
    /// | n > 1 | version n - 1 | replaced |
    /// | any | what this call writes | nothing; success, the answer to a first attempt was lost |
    /// | any | anything else | nothing; `Conflict` |
    pub async fn write_persons(&self, persons: &[Person]) -> Vec<Result<()>> {
        match self.write_together(persons).await {
            Ok(true) => persons.iter().map(|_| Ok(())).collect(),
            Ok(false) => {
                let writes: Vec<_> = persons.iter().map(|person| self.write_person(person)).collect();
                stream::iter(writes).buffered(CONCURRENCY).collect().await
            }
            Err(error) => {
                // One failed call is the failure of all; the kind is what matters to whoever asked.
                let (kind, message) = (error.kind().clone(), error.chain());
                persons.iter().map(|_| Err(Error::new(kind.clone(), message.clone()))).collect()
            }
        }
    }

    /// Writes people by one call. False when a condition does not hold, and nothing was written.
    async fn write_together(&self, persons: &[Person]) -> Result<bool> {
        if persons.is_empty() {
            return Ok(true);
        }
        let what = format!("write {} people", persons.len());
        let mut request = self.client.transact_write_items();
        for person in persons {
            let key = keys::person(&person.tenant, &person.id);
            let condition = match person.version {
                0 | 1 => Change::new("", "attribute_not_exists(#pk)"),
                next => Change::new("", "#record.#version = :expected").value(":expected", number(next - 1)),
            };
            let put = Put::builder()
                .table_name(&*self.table)
                .set_item(Some(item(&key, encode(&key, person)?, Vec::new())))
                .set_expression_attribute_names(Some(condition.names()))
                .condition_expression(condition.condition)
                .set_expression_attribute_values(some(condition.values))
                .build()
                .map_err(|cause| Error::internal(format!("could not {what}")).because(cause))?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        let Err(cause) = request.send().await else { return Ok(true) };
        if let SdkError::ServiceError(answer) = &cause
            && let TransactWriteItemsError::TransactionCanceledException(cancelled) = answer.err()
        {
            let reasons = cancelled.cancellation_reasons();
            return if failure::is_failed_condition(reasons) {
                Ok(false)
            } else {
                Err(failure::cancelled(&what, reasons))
            };
        }
        Err(failure::failed(&what, cause))
    }

    async fn write_person(&self, person: &Person) -> Result<()> {
        let key = keys::person(&person.tenant, &person.id);
        match person.version {
            0 | 1 => self.make(&key, person, Vec::new()).await,
            next => self.replace(&key, person, next - 1, Vec::new()).await,
        }
    }

    /// The person with this id.
    pub async fn person(&self, tenant: &TenantId, id: &PersonId) -> Result<Option<Person>> {
        self.get(&keys::person(tenant, id)).await
    }

    /// The people of these that are stored, in no order.
    pub async fn persons_of(&self, tenant: &TenantId, ids: &BTreeSet<PersonId>) -> Result<Vec<Person>> {
        let keys = ids.iter().map(|id| keys::person(tenant, id)).collect();
        self.get_many(&keys, "people").await
    }

    /// A page of a tenant's people, by id; only those of this status, if one is given.
    pub async fn persons(
        &self,
        tenant: &TenantId,
        status: Option<PersonStatus>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Person>> {
        let status = status.map(|status| ("status", status.word()));
        let items = keys::persons(tenant);
        self.list(&items, Order::Rising, &status.into_iter().collect(), cursor, limit).await
    }

    /// All people of a tenant, by id.
    pub async fn all_persons(&self, tenant: &TenantId) -> Result<Vec<Person>> {
        self.all(&keys::persons(tenant)).await
    }

    /// Some people behind the person `behind`, by id, and the one to go on behind, if there are more. For going through
    /// all of them.
    pub async fn persons_behind(
        &self,
        tenant: &TenantId,
        behind: Option<&PersonId>,
    ) -> Result<(Vec<Person>, Option<PersonId>)> {
        let items = keys::persons(tenant);
        let behind = behind.map(|id| keys::person(tenant, id).sk);
        let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind, PERSONS_IN_CALL).await?;
        let persons: Vec<Person> = found.into_iter().map(decode).collect::<Result<_>>()?;
        let next = last.and_then(|_| persons.last().map(|person| person.id.clone()));
        Ok((persons, next))
    }

    /// Forgets a person. Returns whether there was one.
    pub async fn delete_person(&self, tenant: &TenantId, id: &PersonId) -> Result<bool> {
        Ok(self.delete(&keys::person(tenant, id), Change::default()).await?.is_some())
    }

    /// Notes that the address from which the id `made` would be made belongs to `person`. Returns false when it is
    /// somebody else's.
    pub async fn note_address(&self, tenant: &TenantId, made: &PersonId, person: &PersonId) -> Result<bool> {
        let key = keys::person_address(tenant, made);
        let address = Address { made: made.clone(), person: person.clone() };
        if self.put_new(&key, &address, Vec::new()).await? {
            return Ok(true);
        }
        Ok(self.get::<Address>(&key).await?.is_some_and(|stored| stored == address))
    }

    /// The person who was given the address from which the id `made` would be made.
    pub async fn person_of_address(&self, tenant: &TenantId, made: &PersonId) -> Result<Option<PersonId>> {
        let address: Option<Address> = self.get(&keys::person_address(tenant, made)).await?;
        Ok(address.map(|address| address.person))
    }

    /// All addresses that people of a tenant were given later: the person of each, by the id that would be made from it.
    pub async fn person_addresses(&self, tenant: &TenantId) -> Result<BTreeMap<PersonId, PersonId>> {
        let addresses: Vec<Address> = self.all(&keys::person_addresses(tenant)).await?;
        Ok(addresses.into_iter().map(|address| (address.made, address.person)).collect())
    }

    /// Forgets an address that a person was given later.
    pub async fn forget_address(&self, tenant: &TenantId, made: &PersonId) -> Result<()> {
        self.delete(&keys::person_address(tenant, made), Change::default()).await.map(|_| ())
    }
}
