//! Single sign-on: where the organisation's own sign-in service is, and what the people whom it knows may do here.

use std::collections::BTreeMap;

use askama::Template;
use assay::access::Role;
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::form::{Entered, Fields, Form};
use crate::frame::{Frame, Visit};
use crate::problem::Problem;
use crate::{Console, answer};

/// The fields that say which values of the claim make whom: the field, the role, and who that is.
const ROLES: [(&str, Role, &str); 4] = [
    ("values.admin", Role::Admin, "Admins"),
    ("values.operator", Role::Operator, "Operators"),
    ("values.reviewer", Role::Reviewer, "Reviewers"),
    ("values.auditor", Role::Auditor, "Auditors"),
];

/// What is asked for beside `openid`, where nobody said.
const SCOPES: &str = "email, profile";

pub(super) fn routes() -> Router<Console> {
    Router::new().route("/single-sign-on", get(show).post(save)).route("/single-sign-on/remove", post(remove))
}

/// How single sign-on is.
#[derive(Debug, Deserialize)]
struct Setting {
    issuer: Option<String>,
    client_id: Option<String>,
    has_secret: bool,
    scopes: Vec<String>,
    role_claim: Option<String>,
    roles: BTreeMap<String, Role>,
    redirect_uri: String,
    sign_in_url: String,
    updated_at: Option<Timestamp>,
}

impl Setting {
    fn is_set_up(&self) -> bool {
        self.issuer.is_some()
    }

    /// As the form shows it.
    fn entered(&self) -> Entered {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let scopes = if self.is_set_up() { self.scopes.join(", ") } else { SCOPES.to_owned() };
        let others = [
            ("issuer", text(&self.issuer)),
            ("client_id", text(&self.client_id)),
            ("scopes", scopes),
            ("role_claim", text(&self.role_claim)),
        ];
        let of = |role: Role| {
            let values = self.roles.iter().filter(|(_, of)| **of == role).map(|(value, _)| value.as_str());
            values.collect::<Vec<_>>().join("\n")
        };
        Entered::of(ROLES.iter().map(|(field, role, _)| (*field, of(*role))).chain(others))
    }
}

#[derive(Template)]
#[template(path = "single_sign_on.html")]
struct SettingPage<'a> {
    frame: &'a Frame,
    setting: Setting,
    entered: Entered,
}

impl SettingPage<'_> {
    const ROLES: &'static [(&'static str, Role, &'static str)] = &ROLES;
}

async fn read(visit: &Visit) -> Result<Setting, Problem> {
    visit.client.get("/v1/single-sign-on").await
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let setting = read(&visit).await?;
    let entered = setting.entered();
    answer::page(&SettingPage { frame: &visit.frame, setting, entered })
}

async fn save(visit: Visit, form: Form) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let setting = read(&visit).await?;
    let fields = match form.onto(setting.entered().fields()) {
        Ok(fields) => fields,
        Err(entered) => {
            let page = SettingPage { frame: &visit.frame, setting, entered: *entered };
            return answer::with(StatusCode::CONFLICT, &page);
        }
    };
    let sent = match body(&fields) {
        Ok(body) => visit.client.change::<Setting>(Method::PUT, "/v1/single-sign-on", &body).await,
        Err(problem) => Err(problem),
    };
    match sent {
        Ok(_) => {
            let said = "Single sign-on is set up. Try it before you tell others of it.";
            Ok(visit.go("/single-sign-on", said))
        }
        Err(problem) if problem.is_about_input() => {
            let (status, entered) = (problem.status(), form.refused(problem));
            answer::with(status, &SettingPage { frame: &visit.frame, setting, entered })
        }
        Err(problem) => Err(problem),
    }
}

/// What the API is asked for.
fn body(form: &Fields) -> Result<Value, Problem> {
    let scopes: Vec<&str> = form.all("scopes").into_iter().flat_map(str::split_whitespace).collect();
    let mut roles = BTreeMap::new();
    for (field, role, _) in ROLES {
        for value in form.lines(field) {
            if roles.insert(value, role).is_some_and(|earlier| earlier != role) {
                let detail = format!("“{value}” stands under two roles; leave it under one.");
                return Err(Problem::invalid(field, &detail));
            }
        }
    }
    Ok(json!({
        "issuer": form.text("issuer"), "client_id": form.text("client_id"),
        "client_secret": form.optional("client_secret"), "scopes": scopes,
        "role_claim": form.text("role_claim"), "roles": roles,
    }))
}

async fn remove(visit: Visit, _form: Form) -> Result<Response, Problem> {
    visit.client.change::<()>(Method::DELETE, "/v1/single-sign-on", &()).await?;
    let said = "Single sign-on is ended. Sessions that were begun by it go on for 12 hours at most; revoke their tokens to end them.";
    Ok(visit.go("/single-sign-on", said))
}
