//! How long findings may stand, and which silence of scanners is no doubt.

use askama::Template;
use assay::access::Role;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Console;
use crate::answer;
use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;

/// Where the API has the policy.
const POLICY: &str = "/v1/findings/policy";

/// What parts source and pattern in a line of retired assets.
const PARTED_BY: &str = " | ";

/// The fields with days, their severities as the API names them and as people do.
const DAYS: [(&str, &str, &str); 5] = [
    ("days.critical", "critical", "Critical"),
    ("days.high", "high", "High"),
    ("days.medium", "medium", "Medium"),
    ("days.low", "low", "Low"),
    ("days.info", "info", "Information"),
];

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/vulnerabilities/policy", get(show).post(change))
}

/// The policy.
#[derive(Debug, Deserialize)]
struct Policy {
    days: Map<String, Value>,
    zone: String,
    report_days: Option<u32>,
    retired_sources: Vec<String>,
    retired_assets: Vec<Retired>,
}

#[derive(Debug, Deserialize)]
struct Retired {
    source: Option<String>,
    asset: String,
}

impl Policy {
    /// As the form shows it.
    fn entered(&self) -> Entered {
        let days = |name: &str| self.days.get(name).and_then(Value::as_u64).map(|days| days.to_string());
        let assets: Vec<String> = self.retired_assets.iter().map(Retired::line).collect();
        let others = [
            ("zone", self.zone.clone()),
            ("report_days", self.report_days.map(|days| days.to_string()).unwrap_or_default()),
            ("retired_sources", self.retired_sources.join("\n")),
            ("retired_assets", assets.join("\n")),
        ];
        Entered::of(
            DAYS.iter().map(|(field, name, _)| (*field, days(name).unwrap_or_default())).chain(others),
        )
    }
}

impl Retired {
    fn line(&self) -> String {
        match &self.source {
            Some(source) => format!("{source}{PARTED_BY}{}", self.asset),
            None => self.asset.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "vulnerabilities/policy.html")]
struct PolicyPage<'a> {
    frame: &'a Frame,
    entered: Entered,
}

impl PolicyPage<'_> {
    const DAYS: &'static [(&'static str, &'static str, &'static str)] = &DAYS;
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let policy: Policy = visit.client.get(POLICY).await?;
    answer::page(&PolicyPage { frame: &visit.frame, entered: policy.entered() })
}

async fn change(visit: Visit, form: Form) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let (policy, told): (Policy, Value) = visit.client.shown(POLICY).await?;
    let fields = match form.onto(policy.entered().fields()) {
        Ok(fields) => fields,
        Err(entered) => {
            return answer::with(
                StatusCode::CONFLICT,
                &PolicyPage { frame: &visit.frame, entered: *entered },
            );
        }
    };
    let sent = match body(&fields) {
        Ok(mut body) => {
            body["seen"] = told;
            visit.client.change::<Value>(Method::PUT, POLICY, &body).await
        }
        Err(problem) => Err(problem),
    };
    match sent {
        Ok(_) => {
            let said = "The policy is changed. Due dates of known findings follow within minutes, except those that people set.";
            Ok(visit.go("/vulnerabilities", said))
        }
        Err(problem) if problem.is_about_input() => {
            let status = problem.status();
            answer::with(status, &PolicyPage { frame: &visit.frame, entered: form.refused(problem) })
        }
        Err(problem) => Err(problem),
    }
}

/// What the API is asked for.
fn body(form: &Fields) -> Result<Value, Problem> {
    let mut days = Map::new();
    for (field, name, _) in DAYS {
        days.insert(name.to_owned(), json!(form.number(field)?));
    }
    let assets: Vec<Value> = form.lines("retired_assets").into_iter().map(asset).collect();
    Ok(json!({
        "days": days, "zone": form.text("zone"), "report_days": form.number("report_days")?,
        "retired_sources": form.lines("retired_sources"), "retired_assets": assets,
    }))
}

/// A pattern, or a source and a pattern.
fn asset(line: &str) -> Value {
    match line.split_once(PARTED_BY) {
        Some((source, asset)) => json!({ "source": source.trim(), "asset": asset.trim() }),
        None => json!({ "asset": line }),
    }
}
