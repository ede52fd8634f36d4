//! People: who works for the organisation.

mod finding;
mod lists;

use assay::ids::PersonId;
use assay::operations::{ingesting, people};
use assay::person::{Details, Person, PersonStatus};
use assay::seen::Seen;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::{Caller, Operator, Reader};
use crate::idempotency::Seed;
use crate::input::{Body, Path, Query};
use crate::page::{List, PageQuery};
use crate::problem::Problem;
use crate::sought::Sought;

/// Which people are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonQuery {
    /// Only people of whom the list says this: `active` or `left`.
    status: Option<PersonStatus>,
    /// Only the person with this e-mail address.
    email: Option<String>,
    /// Only people in whose name or e-mail address this text stands; at most 100 characters.
    q: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// A new person.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// E-mail address.
    email: String,
    /// Full name.
    name: String,
    /// Whether the person works here; `active` if not given.
    #[serde(default)]
    status: Option<PersonStatus>,
    /// E-mail address of the manager.
    #[serde(default)]
    manager: Option<String>,
    /// The last day of work.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    end_date: Option<Date>,
}

/// What is to change about a person; what is not given stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "null takes a value away, a field that is not given leaves it")]
pub struct PersonChange {
    /// The new e-mail address. The person keeps their identifier.
    #[serde(default)]
    email: Option<String>,
    /// The new name.
    #[serde(default)]
    name: Option<String>,
    /// Whether the person works here.
    #[serde(default)]
    status: Option<PersonStatus>,
    /// E-mail address of the manager; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    manager: Option<Option<String>>,
    /// The last day of work; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    end_date: Option<Option<Date>>,
    /// What the caller saw of some of these, as `GET` shows them: where the change would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default)]
    #[schema(value_type = Object)]
    seen: Seen,
}

/// Tells a field that is null from one that is not given.
#[expect(clippy::option_option, reason = "see the fields")]
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// One person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PersonView {
    /// Identifier; it stays when the address changes.
    id: String,
    /// E-mail address.
    email: String,
    /// Full name.
    name: String,
    /// Whether the person works here, as the list says.
    status: PersonStatus,
    /// E-mail address of the manager.
    manager: Option<String>,
    /// The last day of work.
    #[schema(value_type = Option<String>)]
    end_date: Option<Date>,
    /// When this was last changed.
    #[schema(value_type = String)]
    updated_at: Timestamp,
}

impl PersonView {
    fn of(person: Person) -> Self {
        Self {
            id: person.id.to_string(),
            email: person.email,
            name: person.name,
            status: person.status,
            manager: person.manager,
            end_date: person.ends_on,
            updated_at: person.updated_at,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(lists::import))
        .routes(routes!(lists::export))
        .routes(routes!(show, change, remove))
}

/// Lists the people.
#[utoipa::path(get, path = "/v1/people", tag = "people", security(("token" = ["auditor"])), params(PersonQuery), responses((status = 200, body = List<PersonView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<PersonQuery>,
) -> Result<Json<List<PersonView>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let status = query.status.map_or("", PersonStatus::word);
    let sought = query.q.as_deref().map(Sought::of).transpose()?;
    let (text, email) = (sought.as_ref().map_or("", Sought::text), query.email.as_deref());
    let asked = page.of(&caller.tenant, &["people", status, text, email.unwrap_or_default()])?;
    let takes = |person: &Person| {
        query.status.is_none_or(|status| status == person.status)
            && sought.as_ref().is_none_or(|it| it.in_any(&[Some(&person.name), Some(&person.email)]))
    };
    if let Some(email) = email {
        let found = people::by_email(&api.core, &caller.tenant, email).await?.filter(takes);
        return Ok(Json(List::whole(found.into_iter().map(PersonView::of).collect())));
    }
    let store = &api.core.store;
    let stored = match sought {
        None => store.persons(&caller.tenant, query.status, asked.after.as_deref(), asked.limit).await?,
        Some(_) => finding::found(&api, &caller, takes, &asked).await?,
    };
    Ok(Json(List::of(&asked, stored, PersonView::of)))
}

/// Adds a person. Whole lists of people come in by `POST /v1/people/import`.
#[utoipa::path(post, path = "/v1/people", tag = "people", security(("token" = ["operator"])), request_body = PersonInput, responses((status = 201, body = PersonView), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn create(
    Operator(caller): Operator,
    seed: Seed,
    State(api): State<Api>,
    Body(input): Body<PersonInput>,
) -> Result<Response, Problem> {
    let details = Details {
        email: input.email,
        name: input.name,
        status: input.status.unwrap_or(PersonStatus::Active),
        manager: input.manager,
        ends_on: input.end_date,
    };
    let wished = details.clone().checked()?;
    let (is_new, person) = people::create(&api.core, &caller.tenant, details).await?;
    // An earlier run of the same request may have died after it had put the person: then that one stands.
    let is_repeated = seed.fixed && person.details() == wished;
    if !is_new && !is_repeated {
        let message = format!("there is a person with this address already, {}; change that one", person.id);
        return Err(assay::Error::conflict(message).into());
    }
    tracing::info!(tenant = %caller.tenant, token = %caller.token, person = %person.id, "a person was added");
    match_again(&api, &caller).await;
    Ok((StatusCode::CREATED, Json(PersonView::of(person))).into_response())
}

/// Shows one person.
#[utoipa::path(get, path = "/v1/people/{id}", tag = "people", security(("token" = ["auditor"])), params(("id" = String, Path)), responses((status = 200, body = PersonView), (status = 404, body = Problem)))]
async fn show(
    Reader(caller): Reader,
    State(api): State<Api>,
    Path(id): Path<PersonId>,
) -> Result<Json<PersonView>, Problem> {
    let person = api.core.store.person(&caller.tenant, &id).await?;
    let missing = || assay::Error::not_found(format!("there is no person {id}; `GET /v1/people` lists them"));
    Ok(Json(PersonView::of(person.ok_or_else(missing)?)))
}

/// Changes a person. The identifier stays, and with it which accounts are confirmed as theirs.
#[utoipa::path(patch, path = "/v1/people/{id}", tag = "people", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = PersonChange, responses((status = 200, body = PersonView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn change(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<PersonId>,
    Body(input): Body<PersonChange>,
) -> Result<Json<PersonView>, Problem> {
    let edit = |details: &mut Details| {
        let before = shown(details);
        details.email = input.email.clone().unwrap_or_else(|| details.email.clone());
        details.name = input.name.clone().unwrap_or_else(|| details.name.clone());
        details.status = input.status.unwrap_or(details.status);
        details.manager = input.manager.clone().unwrap_or_else(|| details.manager.clone());
        details.ends_on = input.end_date.unwrap_or(details.ends_on);
        input.seen.check(&before, &shown(details))
    };
    let person = people::change(&api.core, &caller.tenant, &id, edit).await?;
    tracing::info!(tenant = %caller.tenant, token = %caller.token, person = %id, "a person was changed");
    match_again(&api, &caller).await;
    Ok(Json(PersonView::of(person)))
}

/// What can be changed of a person, as it is shown.
fn shown(details: &Details) -> Value {
    json!({
        "email": details.email, "name": details.name, "status": details.status, "manager": details.manager,
        "end_date": details.ends_on,
    })
}

/// Forgets a person. Accounts that were found to be theirs are nobody's when accounts are read next; those that somebody
/// confirmed name nobody until that is withdrawn.
#[utoipa::path(delete, path = "/v1/people/{id}", tag = "people", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 204), (status = 404, body = Problem)))]
async fn remove(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    people::remove(&api.core, &caller.tenant, &id).await?;
    tracing::info!(tenant = %caller.tenant, token = %caller.token, person = %id, "a person was forgotten");
    match_again(&api, &caller).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for the accounts to be matched with the people of now. The change itself is done: if this fails, the next run
/// matches.
async fn match_again(api: &Api, caller: &Caller) {
    if let Err(error) = ingesting::match_again(&api.core, api.usage.as_ref(), &caller.tenant).await {
        tracing::warn!(tenant = %caller.tenant, error = error.chain(), "could not ask for accounts to be matched");
    }
}
