//! One person: made, changed, forgotten, found by the address.

use crate::dynamodb::Store;
use crate::error::Kind;
use crate::ids::{PersonId, TenantId};
use crate::operations::Core;
use crate::person::{Details, Person, id_of};
use crate::{Error, Result};

/// How often a change is made again on what somebody else wrote meanwhile.
const ATTEMPTS: u32 = 5;

/// Makes a person. Returns whether there is a new one; an existing one of this very address is returned as it is.
///
/// # Errors
/// `Invalid` when a part of `details` breaks a rule; `Conflict` when the address was that of a person who has another one now.
pub async fn create(core: &Core, tenant: &TenantId, details: Details) -> Result<(bool, Person)> {
    let details = details.checked()?;
    if let Some(stored) = holders(&core.store, tenant, &details.email).await?.into_iter().next() {
        return if stored.email == details.email { Ok((false, stored)) } else { Err(former(&stored.id)) };
    }
    let person = Person::new(tenant.clone(), details, core.clock.now())?;
    if core.store.put_new_person(&person).await? {
        return Ok((true, person));
    }
    // Somebody else made it a moment ago, or a first answer was lost.
    let stored = core.store.person(tenant, &person.id).await?;
    Ok((false, stored.unwrap_or(person)))
}

/// Changes a person: `edit` is applied to what is stored, and may refuse. The id stays, whatever the address becomes.
///
/// # Errors
/// What `edit` gives; `NotFound` when there is no such person; `Invalid` when a part breaks a rule; `Conflict` when a new address is or was
/// somebody else's, or the person is written by too many at once.
pub async fn change(
    core: &Core,
    tenant: &TenantId,
    id: &PersonId,
    edit: impl Fn(&mut Details) -> Result<()>,
) -> Result<Person> {
    for _ in 0..ATTEMPTS {
        let Some(mut person) = core.store.person(tenant, id).await? else { return Err(missing(id)) };
        let mut details = person.details();
        edit(&mut details)?;
        let details = details.checked()?;
        if details.email != person.email {
            take_address(&core.store, tenant, id, &details.email).await?;
        }
        if !person.take(details, core.clock.now()) {
            return Ok(person);
        }
        match core.store.save_person(&mut person).await {
            Err(error) if *error.kind() == Kind::Conflict => {}
            saved => return saved.map(|()| person),
        }
    }
    Err(Error::conflict(format!("person {id} is being changed by others; try again")))
}

/// Forgets a person, and which addresses they were given.
///
/// # Errors
/// `NotFound` when there is no such person.
pub async fn remove(core: &Core, tenant: &TenantId, id: &PersonId) -> Result<()> {
    let addresses = core.store.person_addresses(tenant).await?;
    // The person first: an address of nobody is passed over, one of somebody that was forgotten could be given twice.
    let was_there = core.store.delete_person(tenant, id).await?;
    for (made, _) in addresses.iter().filter(|(_, person)| *person == id) {
        core.store.forget_address(tenant, made).await?;
    }
    if was_there { Ok(()) } else { Err(missing(id)) }
}

/// The person whose address this is.
pub async fn by_email(core: &Core, tenant: &TenantId, email: &str) -> Result<Option<Person>> {
    let email = email.to_lowercase();
    let mut with = holders(&core.store, tenant, &email).await?;
    with.retain(|person| person.email == email);
    // Two who took it at the same moment are nobody.
    Ok(if with.len() == 1 { with.pop() } else { None })
}

/// The people whose address this is or was, those who have it first.
async fn holders(store: &Store, tenant: &TenantId, email: &str) -> Result<Vec<Person>> {
    let made = id_of(tenant, email)?;
    let given = store.person_of_address(tenant, &made).await?;
    let mut holders = Vec::new();
    for id in given.into_iter().chain([made]) {
        holders.extend(store.person(tenant, &id).await?);
    }
    holders.sort_by_key(|person| person.email != email);
    Ok(holders)
}

/// Notes that an address is this person's from now on.
async fn take_address(store: &Store, tenant: &TenantId, id: &PersonId, email: &str) -> Result<()> {
    if let Some(other) = holders(store, tenant, email).await?.iter().find(|person| person.id != *id) {
        return Err(if other.email == email { taken(&other.id) } else { former(&other.id) });
    }
    let made = id_of(tenant, email)?;
    if made == *id || store.note_address(tenant, &made, id).await? {
        return Ok(());
    }
    // What is noted of a person who is gone holds nobody up.
    store.forget_address(tenant, &made).await?;
    if store.note_address(tenant, &made, id).await? { Ok(()) } else { Err(taken(id)) }
}

fn missing(id: &PersonId) -> Error {
    Error::not_found(format!("there is no person {id}; `GET /v1/people` lists them"))
}

fn taken(id: &PersonId) -> Error {
    Error::conflict(format!("the address is that of person {id}; change that person"))
}

fn former(id: &PersonId) -> Error {
    Error::conflict(format!(
        "the address was that of person {id}, who has another one now; change or delete that person"
    ))
}
