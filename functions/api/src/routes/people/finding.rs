//! People by what stands in their names and addresses.

use assay::dynamodb::Page;
use assay::ids::PersonId;
use assay::person::Person;

use crate::Api;
use crate::caller::Caller;
use crate::page::Asked;
use crate::problem::Problem;

/// How many calls to the table one page makes before it is given shorter, with a cursor to go on with.
const CALLS: usize = 20;

/// A page of the people who are taken. Its cursor is the last person who was looked at.
pub(super) async fn found(
    api: &Api,
    caller: &Caller,
    takes: impl Fn(&Person) -> bool,
    asked: &Asked,
) -> Result<Page<Person>, Problem> {
    let mut behind = asked.after.as_deref().map(PersonId::parse).transpose().map_err(|_| {
        Problem::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew")
    })?;
    let mut items = Vec::new();
    for _ in 0..CALLS {
        let (people, next) = api.core.store.persons_behind(&caller.tenant, behind.as_ref()).await?;
        let count = people.len();
        for (number, person) in people.into_iter().enumerate() {
            let is_last = number + 1 == count && next.is_none();
            let id = person.id.clone();
            if takes(&person) {
                items.push(person);
            }
            if items.len() == asked.limit && !is_last {
                return Ok(Page { items, next: Some(id.to_string()) });
            }
        }
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    Ok(Page { items, next: behind.map(|id| id.to_string()) })
}
