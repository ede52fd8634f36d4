//! Accepting the risk of a finding.

use assay::ids::TaskId;
use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;

use super::findings;
use super::view::{FindingView, one};
use crate::Api;
use crate::caller::Operator;
use crate::input::{Body, Path};
use crate::problem::Problem;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Until when a risk is accepted, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptanceBody {
    /// The last day, from today to 366 days ahead, in the time zone of the policy for findings.
    #[schema(value_type = String)]
    until: Date,
    /// Why, in 1 to 500 characters.
    why: String,
}

/// Accepts the risk of a finding until the end of a day. Its ticket is closed, as its sync setting's rule says. When the day
/// is over, the finding is open again if reports still name it, and its limit is counted from then.
#[utoipa::path(put, path = "/v1/findings/{id}/acceptance", tag = "findings", security(("token" = ["operator"])), params(("id" = String, Path)), request_body = AcceptanceBody, responses((status = 200, body = FindingView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn accept(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
    Body(body): Body<AcceptanceBody>,
) -> Result<Json<FindingView>, Problem> {
    let why = body.why.trim();
    let fits = (1..=LONGEST_REASON).contains(&why.chars().count()) && !why.chars().any(char::is_control);
    if !fits {
        let message = format!("why must be 1 to {LONGEST_REASON} characters in one line");
        return Err(Problem::invalid("why", message));
    }
    let by = caller.token.to_string();
    let task = findings(&api).accept(&caller.tenant, &id, (body.until, why), &by).await?;
    tracing::info!(tenant = %caller.tenant, token = %caller.token, finding = %id, until = %body.until, "a risk was accepted");
    one(&api, &caller, task).await
}

/// Takes the acceptance of a finding's risk back: it is open again, and its limit is counted as if it had never been
/// accepted.
#[utoipa::path(delete, path = "/v1/findings/{id}/acceptance", tag = "findings", security(("token" = ["operator"])), params(("id" = String, Path)), responses((status = 200, body = FindingView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn withdraw(
    Operator(caller): Operator,
    State(api): State<Api>,
    Path(id): Path<TaskId>,
) -> Result<Json<FindingView>, Problem> {
    let task = findings(&api).withdraw(&caller.tenant, &id).await?;
    tracing::info!(tenant = %caller.tenant, token = %caller.token, finding = %id, "the acceptance of a risk was taken back");
    one(&api, &caller, task).await
}
