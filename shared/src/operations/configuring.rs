//! Making a project configuration: what a project asks for, and whether what a person entered fits it.
//!
//! Reads Jira's metadata of new issues as it is now; decides by [`crate::mapping::settle`] and [`crate::mapping::check`];
//! writes only the points that were spent. [`super::drifting`] asks the same again every hour.

use super::choosing::{Choosing, Refusal};
use super::session::JiraAccess;
use super::settings::{self, Choice, Obstacle, Preflight};
use crate::connection::Project;
use crate::ids::{ConnectionId, IssueTypeId, ProjectId, TenantId};
use crate::jira::metadata::{CreateField, IssueType};
use crate::mapping::check::{check, renamed};
use crate::mapping::facts::Facts;
use crate::mapping::screen::ScreenField;
use crate::mapping::settle::{Complaint, Entered, settle, untold};
use crate::mapping::value::FieldKind;
use crate::mapping::{FieldRule, Known, Mapping};
use crate::{Result, sync_setting::SyncSetting};

/// The part of a configuration that rules for fields are.
const RULES: &str = "rules";

/// What a project asks of a new issue of one type.
#[derive(Clone, Debug)]
pub struct Screen {
    /// The project.
    pub project: Project,
    /// The type.
    pub issue_type: IssueType,
    /// The fields, as Jira lists them.
    pub fields: Vec<ScreenField>,
}

/// Reads what a project asks of a new issue of one type.
///
/// # Errors
/// As [`Choosing::begin`], and `Invalid` where Jira refuses, with what to do.
pub async fn screen(
    jira: &JiraAccess,
    tenant: &TenantId,
    connection: &ConnectionId,
    project: &ProjectId,
    issue_type: &IssueTypeId,
) -> Result<Screen> {
    let choosing = Choosing::begin(jira, tenant, connection).await?;
    let found = read(&choosing, project, issue_type).await;
    choosing.end("issue_type", found).await
}

async fn read(choosing: &Choosing, project: &ProjectId, issue_type: &IssueTypeId) -> Result<Screen, Refusal> {
    let project = choosing.project(project).await?;
    let types = choosing.issue_types(&project.id).await?;
    let Some(found) = types.iter().find(|it| it.id == *issue_type).cloned() else {
        return Err(Refusal::Missing("issue_type", settings::no_such_type(&project, issue_type, &types)));
    };
    let fields = choosing.client.create_fields(&project.id, issue_type).await?;
    Ok(Screen { project, issue_type: found, fields: fields.iter().map(CreateField::screen_field).collect() })
}

/// The rules of a configuration that is to be saved.
#[derive(Clone, Debug)]
pub enum Rules {
    /// As a person entered them just now: each is tried out.
    Entered(Vec<Entered>),
    /// As they were saved: they must still fit.
    Saved(Mapping),
}

impl Rules {
    /// The fields that they fill, as far as that is known before Jira was asked.
    fn sketch(&self) -> Mapping {
        let sketched = |entered: &Entered| FieldRule {
            field: entered.field.clone(),
            name: entered.field.clone(),
            kind: FieldKind::Unknown { name: String::new() },
            required: false,
            source: entered.source.clone(),
            known: Known::new(),
        };
        match self {
            Self::Entered(entered) => Mapping { rules: entered.iter().map(sketched).collect() },
            Self::Saved(mapping) => mapping.clone(),
        }
    }

    fn entered(&self) -> Vec<Entered> {
        let entered = |rule: &FieldRule| Entered { field: rule.field.clone(), source: rule.source.clone() };
        match self {
            Self::Entered(entered) => entered.clone(),
            Self::Saved(mapping) => mapping.rules.iter().map(entered).collect(),
        }
    }

    /// The mapping that they make for these fields, and what stands against it.
    fn judge(
        &self,
        fields: &[ScreenField],
        real: Option<&Facts>,
        has_parent: bool,
    ) -> (Mapping, Vec<Obstacle>) {
        let obstacle = |it: Complaint| Obstacle { about: it.field, what: it.what };
        let of_all = |what: String| Obstacle { about: RULES.to_owned(), what };
        match self {
            Self::Entered(entered) => match settle(entered, fields, real) {
                Ok(mapping) => {
                    let against = check(&mapping, fields, has_parent).into_iter().map(of_all).collect();
                    (mapping, against)
                }
                Err(wrong) => {
                    // Beside what is wrong with the rules, the fields that none of them is for.
                    let is_entered = |id: &str| entered.iter().any(|rule| rule.field == id);
                    let others: Vec<ScreenField> =
                        fields.iter().filter(|field| !is_entered(&field.id)).cloned().collect();
                    let unfilled = check(&Mapping::default(), &others, has_parent);
                    let against = wrong.into_iter().map(obstacle).chain(unfilled.into_iter().map(of_all));
                    (Mapping::default(), against.collect())
                }
            },
            Self::Saved(mapping) => {
                let against = check(mapping, fields, has_parent).into_iter().map(of_all);
                let untold = untold(fields, &self.entered()).into_iter().map(obstacle);
                (renamed(mapping, fields), against.chain(untold).collect())
            }
        }
    }
}

/// Asks Jira whether tickets can be made as `choice` and `rules` say, and books what that cost. Gives what was found and the
/// mapping, which is whole if nothing stands against it. `real` is what is known of a finding that the rules are to be tried
/// out with, too.
///
/// # Errors
/// As [`settings::try_out`].
pub async fn examine(
    jira: &JiraAccess,
    tenant: &TenantId,
    connection: &ConnectionId,
    choice: &Choice,
    rules: &Rules,
    real: Option<&Facts>,
) -> Result<(Preflight, Mapping)> {
    let sketch = Choice { mapping: Some(rules.sketch()), ..choice.clone() };
    let mut found = Box::pin(settings::try_out(jira, tenant, connection, &sketch, None)).await?;
    // Said of the sketch.
    found.obstacles.retain(|obstacle| obstacle.about != RULES);
    if found.fields.is_empty() {
        if found.obstacles.is_empty() {
            let what = "Jira tells no fields of new issues of this type; give the connection's account the permission \
                        Create issues in the project";
            found.obstacles.push(Obstacle { about: "issue_type".to_owned(), what: what.to_owned() });
        }
        return Ok((found, Mapping::default()));
    }
    let (mapping, against) = rules.judge(&found.fields, real, sketch.has_parent());
    found.obstacles.extend(against);
    Ok((found, mapping))
}

/// The very request that would create a ticket of this content by a setting.
///
/// # Errors
/// Never for identifiers made by this library; the type asks for it.
pub fn first_request(setting: &SyncSetting, content: &crate::ticket::Content) -> Result<serde_json::Value> {
    settings::first_request(&setting.project, &setting.issue_type, content)
}
