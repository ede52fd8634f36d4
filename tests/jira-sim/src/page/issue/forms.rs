//! The forms of an issue's page: what a person can do with it, as the account that is chosen.

use serde_json::{Map, Value, json};

use super::escape;
use crate::{
    adf,
    call::Query,
    state::{
        World,
        account::Account,
        issue::Issue,
        project::{FieldKind, Project},
        vocabulary::RESOLUTIONS,
        workflow::Transition,
    },
};

/// Most accounts in a list to choose from.
const MOST_ACCOUNTS: usize = 50;
/// What the name of an input for a field of a transition's screen begins with.
const FIELD: &str = "field-";

/// The beginning of a form that does something to the issue.
fn form(world: &World, site_index: usize, issue: &Issue, acting: &str, action: &str) -> String {
    let site = &world.sites[site_index];
    let (domain, key, acting) = (escape(&site.domain), escape(&site.key_of(issue)), escape(acting));
    format!(
        "<form method=\"post\" action=\"/sites/{domain}/browse/{key}/{action}\">\
         <input type=\"hidden\" name=\"as\" value=\"{acting}\">"
    )
}

fn options(values: impl Iterator<Item = (String, String)>, chosen: Option<&str>) -> String {
    let option = |(value, words): (String, String)| {
        let mark = if chosen == Some(value.as_str()) { " selected" } else { "" };
        format!("<option value=\"{}\"{mark}>{}</option>", escape(&value), escape(&words))
    };
    values.map(option).collect()
}

fn people(world: &World) -> impl Iterator<Item = (String, String)> {
    let people = world.accounts.iter().filter(Account::assignable).take(MOST_ACCOUNTS);
    people.map(|account| (account.id, account.name))
}

/// The account that acts, the steps of the workflow, and what else can be done.
pub(super) fn buttons(world: &World, site_index: usize, issue: &Issue, acting: &str) -> String {
    let site = &world.sites[site_index];
    let project = site.project(issue.project);
    let begin = |action: &str| form(world, site_index, issue, acting, action);
    let mut text = format!(
        "<div><form method=\"get\"><select name=\"as\" aria-label=\"Act as\">{}</select> <button>Act as</button></form></div><div>",
        options(people(world), Some(acting))
    );
    let steps = project.into_iter().flat_map(|project| &project.workflow.transitions);
    for step in steps.filter(|step| step.leaves(issue.status) && step.to != issue.status) {
        text.extend([format!(
            "{}{}<button name=\"transition\" value=\"{}\">{}</button></form>",
            begin("transition"),
            inputs(project, step),
            step.id,
            escape(&step.name)
        )]);
    }
    let nobody = std::iter::once((String::new(), "Unassigned".to_owned()));
    let projects = site.projects.iter().filter(|other| other.id != issue.project);
    let projects = projects.map(|project| (project.key.clone(), project.name.clone()));
    text.extend([
        format!(
            "</div><div>{}<select name=\"account\" aria-label=\"Assignee\">{}</select> <button>Assign</button></form>",
            begin("assign"),
            options(nobody.chain(people(world)), issue.assignee.as_deref())
        ),
        format!(
            "{}<input name=\"summary\" value=\"{}\" aria-label=\"Summary\"> <button>Rename</button></form>",
            begin("edit"),
            escape(&issue.summary)
        ),
        format!(
            "{}<select name=\"to\" aria-label=\"Project\">{}</select> <button>Move</button></form>",
            begin("move"),
            options(projects, None)
        ),
        format!("{}<button>Delete</button></form></div>", begin("delete")),
    ]);
    text
}

/// One input for each field that the screen of a step demands.
fn inputs(project: Option<&Project>, step: &Transition) -> String {
    let mut text = String::new();
    for field in &step.required {
        if field == "resolution" {
            let resolutions = RESOLUTIONS.map(|(id, name)| (id.to_string(), name.to_owned()));
            text.extend([format!(
                "<select name=\"{FIELD}resolution\" aria-label=\"Resolution\">{}</select> ",
                options(resolutions.into_iter(), None)
            )]);
            continue;
        }
        let known = project.and_then(|project| project.fields.iter().find(|known| known.id == *field));
        let name = known.map_or(field.as_str(), |known| known.name.as_str());
        text.extend([format!(
            "<input name=\"{FIELD}{0}\" placeholder=\"{1}\" aria-label=\"{1}\"> ",
            escape(field),
            escape(name)
        )]);
    }
    text
}

/// What the inputs of a screen say, as the fields of a transition; an empty input says nothing.
pub(in crate::page) fn screen_fields(world: &World, site: usize, key: &str, form: &Query) -> Value {
    let site = &world.sites[site];
    let issue = site.issue(key);
    let project = issue.and_then(|issue| site.project(issue.project));
    let mut fields = Map::new();
    for (name, value) in &form.0 {
        // `resolution` by itself holds a name, for scripts.
        if name == "resolution" && !value.is_empty() {
            fields.insert(name.clone(), json!({ "name": value }));
        }
        let Some(id) = name.strip_prefix(FIELD).filter(|_| !value.is_empty()) else { continue };
        let known = project.and_then(|project| project.fields.iter().find(|known| known.id == id));
        let value = match known.map(|known| &known.kind) {
            None if id == "resolution" => json!({ "id": value }),
            Some(FieldKind::Document) => adf::paragraph(value),
            Some(FieldKind::Number) => {
                value.parse::<f64>().map_or_else(|_| json!(value), |number| json!(number))
            }
            Some(FieldKind::User) => json!({ "accountId": value }),
            Some(FieldKind::Option(_) | FieldKind::Cascade(_)) => json!({ "value": value }),
            Some(FieldKind::Options(_)) => json!([{ "value": value }]),
            Some(FieldKind::Labels) => value.split_whitespace().collect(),
            Some(FieldKind::Priority) => json!({ "name": value }),
            _ => json!(value),
        };
        fields.insert(id.to_owned(), value);
    }
    Value::Object(fields)
}

/// The form for a comment.
pub(super) fn comment(world: &World, site_index: usize, issue: &Issue, acting: &str) -> String {
    format!(
        "{}<textarea name=\"text\" rows=\"2\" required aria-label=\"Comment\"></textarea><br><button>Comment</button></form>",
        form(world, site_index, issue, acting, "comment")
    )
}
