//! Edits of a project's fields and of what they let choose from.

use serde_json::{Value, json};

use super::project::{number, numbers, text, texts};
use crate::state::{
    World,
    field::{Choice, Component, Field, FieldKind, Sprint, Version},
    project::Project,
};

/// The edit with this name, or `None` if there is no such edit.
///
/// - `fields` `{"id","name","type","required","has_default","default","options":[…],"issue_types":["10103"],"custom",
///   "schema_type"}`: adds or replaces a field; one that is known and given no type keeps what is not named
/// - `fields/remove` `{"id"}`: takes a field off the screen
/// - `fields/options` `{"id","add":[…],"disable":[…],"enable":[…],"remove":[…]}`, by id or words
/// - `fields/demanding` `{}`: six required fields of six types
/// - `fields/every` `{}`: one field of every type
/// - `versions` `{"id","name","released","archived"}`, `components` `{"id","name"}`, `sprints` `{"id","name","state"}`:
///   adds one, or changes the one with this id; `…/remove` `{"id"}`
pub(super) fn edit(project: &mut Project, edit: &str, body: &Value) -> Option<Result<(), String>> {
    Some(match edit {
        "fields" => put(project, body),
        "fields/remove" => text(body, "id").map(|id| project.fields.retain(|known| known.id != id)),
        "fields/options" => options(project, body),
        "fields/demanding" => several(project, &demanding()),
        "fields/every" => several(project, &every(project.team_managed)),
        "versions" => version(project, body),
        "components" => component(project, body),
        "sprints" => sprint(project, body),
        "versions/remove" => number(&body["id"]).map(|id| project.versions.retain(|known| known.id != id)),
        "components/remove" => {
            number(&body["id"]).map(|id| project.components.retain(|known| known.id != id))
        }
        "sprints/remove" => number(&body["id"]).map(|id| project.sprints.retain(|known| known.id != id)),
        _ => return None,
    })
}

/// `GET /__sim/projects/{key}/lists`: the versions, components and sprints of a project with their ids.
pub(super) fn lists(world: &World, key: &str) -> Result<Value, String> {
    let project = world.sites.iter().find_map(|site| site.project_named(key)).ok_or("no such project")?;
    let (versions, components) = (project.versions.iter(), project.components.iter());
    let sprints = project.sprints.iter().map(|sprint| sprint.to_json(project.id));
    Ok(json!({
        "versions": versions.map(|version| version.to_json(project.id, "")).collect::<Vec<_>>(),
        "components": components.map(|component| component.to_json("")).collect::<Vec<_>>(),
        "sprints": sprints.collect::<Vec<_>>(),
    }))
}

/// Six required fields: a choice, a long text, a number, a date, a choice with a choice below it, a person.
pub(crate) fn demanding() -> [Value; 6] {
    let field = |number: u32, name: &str, kind: &str| json!({ "id": format!("customfield_{number}"), "name": name, "type": kind, "required": true });
    let mut all = [
        field(10_201, "Severity", "select"),
        field(10_202, "Security level", "textarea"),
        field(10_203, "CVSS score", "number"),
        field(10_204, "Fix by", "date"),
        field(10_205, "Business unit", "cascadingselect"),
        field(10_206, "Asset owner", "user"),
    ];
    all[0]["options"] = json!(["Critical", "High", "Medium", "Low", "None"]);
    all[4]["options"] = json!([
        { "value": "Retail", "children": ["Web shop", "Stores"] },
        { "value": "Finance", "children": ["Accounting"] },
        "Other",
    ]);
    all
}

/// One optional field of every type that create metadata knows; a team-managed project has no versions or components.
pub(crate) fn every(team_managed: bool) -> Vec<Value> {
    let options = json!(["One", "Two", "Three"]);
    let mut all = Vec::new();
    let kinds = [
        "textfield",
        "textarea",
        "number",
        "date",
        "datetime",
        "url",
        "select",
        "radiobuttons",
        "multiselect",
        "multicheckboxes",
        "cascadingselect",
        "user",
        "multi-user",
        "group",
        "multi-group",
        "labels",
        "sprint",
        "team",
        "any",
    ];
    let only_company = ["version", "multiversion"].into_iter().filter(|_| !team_managed);
    for (number, kind) in (10_301..).zip(kinds.into_iter().chain(only_company)) {
        let name = format!("A field of type {kind}");
        let mut field = json!({ "id": format!("customfield_{number}"), "name": name, "type": kind });
        match kind {
            "cascadingselect" => {
                field["options"] = json!([{ "value": "One", "children": ["A", "B"] }, "Two"]);
            }
            "any" => field["custom"] = json!("com.example.app:risk"),
            _ => field["options"] = options.clone(),
        }
        all.push(field);
    }
    if !team_managed {
        for (id, name, kind) in [
            ("fixVersions", "Fix versions", "versions"),
            ("versions", "Affects versions", "versions"),
            ("components", "Components", "components"),
        ] {
            all.push(json!({ "id": id, "name": name, "type": kind }));
        }
    }
    all
}

/// Puts fields into a project, with something to choose where it has nothing yet.
pub(crate) fn several(project: &mut Project, fields: &[Value]) -> Result<(), String> {
    for body in fields {
        put(project, body)?;
    }
    let has = |kind: &str| fields.iter().any(|field| field["type"] == kind);
    if has("versions") && project.versions.is_empty() {
        version(project, &json!({ "name": "1.0", "released": true }))?;
        version(project, &json!({ "name": "1.1" }))?;
        version(project, &json!({ "name": "0.9", "archived": true }))?;
    }
    if has("components") && project.components.is_empty() {
        component(project, &json!({ "name": "Backend" }))?;
        component(project, &json!({ "name": "Frontend" }))?;
    }
    if has("sprint") && project.sprints.is_empty() {
        for state in ["closed", "active", "future"] {
            sprint(project, &json!({ "name": format!("A {state} sprint"), "state": state }))?;
        }
    }
    Ok(())
}

fn put(project: &mut Project, body: &Value) -> Result<(), String> {
    let known = project.fields.iter().position(|known| body["id"] == known.id.as_str());
    let field = field(body, known.map(|at| &project.fields[at]))?;
    match known {
        Some(at) => project.fields[at] = field,
        None => project.fields.push(field),
    }
    Ok(())
}

fn field(body: &Value, known: Option<&Field>) -> Result<Field, String> {
    let id = text(body, "id")?;
    let flag = |name: &str, default: bool| body[name].as_bool().unwrap_or(default);
    let default = Some(&body["default"]).filter(|value| !value.is_null()).cloned();
    if let (Some(known), Value::Null) = (known, &body["type"]) {
        let issue_types = &body["issue_types"];
        return Ok(Field {
            name: body["name"].as_str().unwrap_or(&known.name).to_owned(),
            required: flag("required", known.required),
            has_default: flag("has_default", known.has_default),
            default: default.or_else(|| known.default.clone()),
            issue_types: if issue_types.is_null() {
                known.issue_types.clone()
            } else {
                numbers(issue_types)?
            },
            ..known.clone()
        });
    }
    let word = body["type"].as_str().unwrap_or("string");
    let choices = Choice::list(&body["options"], Choice::first_id(&id));
    let kind = match body["schema_type"].as_str() {
        Some(kind) => FieldKind::Foreign(kind.to_owned()),
        None => FieldKind::parse(word, choices).ok_or_else(|| format!("unknown type {word}"))?,
    };
    let custom = body["custom"].as_str().or(Some(word).filter(|word| {
        // These are told from the first type of their kind by `schema.custom` only.
        matches!(*word, "radiobuttons" | "multicheckboxes")
    }));
    Ok(Field {
        name: body["name"].as_str().unwrap_or(&id).to_owned(),
        kind,
        custom: custom.map(str::to_owned),
        required: flag("required", false),
        has_default: flag("has_default", false),
        default,
        issue_types: numbers(&body["issue_types"])?,
        id,
    })
}

fn options(project: &mut Project, body: &Value) -> Result<(), String> {
    let id = text(body, "id")?;
    let field = project.fields.iter_mut().find(|known| known.id == id);
    let choices = field.and_then(|field| field.kind.choices_mut()).ok_or(format!("{id} has no options"))?;
    for (member, disabled) in [("disable", true), ("enable", false)] {
        for wanted in texts(&body[member]) {
            choice(choices, &wanted).ok_or_else(|| format!("no option {wanted}"))?.disabled = disabled;
        }
    }
    for wanted in texts(&body["remove"]) {
        let gone = |choice: &Choice| choice.id == wanted || choice.value == wanted;
        for choice in choices.iter_mut() {
            choice.children.retain(|child| !gone(child));
        }
        choices.retain(|choice| !gone(choice));
    }
    let highest = choices.iter().filter_map(|choice| choice.id.parse::<u64>().ok()).max();
    let next = highest.map_or(Choice::first_id(&id), |highest| highest + 1);
    for (number, value) in (next..).zip(body["add"].as_array().into_iter().flatten()) {
        choices.push(Choice::new(value, number));
    }
    Ok(())
}

/// The choice with this id or these words, or the one below a choice.
fn choice<'a>(choices: &'a mut [Choice], wanted: &str) -> Option<&'a mut Choice> {
    let meant = |choice: &Choice| choice.id == wanted || choice.value == wanted;
    if let Some(at) = choices.iter().position(meant) {
        return choices.get_mut(at);
    }
    choices.iter_mut().find_map(|parent| parent.children.iter_mut().find(|child| meant(child)))
}

/// The id that a body names, or a new one.
fn id_of(project: &mut Project, body: &Value) -> Result<u64, String> {
    if body["id"].is_null() { Ok(project.take_list_id()) } else { number(&body["id"]) }
}

fn version(project: &mut Project, body: &Value) -> Result<(), String> {
    let id = id_of(project, body)?;
    let known = project.versions.iter().find(|known| known.id == id).cloned();
    let flag = |name: &str, known: Option<bool>| body[name].as_bool().or(known).unwrap_or(false);
    let one = Version {
        id,
        name: named(body, known.as_ref().map(|known| &known.name))?,
        released: flag("released", known.as_ref().map(|known| known.released)),
        archived: flag("archived", known.as_ref().map(|known| known.archived)),
    };
    project.versions.retain(|known| known.id != id);
    project.versions.push(one);
    Ok(())
}

fn component(project: &mut Project, body: &Value) -> Result<(), String> {
    let id = id_of(project, body)?;
    let known = project.components.iter().find(|known| known.id == id).map(|known| known.name.clone());
    let one = Component { id, name: named(body, known.as_ref())? };
    project.components.retain(|known| known.id != id);
    project.components.push(one);
    Ok(())
}

fn sprint(project: &mut Project, body: &Value) -> Result<(), String> {
    let id = id_of(project, body)?;
    let known = project.sprints.iter().find(|known| known.id == id).cloned();
    let state =
        body["state"].as_str().or(known.as_ref().map(|known| known.state.as_str())).unwrap_or("future");
    if !matches!(state, "future" | "active" | "closed") {
        return Err("state: future, active or closed".to_owned());
    }
    let name = named(body, known.as_ref().map(|known| &known.name))?;
    let one = Sprint { id, name, state: state.to_owned() };
    project.sprints.retain(|known| known.id != id);
    project.sprints.push(one);
    Ok(())
}

fn named(body: &Value, known: Option<&String>) -> Result<String, String> {
    body["name"].as_str().or(known.map(String::as_str)).map(str::to_owned).ok_or("name: a text".to_owned())
}
