//! What people say of an account: whose it is, and that it keeps its licence. No reading and no matching changes that.

use assay::account::{Account, Mark, MatchedBy, Owner, Protection};
use assay::ids::{AccountId, ConnectionId, PersonId};
use assay::operations::people;
use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::{ToSpan, tz::TimeZone};
use serde::Deserialize;

use super::view::{self, AccountView};
use super::{OwnerKind, missing};
use crate::Api;
use crate::caller::{Caller, Operator};
use crate::input::{Body, Path};
use crate::problem::Problem;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// How long a mark or a protection may hold, in years.
const LONGEST_YEARS: i64 = 2;

/// Whose an account is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnerInput {
    /// `person` confirms a person, `marked` says that it is no person's, `unidentified` withdraws what was said.
    kind: OwnerKind,
    /// Of `person`: who it is.
    #[serde(default)]
    person: Option<PersonId>,
    /// Of `marked`: what it is.
    #[serde(default)]
    mark: Option<Mark>,
    /// Of `marked`: why, 1 to 500 characters.
    #[serde(default)]
    reason: Option<String>,
    /// Of `marked`: the last day on which that holds, at most two years from today (UTC).
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ends_on: Option<Date>,
}

/// Why an account keeps its licence, and until when.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtectionInput {
    /// Why, 1 to 500 characters.
    reason: String,
    /// The last day on which it holds, at most two years from today (UTC).
    #[schema(value_type = String)]
    ends_on: Date,
}

/// Says whose an account is: confirms a person, marks it as a service's, an app's or somebody's from outside, or withdraws
/// what was said. What is withdrawn is found out again from the e-mail address at once, and from names when accounts are
/// read next.
#[utoipa::path(put, path = "/v1/accounts/{connection}/{account}/owner", tag = "accounts", security(("token" = ["operator"])), params(("connection" = String, Path), ("account" = String, Path)), request_body = OwnerInput, responses((status = 200, body = AccountView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn set_owner(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((connection, id)): Path<(ConnectionId, AccountId)>,
    Body(input): Body<OwnerInput>,
) -> Result<Json<AccountView>, Problem> {
    input.refuse_what_does_not_belong()?;
    let said = match input.kind {
        OwnerKind::Person => Some(confirmed(&api, &caller, input.person).await?),
        OwnerKind::Marked => Some(marked(&api, &caller, input)?),
        OwnerKind::Unidentified => None,
    };
    let owner = match said {
        Some(owner) => owner,
        None => found(&api, &caller, &connection, &id).await?,
    };
    let kind = OwnerKind::of(&owner);
    let set = |account: &mut Account| {
        // What matching says now is not withdrawn: it was not said.
        let stays = kind == OwnerKind::Unidentified && !account.owner.is_said();
        if account.owner == owner || stays {
            return Ok(false);
        }
        account.owner = owner.clone();
        account.suggestions.clear();
        Ok(true)
    };
    change(&api, &caller, (&connection, &id), set, &format!("an account's owner was set to {kind:?}")).await
}

/// Protects an account: it keeps its licence, used or not, until a day.
#[utoipa::path(put, path = "/v1/accounts/{connection}/{account}/protection", tag = "accounts", security(("token" = ["operator"])), params(("connection" = String, Path), ("account" = String, Path)), request_body = ProtectionInput, responses((status = 200, body = AccountView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn protect(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((connection, id)): Path<(ConnectionId, AccountId)>,
    Body(input): Body<ProtectionInput>,
) -> Result<Json<AccountView>, Problem> {
    let protection = Protection {
        reason: reason(&input.reason)?,
        ends_on: until(&api, input.ends_on)?,
        by: caller.token.to_string(),
    };
    let set = |account: &mut Account| {
        let is_new = account.protection.as_ref() != Some(&protection);
        account.protection = Some(protection.clone());
        Ok(is_new)
    };
    change(&api, &caller, (&connection, &id), set, "an account was protected").await
}

/// Ends the protection of an account.
#[utoipa::path(delete, path = "/v1/accounts/{connection}/{account}/protection", tag = "accounts", security(("token" = ["operator"])), params(("connection" = String, Path), ("account" = String, Path)), responses((status = 200, body = AccountView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn unprotect(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path((connection, id)): Path<(ConnectionId, AccountId)>,
) -> Result<Json<AccountView>, Problem> {
    let set = |account: &mut Account| Ok(account.protection.take().is_some());
    change(&api, &caller, (&connection, &id), set, "the protection of an account was ended").await
}

impl OwnerInput {
    /// Refuses a field that says something about another kind: it would be forgotten in silence.
    fn refuse_what_does_not_belong(&self) -> Result<(), Problem> {
        let of_marks = [
            ("mark", self.mark.is_some()),
            ("reason", self.reason.is_some()),
            ("ends_on", self.ends_on.is_some()),
        ];
        let of_persons = [("person", self.person.is_some())];
        let foreign = match self.kind {
            OwnerKind::Person => of_marks.to_vec(),
            OwnerKind::Marked => of_persons.to_vec(),
            OwnerKind::Unidentified => [of_persons.as_slice(), of_marks.as_slice()].concat(),
        };
        match foreign.into_iter().find(|(_, is_given)| *is_given) {
            Some((field, _)) => {
                Err(Problem::invalid(field, format!("{field} says nothing of this kind of owner")))
            }
            None => Ok(()),
        }
    }
}

async fn confirmed(api: &Api, caller: &Caller, person: Option<PersonId>) -> Result<Owner, Problem> {
    let person =
        person.ok_or_else(|| Problem::invalid("person", "person must be given: the id of who it is"))?;
    match api.core.store.person(&caller.tenant, &person).await? {
        Some(_) => Ok(Owner::Person { person, by: MatchedBy::Confirmation }),
        None => Err(Problem::invalid("person", "there is no such person; `GET /v1/people` lists them")),
    }
}

fn marked(api: &Api, caller: &Caller, input: OwnerInput) -> Result<Owner, Problem> {
    let needed =
        |field: &'static str| move || Problem::invalid(field, format!("{field} must be given for a mark"));
    Ok(Owner::Marked {
        mark: input.mark.ok_or_else(needed("mark"))?,
        reason: reason(&input.reason.ok_or_else(needed("reason"))?)?,
        ends_on: until(api, input.ends_on.ok_or_else(needed("ends_on"))?)?,
        by: caller.token.to_string(),
    })
}

/// Whose an account is by its e-mail address.
async fn found(
    api: &Api,
    caller: &Caller,
    connection: &ConnectionId,
    id: &AccountId,
) -> Result<Owner, Problem> {
    let account = api.core.store.account(&caller.tenant, connection, id).await?;
    let account = account.ok_or_else(|| missing(connection, id))?;
    let Some(email) = account.email else { return Ok(Owner::Unidentified) };
    let person = people::by_email(&api.core, &caller.tenant, &email).await?;
    Ok(person.map_or(Owner::Unidentified, |person| Owner::Person { person: person.id, by: MatchedBy::Email }))
}

/// Changes an account, writes down who did what, and shows it.
async fn change(
    api: &Api,
    caller: &Caller,
    (connection, id): (&ConnectionId, &AccountId),
    set: impl Fn(&mut Account) -> assay::Result<bool> + Sync,
    what: &str,
) -> Result<Json<AccountView>, Problem> {
    let set = |account: &mut Account| {
        if account.erased_at.is_some() {
            return Err(assay::Error::conflict("the account is closed, and its data are erased"));
        }
        set(account)
    };
    let account = api.core.store.change_account(&caller.tenant, connection, id, &set).await?;
    tracing::info!(tenant = %caller.tenant, token = %caller.token, %connection, account = %id, "{what}");
    view::with_person(api, caller, account).await.map(Json)
}

fn reason(given: &str) -> Result<String, Problem> {
    let given = given.trim();
    let fits = (1..=LONGEST_REASON).contains(&given.chars().count()) && !given.contains(char::is_control);
    if fits {
        return Ok(given.to_owned());
    }
    Err(Problem::invalid("reason", format!("reason must be 1 to {LONGEST_REASON} characters in one line")))
}

/// The last day of something that ends.
fn until(api: &Api, ends_on: Date) -> Result<Date, Problem> {
    let today = api.core.clock.now().to_zoned(TimeZone::UTC).date();
    let latest = today.saturating_add(LONGEST_YEARS.years());
    if (today..=latest).contains(&ends_on) {
        return Ok(ends_on);
    }
    Err(Problem::invalid("ends_on", format!("ends_on must be a day from {today} to {latest}")))
}
