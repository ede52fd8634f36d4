//! The organisation API key of a connection.

use assay::ending::check_end;
use assay::ids::ConnectionId;
use assay::secret::Secret;
use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;

use super::view::ConnectionView;
use crate::Api;
use crate::caller::Admin;
use crate::input::{Body, Path};
use crate::problem::Problem;
use crate::routes::oauth_app::text;

/// An organisation and a key to it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganisationInput {
    /// Atlassian's identifier of the organisation, shown where the key is made.
    organisation_id: String,
    /// The organisation's API key. Never shown again.
    #[schema(value_type = String)]
    api_key: Secret,
    /// The day on which the key ends, like `2027-01-31`. A year from now is assumed if not given.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    ends_on: Option<Date>,
}

/// Puts an organisation API key beside the connection, in the place of one before; it is verified first.
///
/// An administrator of the organisation makes it in Atlassian Administration, Settings, API keys. With it come organisation
/// roles, product access, last activity and managed accounts.
#[utoipa::path(put, operation_id = "put_organisation", path = "/v1/connections/{id}/organisation", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), request_body = OrganisationInput, responses((status = 200, body = ConnectionView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn put(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
    Body(input): Body<OrganisationInput>,
) -> Result<Json<ConnectionView>, Problem> {
    let organisation = text("organisation_id", &input.organisation_id)?;
    let key = Secret::new(text("api_key", input.api_key.expose())?);
    let now = api.core.clock.now();
    let ends_on = input.ends_on.map(|day| check_end("ends_on", day, now)).transpose()?;
    let changed = api.connector.set_organisation(&caller.tenant, &id, &organisation, &key, ends_on).await?;
    super::shown(&api, &changed, None).await
}

/// Deletes the organisation API key of the connection.
#[utoipa::path(delete, operation_id = "delete_organisation", path = "/v1/connections/{id}/organisation", tag = "connections", security(("token" = ["admin"])), params(("id" = String, Path)), responses((status = 200, body = ConnectionView), (status = 404, body = Problem)))]
pub(super) async fn remove(
    Admin(caller): Admin,
    State(api): State<Api>,
    Path(id): Path<ConnectionId>,
) -> Result<Json<ConnectionView>, Problem> {
    let changed = api.connector.remove_organisation(&caller.tenant, &id).await?;
    super::shown(&api, &changed, None).await
}
