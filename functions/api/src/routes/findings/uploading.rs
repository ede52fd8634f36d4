//! SARIF documents.

use std::sync::Arc;

use assay::ids::ReportId;
use assay::operations::findings::Uploaded;
use assay::sarif::sorting::Upload;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;

use super::findings;
use crate::Api;
use crate::caller::Operator;
use crate::idempotency::Seed;
use crate::input::{Query, SarifBody};
use crate::problem::Problem;

/// The longest report in the query, in characters: that of an asset is longer.
const LONGEST_REPORT: usize = 100;

/// What is to be known of a document.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SarifQuery {
    /// Who found it, one line of 1 to 100 characters; the name of each run's tool if not given. A scanner that runs in parts
    /// (by language, by folder) has a source of its own for each part, so that no part resolves what another found.
    source: Option<String>,
    /// The thing that was scanned, one line of 1 to 200 characters; the repository or image that each run names if not given.
    asset: Option<String>,
    /// The report: 1 to 100 letters, digits, `-`, `_`, `.` or `:`. Give that of an answer that is not `complete`, with the
    /// same document, to go on; a new one is made if not given.
    #[param(value_type = Option<String>)]
    report: Option<ReportId>,
    /// Whether the document names all that its scanners find in the asset, so that what it does not name is resolved.
    full: Option<bool>,
}

/// Takes in a SARIF 2.1.0 document of at most 20,000 results, 6 MB as it is sent and 64 MiB unpacked: as it is, or packed with
/// `Content-Encoding: gzip`.
///
/// All of it is checked first; a malformed one is refused with the place, and nothing of it is taken in. Severity comes from
/// CVSS (`security-severity`) where the result or its rule has it, else from the level. Suppressed results are no findings. Where the
/// answer is not `complete`, time was up: send the document again, with the answer's `report`.
#[utoipa::path(post, path = "/v1/findings/sarif", tag = "findings", security(("token" = ["operator"])), params(SarifQuery), request_body(content = Object, content_type = "application/sarif+json"), responses((status = 200, body = Uploaded), (status = 409, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn upload(
    Operator(caller): Operator,
    State(api): State<Api>,
    seed: Seed,
    Query(query): Query<SarifQuery>,
    body: SarifBody,
) -> Result<Json<Uploaded>, Problem> {
    if let Some(asset) = &query.asset
        && (asset.trim() != asset
            || !(1..=200).contains(&asset.chars().count())
            || asset.chars().any(char::is_control))
    {
        let message = "asset must be one line of 1 to 200 characters, without spaces around it";
        return Err(Problem::invalid("asset", message));
    }
    let report = match query.report {
        Some(report) if report.as_str().len() > LONGEST_REPORT => {
            return Err(Problem::invalid(
                "report",
                format!("report must be 1 to {LONGEST_REPORT} characters"),
            ));
        }
        Some(report) => report,
        None => ReportId::parse(&format!("sarif-{}", assay::ids::fixed(&["sarif", &seed.text])))?,
    };
    let upload =
        Upload { source: query.source, asset: query.asset, report, full: query.full.unwrap_or(false) };
    let document = Arc::new(move || body.open());
    let uploaded = findings(&api).upload(&caller.tenant, upload, document).await?;
    tracing::info!(
        tenant = %caller.tenant, token = %caller.token, results = uploaded.results,
        complete = uploaded.complete, "a SARIF document was taken in"
    );
    Ok(Json(uploaded))
}
