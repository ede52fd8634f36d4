//! The audit log: who changed what, and what became of it. Nothing changes or deletes it.

use std::collections::BTreeMap;

use assay::access::Role;
use assay::audit::{Entry, Verdict};
use assay::dynamodb::AuditFilter;
use assay::ids::TokenId;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::Api;
use crate::caller::Reader;
use crate::input::Query;
use crate::page::{List, PageQuery};
use crate::problem::Problem;

/// Which entries are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only changes by the token with this id, or by `iam`.
    #[param(value_type = Option<String>)]
    token: Option<TokenId>,
    /// Only changes that began then or later, for example `2026-03-01T00:00:00Z`.
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Only changes that began before, to the millisecond.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// The `next_cursor` of the page before; none for the first.
    cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// One change that somebody made, or tried to make.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditEntryView {
    /// Its identifier.
    id: String,
    /// When the change began.
    #[schema(value_type = String)]
    at: Timestamp,
    /// Who made it: a token's id; `iam` for direct invocation; `unknown` for a browser that came back from Atlassian with a link
    /// of which it is not known who asked for it.
    by: String,
    /// What the token was called.
    name: Option<String>,
    /// What the token might do then.
    role: Option<Role>,
    /// The session of the console that stood for the token; none where the token itself was sent.
    session: Option<String>,
    /// What it is: method and path of the request, with the names of its parameters; `GET /oauth/callback` where a browser
    /// completed a connection; `sign-in to the console` or `sign-out of the console`; or the command that was sent by direct
    /// invocation.
    what: String,
    /// The values of the parameters, from path and query; `(no id)` for what is no identifier. What was sent in the body is
    /// never kept.
    parameters: BTreeMap<String, String>,
    /// The identifier of the request in the function's log.
    request: Option<String>,
    /// What became of it. `unknown`: nothing was written down about its end; it goes on, or whatever carried it out died, and it
    /// may have been done, whole or in part.
    verdict: Verdict,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    ended_at: Option<Timestamp>,
    /// The HTTP status that it was answered with.
    status: Option<u16>,
    /// Why it was refused or failed: the title of the problem.
    problem: Option<String>,
    /// The identifier of what it made.
    made: Option<String>,
}

impl AuditEntryView {
    fn of(entry: Entry) -> Self {
        let verdict = entry.verdict();
        let (mut ended_at, mut status, mut problem, mut made) = (None, None, None, None);
        if let Some(outcome) = entry.outcome {
            (ended_at, status, problem, made) =
                (Some(outcome.at), outcome.status, outcome.problem, outcome.made);
        }
        Self {
            id: entry.id.to_string(),
            at: entry.at,
            by: entry.who.by,
            name: entry.who.name,
            role: entry.who.role,
            session: entry.who.session.map(String::from),
            what: entry.what,
            parameters: entry.parameters,
            request: entry.request,
            verdict,
            ended_at,
            status,
            problem,
            made,
        }
    }
}

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list))
}

/// Lists who changed what, the newest first, for the last 400 days.
#[utoipa::path(get, path = "/v1/audit-log", tag = "audit log", security(("token" = ["auditor"])), params(AuditQuery), responses((status = 200, body = List<AuditEntryView>), (status = 422, body = Problem)))]
async fn list(
    Reader(caller): Reader,
    State(api): State<Api>,
    Query(query): Query<AuditQuery>,
) -> Result<Json<List<AuditEntryView>>, Problem> {
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let token = query.token.as_ref().map_or("", TokenId::as_str);
    let list = ["audit-log", token, &moment(query.since), &moment(query.until)];
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let asked = page.of(&caller.tenant, &list)?;
    let filter =
        AuditFilter { by: query.token.as_ref().map(TokenId::as_str), since: query.since, until: query.until };
    let now = api.core.clock.now();
    let store = &api.core.store;
    let stored =
        store.list_audit_entries(&caller.tenant, &filter, now, asked.after.as_deref(), asked.limit).await?;
    Ok(Json(List::of(&asked, stored, AuditEntryView::of)))
}
