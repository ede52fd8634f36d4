//! Whether the fields of a new issue are ones that tickets fill.

use super::{Choice, Preflight, refused};
use crate::Result;
use crate::connection::Project;
use crate::jira::Client;
use crate::jira::metadata::CreateField;
use crate::mapping::check::FILLED;
use crate::mapping::screen::ScreenField;

/// Fields without which a ticket is not worth having: what is to be done, and the label by which a lost one is looked for.
const NEEDED: [(&str, &str); 3] =
    [("summary", "Summary"), ("description", "Description"), ("labels", "Labels")];

/// Fields that a ticket fills where it can.
const WISHED: [(&str, &str); 3] = [("assignee", "Assignee"), ("duedate", "Due date"), ("parent", "Parent")];

/// Asks Jira for the fields and compares them with what a choice fills.
pub(super) async fn check(
    client: &Client,
    project: &Project,
    choice: &Choice,
    found: &mut Preflight,
) -> Result<()> {
    let fields = refused(client.create_fields(&project.id, &choice.issue_type).await)?.unwrap_or_default();
    let fields: Vec<ScreenField> = fields.iter().map(CreateField::screen_field).collect();
    match &choice.mapping {
        // Jira tells no field at all to those who may not create issues, which is an obstacle of its own.
        Some(mapping) if !fields.is_empty() => {
            for what in crate::mapping::check::check(mapping, &fields, choice.has_parent()) {
                found.stands_against("rules", what);
            }
        }
        Some(_) => {}
        None => check_filled(&fields, choice, found),
    }
    let is_on_screen = |id: &str| fields.iter().any(|field| field.id == id);
    for (id, name) in NEEDED {
        if !fields.is_empty() && !is_on_screen(id) {
            found.stands_against(
                "issue_type",
                format!("the field {name} is not on the screen for new issues of this type, and tickets need it; add it to the screen"),
            );
        }
    }
    for (id, name) in WISHED {
        if !fields.is_empty() && !is_on_screen(id) && (id != "parent" || choice.epic.is_some()) {
            found.notes.push(format!(
                "{name} is not on the screen for new issues of this type and will be left out"
            ));
        }
    }
    found.fields = fields;
    Ok(())
}

/// Without a mapping, a ticket fills the same fields everywhere.
fn check_filled(fields: &[ScreenField], choice: &Choice, found: &mut Preflight) {
    let fills = |field: &ScreenField| {
        FILLED.contains(&field.id.as_str()) || (field.id == "parent" && choice.epic.is_some())
    };
    let unfilled: Vec<String> = fields
        .iter()
        .filter(|field| field.required && !field.has_default && !fills(field))
        .map(ScreenField::words)
        .collect();
    if !unfilled.is_empty() {
        found.stands_against(
            "issue_type",
            format!("Jira requires fields that a ticket does not fill: {}; make them optional for this issue type, give them a default, or choose another type", unfilled.join(", ")),
        );
    }
}
