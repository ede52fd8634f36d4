//! The policy for findings.

use std::collections::BTreeMap;

use assay::finding::Severity;
use assay::finding::policy::{FindingPolicy, Retired};
use assay::seen::Seen;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::Api;
use crate::caller::{Admin, Reader};
use crate::input::Body;
use crate::problem::Problem;

/// Days that findings may stand, by severity; null for no limit.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// 7 if nothing was said.
    critical: Option<u32>,
    /// 30 if nothing was said.
    high: Option<u32>,
    /// 90 if nothing was said.
    medium: Option<u32>,
    /// 180 if nothing was said.
    low: Option<u32>,
    /// No limit if nothing was said.
    info: Option<u32>,
}

/// What is wanted of findings.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingPolicyBody {
    /// Days that findings may stand, 1 to 3650, by severity.
    #[serde(deserialize_with = "crate::input::object")]
    days: Days,
    /// The time zone in which days begin and end, for example `Europe/Berlin`; `UTC` if nothing was said.
    zone: String,
    /// After how many days without a word from a source, or of one of its assets, check B9 cannot tell, 1 to 3650; never if
    /// null or not given. 7 until a policy is put.
    #[serde(default)]
    report_days: Option<u32>,
    /// Sources that report no more, whose silence is no doubt: at most 100.
    #[serde(default)]
    retired_sources: Vec<String>,
    /// Assets of which no more is reported, whose silence is no doubt: at most 100 patterns.
    #[serde(default)]
    retired_assets: Vec<RetiredAssets>,
    /// What the caller saw of the policy, as `GET` shows it: where this would overwrite something else than that,
    /// nothing is changed (409, `overtaken`).
    #[serde(default, skip_serializing)]
    #[schema(value_type = Object, write_only)]
    seen: Seen,
}

/// Assets of which no more is reported.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetiredAssets {
    /// The source that spoke of them; any if not given.
    #[serde(default)]
    source: Option<String>,
    /// What their names are like: at most 200 characters, in which `*` stands for any text. Letters' case does not count.
    asset: String,
}

impl FindingPolicyBody {
    fn of(policy: &FindingPolicy) -> Self {
        let days = |severity| policy.limits.get(&severity).copied();
        Self {
            days: Days {
                critical: days(Severity::Critical),
                high: days(Severity::High),
                medium: days(Severity::Medium),
                low: days(Severity::Low),
                info: days(Severity::Info),
            },
            zone: policy.zone.clone(),
            report_days: policy.report_days,
            retired_sources: policy.retired.iter().cloned().collect(),
            retired_assets: policy.retired_assets.iter().cloned().map(RetiredAssets::of).collect(),
            seen: Seen::default(),
        }
    }
}

impl RetiredAssets {
    fn of(Retired { source, asset }: Retired) -> Self {
        Self { source, asset }
    }

    fn retired(self) -> Retired {
        Retired { source: self.source, asset: self.asset }
    }
}

/// Shows the policy for findings.
#[utoipa::path(get, path = "/v1/findings/policy", tag = "findings", security(("token" = ["auditor"])), responses((status = 200, body = FindingPolicyBody)))]
pub async fn show_policy(
    Reader(caller): Reader,
    State(api): State<Api>,
) -> Result<Json<FindingPolicyBody>, Problem> {
    Ok(Json(FindingPolicyBody::of(&api.core.store.finding_policy(&caller.tenant).await?)))
}

/// Replaces the policy for findings. Findings that come in go by it at once; the due dates of those that are known follow
/// within minutes, except where a person set them.
#[utoipa::path(put, path = "/v1/findings/policy", tag = "findings", security(("token" = ["admin"])), request_body = FindingPolicyBody, responses((status = 200, body = FindingPolicyBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn change_policy(
    Admin(caller): Admin,
    State(api): State<Api>,
    Body(body): Body<FindingPolicyBody>,
) -> Result<Json<FindingPolicyBody>, Problem> {
    let days = body.days;
    let limits = [
        (Severity::Critical, days.critical),
        (Severity::High, days.high),
        (Severity::Medium, days.medium),
        (Severity::Low, days.low),
        (Severity::Info, days.info),
    ];
    let limits: BTreeMap<Severity, u32> =
        limits.into_iter().filter_map(|(severity, days)| Some((severity, days?))).collect();
    let mut policy = api.core.store.finding_policy(&caller.tenant).await?;
    let shown_before = FindingPolicyBody::of(&policy);
    let before = policy.limits.clone();
    policy.change(limits, body.zone)?;
    let retired_assets = body.retired_assets.into_iter().map(RetiredAssets::retired).collect();
    policy.change_silence(body.report_days, body.retired_sources, retired_assets)?;
    body.seen.check(&shown_before, &FindingPolicyBody::of(&policy))?;
    if policy.limits != before {
        policy.unfinished = Some(String::new());
    }
    api.core.store.save_finding_policy(&mut policy).await?;
    tracing::info!(tenant = %caller.tenant, token = %caller.token, "the policy for findings was changed");
    Ok(Json(FindingPolicyBody::of(&policy)))
}
