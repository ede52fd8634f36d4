//! What tokens are called: who decided, asked and made is written down as a token's id, which tells nobody anything.

use std::collections::BTreeSet;

use assay::access::ApiToken;
use assay::ids::TokenId;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::List;
use crate::problem::Problem;

/// The most ids that can be asked for at once: as many as the table reads in one call.
const MOST: usize = 100;

/// Which tokens are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NamesQuery {
    /// Ids of tokens with commas between, 1 to 100.
    ids: String,
}

/// What a token is called.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenNameView {
    /// Its id.
    id: String,
    /// Its name: for a token of single sign-on, what the service calls the person.
    name: String,
}

impl TokenNameView {
    fn of(token: ApiToken) -> Self {
        Self { id: token.id.to_string(), name: token.name }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(names))
}

/// Tells what tokens are called, revoked ones, too. Those that there are not are left out.
#[utoipa::path(get, path = "/v1/tokens/names", tag = "tokens", security(("token" = ["auditor"])), params(NamesQuery), responses((status = 200, body = List<TokenNameView>), (status = 422, body = Problem)))]
async fn names(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<NamesQuery>,
) -> Result<Json<List<TokenNameView>>, Problem> {
    let ids: BTreeSet<&str> = query.ids.split(',').map(str::trim).collect();
    if ids.len() > MOST {
        return Err(Problem::invalid("ids", format!("ids must be 1 to {MOST}, not {}", ids.len())));
    }
    let ids = ids.into_iter().map(TokenId::parse).collect::<Result<BTreeSet<TokenId>, _>>();
    let ids = ids.map_err(|error| Problem::invalid("ids", error.to_string()))?;
    let mut tokens = api.core.store.tokens(&caller.tenant, &ids).await?;
    tokens.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Json(List::whole(tokens.into_iter().map(TokenNameView::of).collect())))
}
