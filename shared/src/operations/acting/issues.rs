//! Issues that are created or deleted: what is asked of Jira first, and how a create whose answer was lost is found again.
//!
//! | what is known of a create | then |
//! |---|---|
//! | Jira was never told, or certainly made nothing | it is told; when is written down before |
//! | Jira was told, and no issue is known | it is looked for by the action's property, for ten minutes; then it is told again |
//! | the issue's id | the issue is read by it; it is never created again |

use super::scene::Scene;
use super::{Actor, Stopped};
use crate::action::{Action, Asked, Change, IssueObject, NewIssue, Object, Plan, Step};
use crate::clock::seconds_between;
use crate::connection::{Method, Project};
use crate::ids::{IssueId, ProjectId};
use crate::jira::create::Created;
use crate::jira::delete::Deleted;
use crate::jira::issue::Seen;
use crate::jira::metadata::CreateField;
use crate::jira::scope::Probe;
use crate::ticket::Issue;

/// For how long a create whose answer was lost is looked for before it is tried again, in seconds: as for tickets, a
/// search lags behind.
const LOOKED_FOR: i64 = 600;

/// Seconds between two looks.
const BETWEEN_LOOKS: i64 = 60;

/// The classic scope that changing issues needs.
///
/// Source: specification, `x-atlassian-oauth2-scopes` of `createIssues` and `deleteIssue`.
const WRITE_SCOPE: &str = "write:jira-work";

/// Fields that Jira fills in by itself where they are left out.
const FILLED_BY_JIRA: [&str; 1] = ["reporter"];

impl Actor {
    /// Whether an issue can be created as it is asked for.
    pub(super) async fn plan_create(
        &self,
        action: &Action,
        new: &NewIssue,
        scene: &Scene,
    ) -> Result<Plan, Stopped> {
        scene.check_scope().await?;
        let jira = scene.site.jira();
        let Some(project) = jira.project(&new.project).await? else {
            jira.confirm_caller().await?;
            return refuse(format!(
                "there is no project {} that the connection's account sees; it needs the permission Browse projects there",
                new.project
            ));
        };
        let may = jira.may(&project.id, &["CREATE_ISSUES", "ADMINISTER_PROJECTS"]).await?;
        if !may.contains("CREATE_ISSUES") {
            return refuse(lacks_create(&project, may.contains("ADMINISTER_PROJECTS")));
        }
        let types = jira.issue_types(&project.id).await?;
        let Some(kind) = types.iter().find(|kind| kind.id == new.issue_type) else {
            let known: Vec<String> =
                types.iter().map(|kind| format!("{} ({})", kind.id, kind.name)).collect();
            return refuse(format!(
                "project {} has no issue type {} that the account may create; there are {}",
                project.key,
                new.issue_type,
                known.join(", ")
            ));
        };
        let fields = jira.create_fields(&project.id, &new.issue_type).await?;
        if let Some(why) = complaint_about(new, &fields) {
            return refuse(why);
        }
        let object = Object::Issue(IssueObject::NewIssue { project: project.id });
        let words = format!("issue of type {} in {}", kind.name, project.key);
        Ok(Plan::of_issue(action, Step::new(Change::Add, object, words, Some(false)), Vec::new()))
    }

    /// Whether an issue can be deleted, and what a person should know before.
    pub(super) async fn plan_delete(
        &self,
        action: &Action,
        issue: &str,
        scene: &Scene,
    ) -> Result<Plan, Stopped> {
        scene.check_scope().await?;
        let jira = scene.site.jira();
        let Some(found) = jira.issue_to_delete(issue).await? else {
            return refuse(format!("there is no issue {issue} that the connection's account sees"));
        };
        let mut facts = found.facts;
        if facts.ticket.is_none()
            && let Some(cloud_id) = &scene.connection.cloud_id
        {
            let ticket = self.core.store.ticket_by_issue(&action.tenant, cloud_id, &facts.id).await?;
            facts.ticket = ticket.map(|ticket| ticket.id);
        }
        let mut dangers = vec!["an issue that was deleted cannot be brought back".to_owned()];
        dangers.extend(facts.ticket.as_ref().map(|ticket| {
            format!(
                "the issue stands for Assay's ticket {ticket}, whose tasks may get a new one: to have none, disable its sync setting or complete its tasks"
            )
        }));
        let object =
            Object::Issue(IssueObject::Issue { issue: facts.id.clone(), project: found.project.clone() });
        let step = Step::new(Change::Remove, object, format!("issue {}", facts.key), Some(false));
        let mut plan = Plan::of_issue(action, step, dangers);
        let may = jira.may(&found.project, &["DELETE_ISSUES"]).await?;
        plan.refusal = if !may.contains("DELETE_ISSUES") {
            Some(format!(
                "the connection's account lacks the permission Delete issues in the project of {}: an administrator of the project grants it in the project's settings, under Permissions or Access, to the account or a role of its; often it is not given on purpose, and the issue can be closed instead",
                facts.key
            ))
        } else if facts.subtasks.is_empty() {
            None
        } else {
            Some(format!(
                "issue {} has subtasks, which would be deleted with it: {}; delete them first, or move them to another issue",
                facts.key,
                facts.subtasks.join(", ")
            ))
        };
        plan.issue = Some(facts);
        Ok(plan)
    }

    /// Whether an action's issue was created: see the module's table.
    pub(super) async fn is_created(
        &self,
        action: &mut Action,
        number: usize,
        project: &ProjectId,
        scene: &Scene,
    ) -> Result<bool, Stopped> {
        let jira = scene.site.jira();
        if let Some(issue) = &action.issue {
            return match jira.issue_status(&issue.id).await? {
                Seen::There { .. } => Ok(true),
                Seen::Gone(_) => Err(Stopped::Failed(format!(
                    "it was created as {}, but Jira did not show that issue when it was read back: it was deleted, or is hidden from the connection's account",
                    issue.key
                ))),
            };
        }
        let Some(told_at) = action.steps[number].told_at else { return Ok(false) };
        let found = jira.issues_of(&action.id, project, told_at).await?;
        let now = self.core.clock.now();
        if let Some((issue, others)) = found.split_first() {
            let others: Vec<&str> = others.iter().map(|other| other.key.as_str()).collect();
            let why = if others.is_empty() {
                "by the action's property, since the answer was lost".to_owned()
            } else {
                format!(
                    "the oldest of several that carry the action's property; delete {}",
                    others.join(", ")
                )
            };
            self.keep_issue(action, issue, &why).await?;
            return Ok(true);
        }
        let why = if !jira.sees_project(project).await {
            "it may have been created, and its project cannot be seen now"
        } else if seconds_between(told_at, now) < LOOKED_FOR {
            "it may have been created; its issue is looked for, since Jira's search lags behind"
        } else {
            return Ok(false);
        };
        Err(Stopped::Later { why: why.to_owned(), wait: BETWEEN_LOOKS, counts: false })
    }

    async fn keep_issue(&self, action: &mut Action, issue: &Issue, why: &str) -> Result<(), Stopped> {
        action.issue = Some(issue.clone());
        let now = self.core.clock.now();
        action.note(now, "worker", &format!("its issue is {}", issue.key), why);
        self.save(action).await.map_err(Stopped::Table)
    }

    /// Tells Jira to create the issue, once it is written down that it is told.
    pub(super) async fn create(
        &self,
        action: &mut Action,
        number: usize,
        project: &ProjectId,
        scene: &Scene,
    ) -> Result<(), Stopped> {
        let Asked::CreateIssue { issue: new } = action.asked.clone() else {
            return Err(Stopped::Failed("it does not say which issue is to be created".to_owned()));
        };
        action.steps[number].told_at = Some(self.core.clock.now());
        self.save(action).await?;
        let stopped = match scene.site.jira().create_issue_of(&action.id, project, &new).await {
            Created::Issue { issue, .. } => {
                return self.keep_issue(action, &issue, "Jira's answer names it").await;
            }
            Created::InDoubt { why, .. } => {
                return Err(Stopped::Later { why, wait: BETWEEN_LOOKS, counts: true });
            }
            Created::Refused { reason, .. } => Stopped::Failed(reason),
            Created::Postponed { why, wait, .. } => Stopped::Later { why, wait, counts: true },
        };
        // Nothing came of it.
        action.steps[number].told_at = None;
        self.save(action).await?;
        Err(stopped)
    }
}

impl Scene {
    /// Refuses credentials that may read alone: a connection for access reviews asks for no scope that writes.
    async fn check_scope(&self) -> Result<(), Stopped> {
        let is_told = || self.connection.scopes.iter().any(|scope| scope == WRITE_SCOPE);
        let may_write = match self.connection.method {
            Method::ApiToken => true,
            Method::Oauth => is_told(),
            Method::ServiceAccount | Method::ScopedApiToken => {
                is_told() || self.site.jira().scopes_allow(Probe::Create).await?
            }
        };
        if may_write {
            return Ok(());
        }
        Err(Stopped::Refused(format!(
            "the connection's credentials lack the scope {WRITE_SCOPE}, which changing issues needs: choose a use case that writes for the connection (`PATCH /v1/connections/{}`), then connect it again with that scope",
            self.connection.id
        )))
    }

    /// Whether an issue is there. What cannot be seen is not known to be gone.
    pub(super) async fn is_there(&self, issue: &IssueId, project: &ProjectId) -> Result<bool, Stopped> {
        let jira = self.site.jira();
        match jira.issue_status(issue).await? {
            Seen::There { .. } => Ok(true),
            Seen::Gone(_) if jira.sees_project(project).await => Ok(false),
            Seen::Gone(_) => {
                let why = "the issue's project cannot be seen by the connection's account now".to_owned();
                Err(Stopped::Later { why, wait: 0, counts: true })
            }
        }
    }

    /// Tells Jira to delete an issue.
    pub(super) async fn delete(&self, issue: &IssueId) -> Result<(), Stopped> {
        match self.site.jira().delete_issue(issue).await {
            Deleted::Done(_) | Deleted::Gone(_) => Ok(()),
            Deleted::Refused { reason, .. } => Err(Stopped::Failed(reason)),
            Deleted::NotYet { why, wait, .. } => Err(Stopped::Later { why, wait, counts: true }),
            Deleted::InDoubt { why, .. } => Err(Stopped::Later { why, wait: 0, counts: true }),
        }
    }
}

fn refuse(why: String) -> Result<Plan, Stopped> {
    Err(Stopped::Refused(why))
}

fn lacks_create(project: &Project, administers: bool) -> String {
    let key = &project.key;
    let how = if administers {
        "the account administers the project and can give it to itself"
    } else {
        "an administrator of the project, or of Jira, can give it to the account or a role of its"
    };
    format!(
        "the connection's account lacks the permission Create issues in project {key}: {how}, in the project's settings under Permissions or Access; then ask again"
    )
}

/// What stands against the fields that are given: required ones that are missing, and ones that are not on the screen.
fn complaint_about(new: &NewIssue, fields: &[CreateField]) -> Option<String> {
    let words = |field: &CreateField| format!("{} ({})", field.name, field.field_id);
    let is_missing = |field: &&CreateField| {
        let is_filled = field.has_default_value || FILLED_BY_JIRA.contains(&field.field_id.as_str());
        field.required && !is_filled && !new.gives(&field.field_id)
    };
    let missing: Vec<String> = fields.iter().filter(is_missing).map(words).collect();
    if !missing.is_empty() {
        return Some(format!(
            "Jira requires fields that are not given: {}; give them in `fields` by these ids, as Jira takes them",
            missing.join(", ")
        ));
    }
    let is_unknown = |id: &&String| fields.iter().all(|field| field.field_id != **id);
    let unknown: Vec<&str> = new.fields.keys().filter(is_unknown).map(String::as_str).collect();
    (!unknown.is_empty()).then(|| {
        format!(
            "fields that are not on the screen for new issues of this type: {}; leave them out, or add them to the screen",
            unknown.join(", ")
        )
    })
}
