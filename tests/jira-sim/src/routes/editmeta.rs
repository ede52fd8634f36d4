//! `GET /issue/{id}/editmeta`: which fields this caller can edit. Without *Edit issues* there are none.

use serde_json::{Map, Value, json};

use super::{allowed, createmeta::offered, issue_of};
use crate::{
    call::{Answer, Call, Reply},
    state::World,
};

pub(crate) fn get(world: &mut World, call: &Call) -> Reply {
    let issue = issue_of(world, call)?;
    if ["overrideScreenSecurity", "overrideEditableFlag"].iter().any(|name| call.query.is_true(name)) {
        return Err(Answer::forbidden("Only apps can override the security of screens."));
    }
    let site = &world.sites[call.site];
    let mut fields = Map::new();
    let editable = issue.archived.is_none() && allowed(world, call, &issue, "EDIT_ISSUES");
    if let Some(project) = site.project(issue.project).filter(|_| editable) {
        let own = offered(project, call, issue.issue_type);
        for field in own.filter(|field| !matches!(field.id.as_str(), "project" | "issuetype")) {
            let mut value = field.to_json(project, &site.issue_types, &call.base, call.caller.locale());
            if let Value::Object(members) = &mut value {
                members.remove("fieldId");
            }
            fields.insert(field.id.clone(), value);
        }
    }
    let comment = json!({
        "required": false,
        "schema": { "type": "comments-page", "system": "comment" },
        "name": "Comment",
        "key": "comment",
        "operations": ["add", "edit", "remove"],
    });
    if editable && allowed(world, call, &issue, "ADD_COMMENTS") {
        fields.insert("comment".to_owned(), comment);
    }
    Ok(Answer::ok(json!({ "fields": fields })).costing(1, 1))
}
