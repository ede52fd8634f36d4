//! How Jira shows the value of a custom field, and of a system field without a rule of its own.

use serde_json::{Value, json};

use crate::{
    call::Call,
    routes::{timestamp, view::account_json},
    state::{
        World,
        field::{Field, FieldKind, Sprint, option_json},
        project::Project,
    },
};

/// The value as an issue shows it. An empty list is null, except for versions and components, which are `[]`.
pub(crate) fn shown(world: &World, call: &Call, project: &Project, field: &Field, value: &Value) -> Value {
    let base = call.base.as_str();
    match (&field.kind, value) {
        (FieldKind::Versions | FieldKind::Components, Value::Null) if field.custom_id().is_none() => {
            json!([])
        }
        (_, Value::Null) => Value::Null,
        (FieldKind::Number, _) => json!(value.as_f64()),
        (FieldKind::Instant, Value::String(text)) => {
            text.parse().map_or_else(|_| value.clone(), |instant| json!(timestamp(world, instant)))
        }
        (FieldKind::User | FieldKind::Users, _) => {
            each(value, |value| account_json(world, call, value["accountId"].as_str()))
        }
        (FieldKind::Group | FieldKind::Groups, _) => each(value, |value| {
            let (name, id) = (&value["name"], value["groupId"].as_str().unwrap_or_default());
            json!({ "name": name, "groupId": id, "self": format!("{base}/rest/api/3/group?groupId={id}") })
        }),
        (FieldKind::Option(_) | FieldKind::Options(_) | FieldKind::Cascade(_), _) => each(value, |value| {
            let mut shown = option(base, value);
            if value["child"].is_object() {
                shown["child"] = option(base, &value["child"]);
            }
            shown
        }),
        (FieldKind::Version | FieldKind::Versions, _) => each(value, |value| {
            let known =
                project.versions.iter().find(|known| value["id"].as_str() == Some(&known.id.to_string()));
            let mut shown = known.map_or_else(|| value.clone(), |known| known.to_json(project.id, base));
            if let Value::Object(members) = &mut shown {
                members.remove("projectId");
            }
            shown
        }),
        (FieldKind::Components, _) => each(value, |value| {
            let known =
                project.components.iter().find(|known| value["id"].as_str() == Some(&known.id.to_string()));
            known.map_or_else(|| value.clone(), |known| known.to_json(base))
        }),
        (FieldKind::Sprint, _) => each(value, |value| {
            let id = value["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
            let known = project.sprints.iter().find(|known| known.id == id);
            let name = value["name"].as_str().unwrap_or_default().to_owned();
            let gone = || Sprint { id, name, state: "closed".to_owned() }.to_json(project.id);
            known.map_or_else(gone, |known| known.to_json(project.id))
        }),
        (FieldKind::Team, _) => {
            let id = value["id"].as_str().unwrap_or_default();
            let (name, avatar) = (&value["name"], format!("{base}/avatars/team.png"));
            json!({
                "id": id,
                "name": name,
                "title": name,
                "avatarUrl": avatar,
                "isVisible": true,
                "isVerified": false,
                "isShared": true,
            })
        }
        _ => value.clone(),
    }
}

fn option(base: &str, value: &Value) -> Value {
    let text = |name: &str| value[name].as_str().unwrap_or_default();
    option_json(base, text("id"), text("value"))
}

fn each(value: &Value, shown: impl Fn(&Value) -> Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(shown).collect(),
        value => shown(value),
    }
}
