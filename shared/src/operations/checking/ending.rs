//! Ending what is read no more: tasks of a connection that was disconnected, lost its use case, or names nothing.
//!
//! Comes with each evaluation of the tenant, which disconnecting and changing a connection ask for and the tick repeats,
//! so that it survives a crash anywhere. Needs no call to Jira.

use std::collections::BTreeSet;

use super::{Evaluator, recording};
use crate::Result;
use crate::check::{CheckId, Outcome, Verdict};
use crate::clock::seconds_between;
use crate::connection::Connection;
use crate::ids::TenantId;
use crate::task::{State, Task};

impl Evaluator {
    /// Resolves the open tasks of connections that the check reads no more; the planner then ends their tickets.
    pub(super) async fn end_unread(&self, tenant: &TenantId, connections: &[Connection]) -> Result<()> {
        let checks = CheckId::ALL.into_iter().filter(|check| !check.is_about_tenant());
        for check in checks {
            let unread: Vec<&Connection> =
                connections.iter().filter(|connection| !connection.is_read_for(check)).collect();
            if unread.is_empty() {
                continue;
            }
            let tasks = self.jira.core.store.tasks_of(tenant, check).await?;
            for connection in unread {
                let open = |task: &&Task| {
                    task.state == State::Open && task.connection.as_ref() == Some(&connection.id)
                };
                let subjects: BTreeSet<String> =
                    tasks.iter().filter(open).map(|task| task.subject.id.clone()).collect();
                if !subjects.is_empty() {
                    let subject = recording::Subject::of(connection, check);
                    self.resolve(&subject, &nothing_to_read(), &tasks, subjects).await?;
                }
                // Those that were done before: the function that noted it may have died before it planned.
                let now = self.jira.core.clock.now();
                let is_recent = |task: &&Task| {
                    let ended_at =
                        task.ended_at().filter(|_| task.connection.as_ref() == Some(&connection.id));
                    ended_at.is_some_and(|at| seconds_between(at, now) < recording::LOOKED_AFTER)
                };
                let ended: Vec<Task> = tasks.iter().filter(is_recent).cloned().collect();
                if let Err(error) = self.planner.plan_stored(tenant, &ended).await {
                    tracing::error!(%tenant, connection = %connection.id, error = error.chain(), "could not plan for tasks that are read no more");
                }
            }
        }
        Ok(())
    }
}

fn nothing_to_read() -> Verdict {
    Verdict {
        outcome: Outcome::NotApplicable,
        failing: Vec::new(),
        gaps: Vec::new(),
        because: "the check reads nothing through this connection any more".to_owned(),
    }
}
