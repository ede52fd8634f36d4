//! The wizard that makes and changes a project configuration. As long as nothing else can be entered, where tickets go is chosen
//! by addresses, step by step. From there on all is one form, which is tried out or saved; or sent for another project or issue
//! type (`do` is `place`): then only what the fields say begins anew, all else that was entered stays.

use std::collections::BTreeMap;

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::mapping::{self, Field};
use super::shown::{FormPage, Screen, is_placed};
use super::{Configuration, GROUPINGS, KIND, routing};
use crate::answer;
use crate::client::{List, query};
use crate::form::{Entered, Fields, Form, WAS};
use crate::frame::Visit;
use crate::meanwhile;
use crate::pages::syncing::offer::{Known, Offer};
use crate::pages::syncing::rules::{CLOSURES, GONE, REOPENINGS, Rule};
use crate::pages::syncing::trial::Trial;
use crate::pages::syncing::{for_admins, sites};
use crate::problem::Problem;

/// Where the API has all configurations.
const LIST: &str = "/v1/project-configurations";

/// How many findings are offered to try a configuration out with.
const TRIED_WITH: &str = "50";

/// A body for the API, and how to find again in the form what it blames.
struct Sent {
    body: Value,
    ids: Vec<String>,
    places: Vec<usize>,
}

impl Sent {
    /// What the API is sent.
    fn of(fields: &Fields, screen: &Screen) -> Result<Self, Vec<Problem>> {
        for (name, words) in [
            ("name", "Give it a name."),
            ("project", "Choose a project."),
            ("issue_type", "Choose an issue type."),
        ] {
            if fields.text(name).is_empty() {
                return Err(vec![Problem::invalid(name, words)]);
            }
        }
        let (rules, ids) = mapping::rules(&screen.fields, fields)?;
        let (routes, places) = routing::routes(fields);
        let mut body = json!({
            "name": fields.text("name"),
            "connection": fields.text("connection"),
            "project": fields.text("project"),
            "issue_type": fields.text("issue_type"),
            "epic": fields.optional("epic"),
            "labels": fields.all("labels"),
            "routes": routes,
            "grouping": fields.text("grouping"),
            "rules": rules,
            "closure_rule": fields.text("closure_rule"),
            "done_status": fields.optional("done_status"),
            "reopen_rule": fields.text("reopen_rule"),
            "gone_policy": fields.text("gone_policy"),
            "pulls": {
                "status_when_opened": fields.optional("pulls.status_when_opened"),
                "resolved_when_merged": fields.has("pulls.resolved_when_merged"),
            },
        });
        if let Some(position) = fields.number("position").map_err(|problem| vec![problem])? {
            body["position"] = json!(position);
        }
        Ok(Self { body, ids, places })
    }

    /// The part of the form that the API blames.
    fn blamed(&self, part: &str) -> String {
        let found = mapping::blamed(part, &self.ids).or_else(|| routing::blamed(part, &self.places));
        found.unwrap_or_else(|| part.to_owned())
    }
}

/// The fields with what is usual where nothing was chosen.
fn usual(fields: Fields) -> Fields {
    let first = |rules: &'static [Rule]| rules.first().map_or("", |rule| rule.value);
    fields
        .or("grouping", first(GROUPINGS))
        .or("closure_rule", first(CLOSURES))
        .or("reopen_rule", first(REOPENINGS))
        .or("gone_policy", first(GONE))
}

/// The fields of a configuration that there is, but for its mapping.
fn stored(setting: &Configuration) -> Fields {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut one = vec![
        ("name".to_owned(), setting.name.clone()),
        ("position".to_owned(), setting.position.to_string()),
        ("project".to_owned(), setting.project.clone()),
        ("issue_type".to_owned(), setting.issue_type.clone()),
        ("epic".to_owned(), text(&setting.epic)),
        ("labels".to_owned(), setting.labels.join(", ")),
        ("grouping".to_owned(), setting.grouping.clone()),
        ("closure_rule".to_owned(), setting.closure_rule.clone()),
        ("done_status".to_owned(), text(&setting.done_status)),
        ("reopen_rule".to_owned(), setting.reopen_rule.clone()),
        ("gone_policy".to_owned(), setting.gone_policy.clone()),
        ("pulls.status_when_opened".to_owned(), text(&setting.pulls.status_when_opened)),
    ];
    if setting.pulls.resolved_when_merged {
        one.push(("pulls.resolved_when_merged".to_owned(), "1".to_owned()));
    }
    one.extend(routing::entered(&setting.routes));
    fields_of(&one)
}

fn fields_of(pairs: &[(String, String)]) -> Fields {
    Entered::of(pairs.iter().map(|(name, value)| (name.as_str(), value.clone()))).fields().clone()
}

/// The rules to begin with: those of the configuration, else what the API suggests.
fn begun(screen: &Screen, changed: Option<&Configuration>) -> Fields {
    mapped(screen, |field| match changed {
        Some(changed) => {
            rule_of(changed, field).or_else(|| field.suggestion.as_ref().filter(|_| field.is_demanded()))
        }
        None => field.suggestion.as_ref(),
    })
}

/// A configuration as the form shows it, as far as the project has its fields.
fn as_stored(setting: &Configuration, screen: &Screen) -> Fields {
    stored(setting).then(mapped(screen, |field| rule_of(setting, field)))
}

/// What was entered, without what stands in the parts of a field that its value does not come from.
fn as_meant(fields: &Fields, screen: &Screen) -> Fields {
    let Ok((rules, ids)) = mapping::rules(&screen.fields, fields) else { return fields.clone() };
    let rules: BTreeMap<String, Value> = ids.into_iter().zip(rules).collect();
    let kept = fields.iter().filter(|(name, _)| !mapping::is_of_mapping(name));
    let kept = kept.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    Fields::in_order(kept).then(mapped(screen, |field| rules.get(&field.id).map(|rule| &rule["source"])))
}

fn rule_of<'a>(setting: &'a Configuration, field: &Field) -> Option<&'a Value> {
    setting.rules.iter().find(|rule| rule.field == field.id).map(|rule| &rule.source)
}

/// The form's fields for the sources of the project's fields.
fn mapped<'a>(screen: &'a Screen, source: impl Fn(&'a Field) -> Option<&'a Value>) -> Fields {
    let open = screen.fields.iter().filter(|field| field.is_open());
    let of = |field| source(field).map_or_else(Vec::new, |source| mapping::entered(field, source));
    fields_of(&open.flat_map(of).collect::<Vec<_>>())
}

/// The page with all that can be chosen now. `is_begun` says that the form was not sent yet, so that the rules are begun.
async fn page<'a>(
    visit: &'a Visit,
    changed: Option<&'a Configuration>,
    fields: Fields,
    is_begun: bool,
) -> Result<FormPage<'a>, Problem> {
    let mut known = Known::default();
    let mut fields = fields;
    if let Some(setting) = changed {
        // What cannot be changed is what it is, whatever the address says.
        fields = Fields::default().or("connection", &setting.connection).then(fields);
        known.connection = sites(visit).await?.remove(&setting.connection).unwrap_or_default();
        known.project.clone_from(&setting.project_key);
        known.issue_type.clone_from(&setting.issue_type_name);
    }
    let (offer, mut fields) = Offer::read(&visit.client, usual(fields), &known).await;
    let screen = if is_placed(&fields) { Some(screen(visit, &fields).await) } else { None };
    if let (Some(Ok(screen)), true) = (&screen, is_begun) {
        fields = fields.then(begun(screen, changed));
    }
    if let (Some(setting), Some(Ok(screen)), None) = (changed, &screen, fields.optional(WAS)) {
        fields = fields.with(WAS, &[&as_stored(setting, screen).written()]);
    }
    let findings = if screen.is_some() { findings(visit).await? } else { Vec::new() };
    let (frame, entered, wrong) = (&visit.frame, Entered::so_far(fields, None), BTreeMap::new());
    Ok(FormPage { frame, changed, entered, offer, screen, findings, trial: None, wrong })
}

/// What a configuration can be tried out with: a made-up finding, or one of those that are open.
async fn findings(visit: &Visit) -> Result<Vec<(String, String)>, Problem> {
    #[derive(Deserialize)]
    struct Finding {
        id: String,
        title: String,
        severity: String,
        asset: String,
    }
    let list = query("/v1/findings", &[("state", Some("open")), ("limit", Some(TRIED_WITH))]);
    let found: List<Finding> = visit.client.get(&list).await?;
    let pair = |it: Finding| (it.id, format!("{} ({}, {})", it.title, it.severity, it.asset));
    let made_up = (String::new(), "A made-up finding".to_owned());
    Ok(std::iter::once(made_up).chain(found.items.into_iter().map(pair)).collect())
}

async fn screen(visit: &Visit, fields: &Fields) -> Result<Screen, Problem> {
    let place = ["connection", "project", "issue_type"].map(|name| (name, Some(fields.text(name))));
    visit.client.get(&query(&format!("{LIST}/fields"), &place)).await
}

/// The page again with what was entered and all that is wrong with it.
fn refuse(mut page: FormPage, problems: Vec<Problem>) -> FormPage {
    for problem in &problems {
        if let Some(id) = problem.field.as_deref().and_then(|field| field.strip_prefix("map.")) {
            page.wrong.entry(id.to_owned()).or_default().push(problem.detail.clone());
        }
    }
    let all: Vec<&str> = problems.iter().map(|problem| problem.detail.as_str()).collect();
    let all = all.join(" ");
    let shown = problems.into_iter().next().map(|first| Problem { detail: all, ..first });
    page.entered = Entered::so_far(page.entered.fields().clone(), shown);
    page
}

/// Begins a new configuration.
pub(super) async fn new(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let fields = Fields::of_query(query.as_deref().unwrap_or_default());
    let page = page(&visit, None, fields, true).await?;
    if visit.frame.wants("place") { answer::page(&page.as_place()) } else { answer::page(&page) }
}

/// Begins a change.
pub(super) async fn edit(
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let setting: Configuration = visit.client.get(&KIND.api(&id)).await?;
    let asked = Fields::of_query(query.as_deref().unwrap_or_default());
    let page = page(&visit, Some(&setting), asked.then(stored(&setting)), true).await?;
    if visit.frame.wants("place") { answer::page(&page.as_place()) } else { answer::page(&page) }
}

/// Saves a new configuration, tries it out, or begins its fields anew.
pub(super) async fn create(visit: Visit, form: Form) -> Result<Response, Problem> {
    for_admins(&visit)?;
    carry_out(&visit, None, &form).await
}

/// Saves a change, tries it out, or begins its fields anew.
pub(super) async fn change(visit: Visit, Path(id): Path<String>, form: Form) -> Result<Response, Problem> {
    for_admins(&visit)?;
    let (setting, told): (Configuration, Value) = visit.client.shown(&KIND.api(&id)).await?;
    carry_out(&visit, Some((&setting, &told)), &form).await
}

#[derive(Deserialize)]
struct Made {
    id: String,
}

/// Whether another project or issue type was chosen than the one whose fields the form shows.
fn is_elsewhere(form: &Fields) -> bool {
    let differs = |name: &str, shown: &str| form.text(name) != form.text(shown);
    form.optional("of").is_some() && (differs("project", "of") || differs("issue_type", "of_type"))
}

/// The form for another project or issue type: what its fields say begins anew, all else stays.
async fn placed(visit: &Visit, changed: Option<&Configuration>, form: &Form) -> Result<Response, Problem> {
    let is_elsewhere = is_elsewhere(form);
    let kept = form.iter().filter(|(name, _)| !(is_elsewhere && mapping::is_of_mapping(name)));
    let kept = kept.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    let mut page = page(visit, changed, Fields::in_order(kept), is_elsewhere).await?;
    if visit.frame.wants("place") {
        return answer::page(&page.as_place());
    }
    if form.text("do") == "place" {
        return answer::page(&page);
    }
    let said = "Another project or issue type was chosen. Nothing was done yet: look at what its fields say, then go on.";
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "Look at the fields first", said);
    page.entered = Entered::so_far(page.entered.fields().clone(), Some(problem));
    answer::with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// What is sent to change a configuration: what differs from what it is, and all rules, so that those of fields that the project
/// has no more go; with what was seen.
fn change_of(body: &Value, told: &Value) -> Value {
    let mut seen = told.clone();
    for rule in seen["rules"].as_array_mut().into_iter().flatten() {
        *rule = json!({ "field": rule["field"], "source": rule["source"] });
    }
    let mut change = meanwhile::change(body, &seen, &seen);
    change["rules"] = body["rules"].clone();
    change["seen"]["rules"] = seen["rules"].clone();
    if let Some(members) = change.as_object_mut() {
        members.remove("connection");
    }
    change
}

async fn carry_out(
    visit: &Visit,
    changed: Option<(&Configuration, &Value)>,
    form: &Form,
) -> Result<Response, Problem> {
    let setting = changed.map(|(setting, _)| setting);
    if form.text("do") == "place" || is_elsewhere(form) {
        return placed(visit, setting, form).await;
    }
    let mut page = page(visit, setting, Fields::clone(form), false).await?;
    let is_tried = form.text("do") == "try";
    if let (Some(setting), Some(Ok(screen)), false) = (setting, &page.screen, is_tried) {
        let stored = as_stored(setting, screen);
        match as_meant(page.entered.fields(), screen).onto(&stored) {
            Ok(fields) => {
                page.entered = Entered::so_far(fields.with(WAS, &[&stored.written()]), None);
            }
            Err(entered) => {
                page.entered = *entered;
                return answer::with(StatusCode::CONFLICT, &page);
            }
        }
    }
    let sent = match &page.screen {
        Some(Ok(screen)) => Sent::of(page.entered.fields(), screen),
        Some(Err(problem)) => Err(vec![problem.clone()]),
        None => Err(vec![Problem::invalid("project", "Choose a project and an issue type first.")]),
    };
    let sent = match sent {
        Ok(sent) => sent,
        Err(problems) => return refused(page, problems),
    };
    if is_tried {
        let (known, finding) = (setting.map(|it| it.id.as_str()), form.optional("finding"));
        let trial = Trial::of(&visit.client, LIST, &sent.body, known, finding).await;
        for (part, what) in trial.obstacles() {
            if let Some(id) = sent.blamed(part).strip_prefix("map.") {
                page.wrong.entry(id.to_owned()).or_default().push(what.to_owned());
            }
        }
        if let Some(problem) = trial.problem.clone().filter(|problem| problem.field.is_some()) {
            let field = problem.field.as_deref().map(|field| sent.blamed(field));
            page = refuse(page, vec![Problem { field, ..problem }]);
        }
        page.trial = Some(trial);
        return answer::page(&page);
    }
    let saved = match changed {
        None => visit.client.post::<Made>(LIST, form, &sent.body).await,
        Some((setting, told)) => {
            let change = change_of(&sent.body, told);
            visit.client.change::<Made>(Method::PATCH, &KIND.api(&setting.id), &change).await
        }
    };
    match saved {
        Ok(made) => {
            let notice = match changed {
                None => {
                    "The configuration is in force: findings that it is for get their tickets within a minute."
                }
                Some(_) => {
                    "The configuration is changed. Findings keep the tickets that they have; what those say follows."
                }
            };
            Ok(visit.go(&KIND.page(&made.id), notice))
        }
        Err(problem) => {
            form.hold(&problem);
            let field = problem.field.as_deref().map(|field| sent.blamed(field));
            refused(page, vec![Problem { field, ..problem }])
        }
    }
}

fn refused(page: FormPage, problems: Vec<Problem>) -> Result<Response, Problem> {
    if let Some(problem) = problems.iter().find(|problem| !problem.is_about_input()) {
        return Err(problem.clone());
    }
    let status = problems.first().map_or(StatusCode::UNPROCESSABLE_ENTITY, Problem::status);
    answer::with(status, &refuse(page, problems))
}
