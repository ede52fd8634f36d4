//! The form of a sync setting. It is a GET form: each step keeps in the address what was chosen before, and trying it out
//! asks Jira and changes nothing; only the button that saves sends it as POST, with the mark that a form must carry.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{KIND, Names, Setting};
use crate::answer;
use crate::client::List;
use crate::form::{Entered, Fields, Form, WAS};
use crate::frame::{Frame, Visit};
use crate::meanwhile;
use crate::pages::syncing::for_admins;
use crate::pages::syncing::offer::{Known, Offer};
use crate::pages::syncing::rules::{CLOSURES, GONE, MODES, REOPENINGS, Rule};
use crate::pages::syncing::trial::Trial;
use crate::problem::Problem;

/// Where new settings are sent, and where the API has all of them.
const LIST: &str = "/v1/sync-settings";

#[derive(Template)]
#[template(path = "sync_settings/form.html", blocks = ["setting"])]
struct FormPage<'a> {
    frame: &'a Frame,
    /// The setting that is changed; none for a new one.
    changed: Option<&'a Setting>,
    entered: Entered,
    scopes: Vec<(String, String)>,
    /// The id of the setting that there is for the chosen scope.
    taken: Option<String>,
    offer: Offer,
    trial: Option<Trial>,
}

impl FormPage<'_> {
    const MODES: &'static [Rule] = MODES;
    const CLOSURES: &'static [Rule] = CLOSURES;
    const REOPENINGS: &'static [Rule] = REOPENINGS;
    const GONE: &'static [Rule] = GONE;

    /// The address that goes on asking.
    fn here(&self) -> String {
        self.changed
            .map_or_else(|| format!("/{}/new", KIND.noun()), |it| format!("{}/edit", KIND.page(&it.id)))
    }

    /// The address that saves.
    fn saves(&self) -> String {
        self.changed.map_or_else(|| format!("/{}", KIND.noun()), |it| format!("{}/edit", KIND.page(&it.id)))
    }

    /// Whether there is a connection, a project and a type, so that the rest can be chosen.
    fn is_placed(&self) -> bool {
        ["connection", "project", "issue_type"].iter().all(|name| !self.entered.value(name).is_empty())
    }

    /// What was chosen and cannot be shown before a project and a type are.
    fn carried(&self) -> Vec<(&str, &str)> {
        const KEPT: [&str; 5] = ["mode", "labels", "closure_rule", "reopen_rule", "gone_policy"];
        self.entered.fields().iter().filter(|(name, text)| KEPT.contains(name) && !text.is_empty()).collect()
    }

    /// What the chosen connection is called.
    fn connection_words(&self) -> &str {
        let chosen = self.entered.value("connection");
        let found = self.offer.connections.items.iter().find(|(value, _)| value == chosen);
        found.map_or(chosen, |(_, words)| words)
    }

    /// Labels that were chosen and are none of those that are offered.
    fn further_labels(&self) -> String {
        let chosen = self.entered.fields().all("labels");
        let further: Vec<&str> =
            chosen.into_iter().filter(|label| !self.offer.labels.iter().any(|it| it == label)).collect();
        further.join(", ")
    }

    fn has_chosen_label(&self) -> bool {
        self.offer.labels.iter().any(|label| self.is_chosen_label(label))
    }

    fn is_chosen_label(&self, label: &str) -> bool {
        self.entered.fields().all("labels").contains(&label)
    }
}

/// What the API is sent for a new setting.
fn body(fields: &Fields) -> Result<Value, Problem> {
    for (name, words) in [
        ("scope", "Choose which tasks it is for."),
        ("connection", "Choose a connection."),
        ("project", "Choose a project."),
        ("issue_type", "Choose an issue type."),
    ] {
        if fields.text(name).is_empty() {
            return Err(Problem::invalid(name, words));
        }
    }
    Ok(json!({
        "scope": fields.text("scope"),
        "connection": fields.text("connection"),
        "project": fields.text("project"),
        "issue_type": fields.text("issue_type"),
        "epic": fields.optional("epic"),
        "labels": fields.all("labels"),
        "mode": fields.text("mode"),
        "closure_rule": fields.text("closure_rule"),
        "done_status": fields.optional("done_status"),
        "reopen_rule": fields.text("reopen_rule"),
        "gone_policy": fields.text("gone_policy"),
    }))
}

/// What the API is sent to change a setting, whose scope and connection stay.
fn change_of(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.remove("scope");
        members.remove("connection");
    }
    body
}

/// The fields with what is usual where nothing was chosen.
fn usual(fields: Fields) -> Fields {
    let first = |rules: &'static [Rule]| rules.first().map_or("", |rule| rule.value);
    fields
        .or("scope", "all")
        .or("mode", first(MODES))
        .or("closure_rule", first(CLOSURES))
        .or("reopen_rule", first(REOPENINGS))
        .or("gone_policy", first(GONE))
}

/// The fields of a setting that there is.
fn stored(setting: &Setting) -> Fields {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let one = [
        ("project", setting.project.clone()),
        ("issue_type", setting.issue_type.clone()),
        ("epic", text(&setting.epic)),
        ("labels", setting.labels.join(", ")),
        ("mode", setting.mode.clone()),
        ("closure_rule", setting.closure_rule.clone()),
        ("done_status", text(&setting.done_status)),
        ("reopen_rule", setting.reopen_rule.clone()),
        ("gone_policy", setting.gone_policy.clone()),
    ];
    Entered::of(one).fields().clone()
}

/// The form with all that can be chosen now.
async fn page<'a>(
    visit: &'a Visit,
    changed: Option<&'a Setting>,
    fields: Fields,
    problem: Option<Problem>,
) -> Result<FormPage<'a>, Problem> {
    #[derive(Deserialize)]
    struct There {
        id: String,
        scope: String,
    }
    let mut known = Known::default();
    let mut fields = fields;
    let names = Names::read(visit).await?;
    if let Some(setting) = changed {
        // What cannot be changed is what it is, whatever the address says.
        fields =
            Fields::default().or("scope", &setting.scope).or("connection", &setting.connection).then(fields);
        known.connection = names.site(&setting.connection).to_owned();
        known.project.clone_from(&setting.project_key);
        known.issue_type.clone_from(&setting.issue_type_name);
    }
    let (there, (offer, fields)) = tokio::join!(
        visit.client.get::<List<There>>(LIST),
        Offer::read(&visit.client, usual(fields), &known)
    );
    let there = there?.items;
    let has_one = |scope: &str| there.iter().find(|it| it.scope == scope).map(|it| it.id.clone());
    let mut scopes = vec![("all".to_owned(), names.scope("all"))];
    scopes.extend(names.checks.keys().map(|id| (id.clone(), names.scope(id))));
    for (scope, words) in &mut scopes {
        if has_one(scope).is_some() && changed.is_none() {
            words.push_str(" (has a setting)");
        }
    }
    let taken = if changed.is_some() { None } else { has_one(fields.text("scope")) };
    let entered = Entered::so_far(fields, problem);
    Ok(FormPage { frame: &visit.frame, changed, entered, scopes, taken, offer, trial: None })
}

/// Shows the form, and what trying it out found if that was asked for.
async fn shown(visit: &Visit, changed: Option<&Setting>, fields: Fields) -> Result<Response, Problem> {
    let is_tried = fields.has("try");
    let mut page = page(visit, changed, fields, None).await?;
    if is_tried {
        match body(page.entered.fields()) {
            Ok(body) => {
                let trial =
                    Trial::of(&visit.client, LIST, &body, changed.map(|it| it.id.as_str()), None).await;
                let refused = trial.problem.clone().filter(|problem| problem.field.is_some());
                page.entered = Entered::so_far(page.entered.fields().clone(), refused);
                page.trial = Some(trial);
            }
            Err(problem) => {
                page.entered = Entered::so_far(page.entered.fields().clone(), Some(problem));
            }
        }
    }
    if visit.frame.wants("setting") { answer::page(&page.as_setting()) } else { answer::page(&page) }
}

/// Asks for a new setting; `?check=B2` says for which check.
pub(super) async fn new(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let fields = Fields::of_query(query.as_deref().unwrap_or_default());
    let check = fields.text("check").to_owned();
    shown(&visit, None, fields.or("scope", &check)).await
}

/// Saves a new setting.
pub(super) async fn create(visit: Visit, form: Form) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let saved = async {
        let made: There = visit.client.post(LIST, &form, &body(&usual(form.clone()))?).await?;
        Ok(made.id)
    };
    match saved.await {
        Ok(id) => {
            Ok(visit.go(&KIND.page(&id), "Active Sync is on: open tasks get their tickets within a minute."))
        }
        Err(problem) => refused(&visit, None, &form, problem).await,
    }
}

#[derive(Deserialize)]
struct There {
    id: String,
}

/// Asks what is to change. An address that was kept since does not bring back what others changed meanwhile.
pub(super) async fn edit(
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let setting: Setting = visit.client.get(&KIND.api(&id)).await?;
    let stored = stored(&setting);
    let was = stored.written();
    let asked = Fields::of_query(query.as_deref().unwrap_or_default());
    let fields = if asked.is_empty() { stored.clone() } else { asked };
    match fields.onto(&stored) {
        Ok(fields) => shown(&visit, Some(&setting), fields.with(WAS, &[&was])).await,
        Err(entered) => overtaken(&visit, &setting, *entered, StatusCode::OK).await,
    }
}

/// Saves what changed.
pub(super) async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let (setting, told): (Setting, Value) = visit.client.shown(&KIND.api(&id)).await?;
    let stored = stored(&setting);
    let fields = match form.onto(&stored) {
        Ok(fields) => fields,
        Err(entered) => return overtaken(&visit, &setting, *entered, StatusCode::CONFLICT).await,
    };
    let whole = |fields: &Fields| {
        let given = Fields::default().or("scope", &setting.scope).or("connection", &setting.connection);
        body(&usual(given.then(fields.clone()))).map(change_of)
    };
    let saved = async {
        let change = meanwhile::change(&whole(&fields)?, &whole(&stored)?, &told);
        visit.client.change::<Value>(Method::PATCH, &KIND.api(&id), &change).await
    };
    match saved.await {
        Ok(_) => {
            Ok(visit
                .go(&KIND.page(&id), "The sync setting is changed. Tasks keep the tickets that they have."))
        }
        Err(problem) => refused(&visit, Some(&setting), &form, problem).await,
    }
}

/// The form again, with what was entered and what somebody else changed meanwhile.
async fn overtaken(
    visit: &Visit,
    setting: &Setting,
    entered: Entered,
    status: StatusCode,
) -> Result<Response, Problem> {
    let mut page = page(visit, Some(setting), entered.fields().clone(), None).await?;
    page.entered = entered.holding(page.entered.fields().clone());
    if visit.frame.wants("setting") { answer::page(&page.as_setting()) } else { answer::with(status, &page) }
}

/// The form again, with what was entered and why it was refused.
async fn refused(
    visit: &Visit,
    changed: Option<&Setting>,
    form: &Form,
    problem: Problem,
) -> Result<Response, Problem> {
    if !problem.is_about_input() {
        return Err(problem);
    }
    form.hold(&problem);
    let (status, fields) = (problem.status(), Fields::clone(form));
    answer::with(status, &page(visit, changed, fields, Some(problem)).await?)
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
