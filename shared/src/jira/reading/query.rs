//! What is to be read: a scope, narrowed by time and state.

use jiff::Timestamp;

use crate::Result;
use crate::connection::{Project, Scope};
use crate::jira::jql::{Clause, Jql};

/// What is to be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Query {
    pub(super) words: String,
    pub(super) projects: Vec<Project>,
    /// Projects that the query does not name, but that readings of it saw.
    remembered: Vec<Project>,
    pub(super) unknown_keys: Vec<String>,
    pub(super) clause: Option<Clause>,
    created_from: Option<Timestamp>,
    created_before: Option<Timestamp>,
    pub(super) open_only: bool,
}

impl Query {
    /// Everything in `scope`.
    ///
    /// # Errors
    /// When the scope's query cannot stand among other conditions; the field is `jql`.
    pub fn of(scope: &Scope) -> Result<Self> {
        let known =
            |key: &&String| scope.projects.iter().any(|project| project.key.eq_ignore_ascii_case(key));
        let (named, remembered) = if scope.keys.is_empty() {
            (Vec::new(), scope.projects.clone())
        } else {
            (scope.projects.clone(), Vec::new())
        };
        Ok(Self {
            words: scope.describe(),
            projects: named,
            remembered,
            unknown_keys: scope.keys.iter().filter(|key| !known(key)).cloned().collect(),
            clause: scope.jql.as_deref().map(Clause::parse).transpose()?,
            created_from: None,
            created_before: None,
            open_only: false,
        })
    }

    /// Only what was created at `moment` or later.
    #[must_use]
    pub fn created_from(mut self, moment: Timestamp) -> Self {
        self.created_from = Some(moment);
        self
    }

    /// Only what was created before `moment`.
    #[must_use]
    pub fn created_before(mut self, moment: Timestamp) -> Self {
        self.created_before = Some(moment);
        self
    }

    /// Only what is not done; how much is in scope altogether, done or not, is then counted too.
    #[must_use]
    pub fn open_only(mut self) -> Self {
        self.open_only = true;
        self
    }

    /// Whether it names no project that is known, although it should.
    pub(super) fn has_no_bounds(&self) -> bool {
        self.projects.is_empty() && (!self.unknown_keys.is_empty() || self.clause.is_none())
    }

    /// Projects whose things must not be hidden from us.
    pub(super) fn must_see(&self) -> Vec<Project> {
        self.projects.iter().chain(&self.remembered).cloned().collect()
    }

    pub(super) fn scope_jql(&self) -> Jql {
        let mut jql = Jql::new().projects(self.projects.iter().map(|project| &project.id));
        if let Some(clause) = &self.clause {
            jql = jql.clause(clause);
        }
        if let Some(moment) = self.created_from {
            jql = jql.created_from(moment);
        }
        if let Some(moment) = self.created_before {
            jql = jql.created_before(moment);
        }
        jql
    }

    pub(super) fn jql(&self) -> Jql {
        if self.open_only { self.scope_jql().not_done() } else { self.scope_jql() }
    }
}
