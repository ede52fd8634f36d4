//! Reading evidence: everything that a check must see, and every reason to think that it did not see everything.
//!
//! Reads counts, permissions and pages; decides nothing; gives a [`Reading`], which [`crate::check::judge`] judges. A
//! failed call becomes a [`Gap`], and what was read before it stays: something that fails still fails.
//!
//! Calls: one count, one question after permissions, the pages; one more count where the checks must know how much is
//! in scope altogether; one more to validate a person's query, since Jira may answer a query that it does not
//! understand with nothing at all; one more to learn as whom we are answered, if an answer did not say so; one more
//! count if pages brought less than the first one promised, and if that one is lower, one more question after
//! permissions: what was counted first may have been deleted, or hidden from us in the middle of the reading.

mod query;

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::client::{Caller, Client};
use super::error::JiraError;
use super::issue::FetchedIssue;
use super::jql::Jql;
use super::search::Pages;
use super::time;
use crate::Result;
use crate::connection::Project;
use crate::evidence::{Coverage, Entity, Gap, Reading};
use crate::ids::{AccountId, IssueId, ProjectId};
pub use query::Query;

/// The most entities that one reading takes.
pub const MOST: u64 = 200_000;

/// The fewest fields that every check can be judged by.
const FIELDS: [&str; 5] = ["summary", "status", "assignee", "created", "priority"];

/// The same where the projects are not known beforehand.
const FIELDS_AND_PROJECT: [&str; 6] = ["summary", "status", "assignee", "created", "priority", "project"];

/// The permission without which a project's issues are left out of every answer, silently.
const BROWSE: &str = "BROWSE_PROJECTS";

/// A reading in the making.
struct Draft {
    entities: Vec<Entity>,
    ids: HashSet<String>,
    /// Where the entities are, by the project's id; only where the query does not name projects.
    seen_in: BTreeMap<String, Project>,
    /// Whether that is wanted.
    looks_where: bool,
    coverage: Coverage,
    broken: u64,
    first_broken: Option<String>,
    /// No further call is worth making.
    given_up: bool,
}

impl Draft {
    fn failed(&mut self, error: &JiraError) {
        tracing::warn!(error = %error, detail = error.detail(), "evidence could not be read");
        self.given_up |= error.concerns_every_call();
        self.coverage.gaps.push(Gap::from(error));
    }

    fn take(&mut self, raw: &RawValue, number: usize, url_of: &(dyn Fn(&str) -> String + Sync)) {
        match entity(raw, url_of) {
            Ok(entity) => {
                if self.looks_where
                    && let Some(project) = project_of(raw)
                {
                    self.seen_in.insert(project.id.to_string(), project);
                }
                if self.ids.insert(entity.id.clone()) {
                    self.entities.push(entity);
                }
            }
            Err(path) => {
                self.broken += 1;
                self.first_broken.get_or_insert(format!("issues[{number}].{path}"));
            }
        }
    }
}

impl Client {
    /// Reads what `query` asks for. Never fails: what could not be read is told as gaps.
    pub async fn read(&self, query: &Query) -> Reading {
        let read_at = self.now();
        let jql = query.jql();
        // Without its projects, a query would reach over the whole site.
        if query.has_no_bounds() {
            let detail = format!("none of {} was found in Jira; verify the connection again", query.words);
            return Reading::failed("", &query.words, Gap::ConnectionUnusable { detail }, read_at);
        }
        self.begin_reading();
        let mut draft = Draft {
            entities: Vec::new(),
            ids: HashSet::new(),
            seen_in: BTreeMap::new(),
            looks_where: query.projects.is_empty(),
            coverage: Coverage::default(),
            broken: 0,
            first_broken: None,
            given_up: false,
        };
        let unknown = query.unknown_keys.iter().map(|key| Gap::Hidden { project: key.clone() });
        draft.coverage.gaps.extend(unknown);
        self.check_clause(query, &mut draft).await;
        self.count_first(query, &jql, &mut draft).await;
        self.look_for_hidden(&query.must_see(), &mut draft).await;
        self.read_pages(query, &jql, &mut draft).await;
        self.count_again(query, &jql, &mut draft).await;
        self.check_caller(&mut draft).await;
        draft.coverage.read = draft.entities.len() as u64;
        Reading {
            query: jql.text(),
            scope: query.words.clone(),
            entities: draft.entities,
            coverage: draft.coverage,
            read_at,
            seen_in: draft.seen_in.into_values().collect(),
        }
    }

    async fn check_clause(&self, query: &Query, draft: &mut Draft) {
        let Some(clause) = &query.clause else { return };
        match self.parse_jql(&[clause.as_str()]).await {
            Ok(verdicts) => {
                if let Some(Err(complaint)) = verdicts.into_iter().next() {
                    let detail =
                        format!("Jira does not take the query of the connection's settings: {complaint}");
                    draft.coverage.gaps.push(Gap::Refused { detail });
                    draft.given_up = true;
                }
            }
            Err(error) => draft.failed(&error),
        }
    }

    async fn count_first(&self, query: &Query, jql: &Jql, draft: &mut Draft) {
        draft.coverage.counted = self.counted(jql, draft).await;
        draft.coverage.in_scope = if query.open_only {
            self.counted(&query.scope_jql(), draft).await
        } else {
            draft.coverage.counted
        };
        if draft.coverage.counted.is_some_and(|counted| counted > MOST) {
            draft.coverage.gaps.push(too_many());
            draft.given_up = true;
        }
    }

    async fn counted(&self, jql: &Jql, draft: &mut Draft) -> Option<u64> {
        if draft.given_up {
            return None;
        }
        self.count(&jql.text()).await.map_err(|error| draft.failed(&error)).ok()
    }

    async fn look_for_hidden(&self, projects: &[Project], draft: &mut Draft) {
        if draft.given_up || projects.is_empty() {
            return;
        }
        let ids: Vec<ProjectId> = projects.iter().map(|project| project.id.clone()).collect();
        match self.browsable_projects(&ids, BROWSE).await {
            Ok(browsable) => {
                let hidden = projects.iter().filter(|project| !browsable.contains(&project.id));
                let gaps = hidden.map(|project| Gap::Hidden { project: project.key.clone() });
                draft.coverage.gaps.extend(gaps);
            }
            Err(error) => draft.failed(&error),
        }
    }

    async fn read_pages(&self, query: &Query, jql: &Jql, draft: &mut Draft) {
        let url_of = |key: &str| self.addresses.browse(&self.facts.site, key);
        let fields: &'static [&'static str] =
            if query.projects.is_empty() { &FIELDS_AND_PROJECT } else { &FIELDS };
        let mut pages = Pages::new(self, "read the issues", jql.ordered(), fields, &[]);
        while !draft.given_up {
            let mut number = 0_usize;
            let mut take = |raw: &RawValue| {
                draft.take(raw, number, &url_of);
                number += 1;
            };
            let page = pages.next(&mut take).await;
            match page {
                Ok(Some(page)) => {
                    draft.coverage.pages += 1;
                    draft.coverage.gaps.extend(page.warnings.iter().map(|kind| warning(kind)));
                }
                Ok(None) => break,
                Err(error) => {
                    draft.failed(&error);
                    break;
                }
            }
            if draft.entities.len() as u64 > MOST {
                draft.coverage.gaps.push(too_many());
                break;
            }
        }
        if let Some(path) = draft.first_broken.take() {
            let detail = format!("{} issues could not be understood, the first one at {path}", draft.broken);
            draft.coverage.gaps.push(Gap::Malformed { detail });
        }
    }

    /// Between the count and the last page issues may have been deleted or moved: only a second count shows whether
    /// some are missing. A lower one is believed only if all projects can still be seen: who lost the permission in the
    /// middle of the reading is given fewer pages and a lower count alike.
    async fn count_again(&self, query: &Query, jql: &Jql, draft: &mut Draft) {
        let read = draft.entities.len() as u64;
        let is_short = draft.coverage.counted.is_some_and(|counted| counted > read);
        if is_short
            && draft.coverage.gaps.is_empty()
            && let Some(counted) = self.counted(jql, draft).await
        {
            let is_lower = draft.coverage.counted.replace(counted).is_some_and(|before| counted < before);
            if !is_lower {
                return;
            }
            let mut must_see = query.must_see();
            let new = draft.seen_in.values().filter(|seen| !must_see.contains(seen)).cloned();
            must_see.extend(new.collect::<Vec<_>>());
            self.look_for_hidden(&must_see, draft).await;
        }
    }

    async fn check_caller(&self, draft: &mut Draft) {
        if self.caller() == Caller::Unconfirmed
            && !draft.given_up
            && let Err(error) = self.myself().await
        {
            draft.failed(&error);
        }
        match self.caller() {
            Caller::Confirmed => {}
            Caller::Unconfirmed => draft.coverage.gaps.push(Gap::CallerUnconfirmed),
            Caller::Other => {
                let detail =
                    "Jira answered as another account than the connection's; connect again".to_owned();
                draft.coverage.gaps.push(Gap::Refused { detail });
            }
        }
        let is_told = draft.coverage.gaps.contains(&Gap::CallerUnconfirmed);
        if self.answers_disagree() && !is_told {
            draft.coverage.gaps.push(Gap::CallerUnconfirmed);
        }
    }
}

fn too_many() -> Gap {
    let detail = format!("more than {MOST} issues are in scope; narrow the connection's projects or query");
    Gap::ConnectionUnusable { detail }
}

/// Source: specification of `SearchWarningBean`: a warning says that the result may not be whole, for example because a
/// function of the query reached its limit.
fn warning(kind: &str) -> Gap {
    Gap::Refused {
        detail: format!("Jira warned that the search is not whole: {}", super::answer::tidy(kind)),
    }
}

/// The project that the issue in `raw` is in, if the field was asked for and makes sense.
fn project_of(raw: &RawValue) -> Option<Project> {
    #[derive(Deserialize)]
    struct Bean {
        fields: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        project: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        id: ProjectId,
        key: String,
        #[serde(default)]
        name: String,
    }
    let bean: Bean = serde_json::from_str(raw.get()).ok()?;
    let Named { id, key, name } = bean.fields.project;
    Some(Project { id, key, name })
}

/// An issue that was fetched by id, as the entity that a reading would have made of it; none if it lacks a field.
pub fn entity_of(issue: &FetchedIssue, client: &Client) -> Option<Entity> {
    let body = serde_json::json!({ "id": issue.id, "key": issue.key, "fields": issue.fields });
    let raw = serde_json::value::to_raw_value(&body).ok()?;
    entity(&raw, &|key| client.addresses.browse(client.site(), key)).ok()
}

/// The entity in `raw`, or the path at which it makes no sense.
///
/// An issue without `assignee` or `priority` has none: a site can hide these fields.
fn entity(raw: &RawValue, url_of: &(dyn Fn(&str) -> String + Sync)) -> Result<Entity, String> {
    #[derive(Deserialize)]
    struct Bean {
        id: IssueId,
        key: String,
        fields: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        summary: String,
        status: super::issue::StatusBean,
        assignee: Option<Assignee>,
        priority: Option<Priority>,
        #[serde(deserialize_with = "time::deserialize")]
        created: Timestamp,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Assignee {
        account_id: AccountId,
    }
    #[derive(Deserialize)]
    struct Priority {
        id: String,
    }
    let bean: Bean = super::answer::decode_plain(raw.get().as_bytes()).map_err(|(path, _)| path)?;
    Ok(Entity {
        url: url_of(&bean.key),
        id: bean.id.into(),
        key: bean.key,
        title: bean.fields.summary,
        assignee: bean.fields.assignee.map(|assignee| assignee.account_id),
        created_at: bean.fields.created,
        done: bean.fields.status.is_done(),
        priority: bean.fields.priority.map(|priority| priority.id),
    })
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
