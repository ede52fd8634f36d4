//! People, and the addresses that they were given later.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::item::decode;
use super::page::{Order, Page};
use super::write::Change;
use super::{Store, keys};
use crate::Result;
use crate::ids::{PersonId, TenantId};
use crate::person::{Person, PersonStatus};

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
