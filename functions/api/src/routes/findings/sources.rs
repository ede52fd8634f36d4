//! Sources and their assets: when they spoke last, and what of it proves nothing.

use assay::finding::policy::FindingPolicy;
use assay::finding::source::Source;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Api;
use crate::caller::{Admin, Reader};
use crate::input::Query;
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Whose assets are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SourceQuery {
    /// The assets of this source, by no order that means anything; the sources themselves if not given.
    source: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// What is to be forgotten.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ForgottenQuery {
    /// The source.
    source: String,
    /// Its asset; the source as a whole if not given.
    asset: Option<String>,
}

/// What is known of a source as a whole, or of one of its assets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SourceView {
    /// The source.
    source: String,
    /// The asset; null where it is about the source as a whole.
    asset: Option<String>,
    /// When something of it came for the first time.
    #[schema(value_type = String)]
    known_since: Timestamp,
    /// When something of it was taken in last, to an hour; null if that never was.
    #[schema(value_type = Option<String>)]
    heard_at: Option<Timestamp>,
    /// When its newest whole and full report began.
    #[schema(value_type = Option<String>)]
    whole_at: Option<Timestamp>,
    /// Whether it is retired by the policy, so that its silence is no doubt.
    retired: bool,
    /// Why what it says cannot be relied on.
    doubts: Vec<String>,
}

impl SourceView {
    fn of(source: Source, all: Option<&Source>, policy: &FindingPolicy, now: Timestamp) -> Self {
        Self {
            retired: source.is_retired(policy),
            doubts: source.doubts(all, policy, now),
            source: source.name,
            asset: source.asset,
            known_since: source.known_since,
            heard_at: source.heard_at,
            whole_at: source.whole_at,
        }
    }
}

/// Lists the sources of findings, or the assets of one: when something of each was taken in last, and why it cannot be relied
/// on.
#[utoipa::path(get, path = "/v1/findings/sources", tag = "findings", security(("token" = ["auditor"])), params(SourceQuery), responses((status = 200, body = List<SourceView>), (status = 422, body = Problem)))]
pub async fn list_sources(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<SourceQuery>,
) -> Result<Json<List<SourceView>>, Problem> {
    let (store, now) = (&api.core.store, api.core.clock.now());
    let source = query.source.as_deref();
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked = page.of(&caller.tenant, &["sources", source.unwrap_or_default()])?;
    let policy = store.finding_policy(&caller.tenant).await?;
    let all = match source {
        Some(source) => store.sources_about(&caller.tenant, source, [None]).await?.into_values().next(),
        None => None,
    };
    let found = store.list_sources(&caller.tenant, source, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, found, |source| SourceView::of(source, all.as_ref(), &policy, now))))
}

/// Forgets a source as a whole, or one of its assets, with what is doubtful of it: for those that are gone. It is known again
/// when it speaks again. Its findings stay.
#[utoipa::path(delete, path = "/v1/findings/sources", tag = "findings", security(("token" = ["admin"])), params(ForgottenQuery), responses((status = 204), (status = 404, body = Problem)))]
pub async fn forget_source(
    Admin(caller): Admin,
    State(api): State<Api>,
    Query(query): Query<ForgottenQuery>,
) -> Result<StatusCode, Problem> {
    let asset = query.asset.as_deref();
    if !api.core.store.forget_source(&caller.tenant, &query.source, asset).await? {
        let message = "there is no such source or asset; `GET /v1/findings/sources` lists them";
        return Err(assay::Error::not_found(message).into());
    }
    tracing::info!(tenant = %caller.tenant, token = %caller.token, "a source of findings, or an asset, was forgotten");
    Ok(StatusCode::NO_CONTENT)
}
