//! Telling tasks what became of the pull requests that fix them.
//!
//! | the pull request is | and the project configuration | then its tasks |
//! |---|---|---|
//! | merged | lets merges resolve findings | that are open are completed |
//! | merged | does not | stay as they are: the next report of their source resolves them |
//! | reverted, or not merged after all | | that are done by it are open again, unless another merged one fixes them, too |

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Planner;
use crate::Result;
use crate::ids::TaskId;
use crate::pull::{Followed, PullId, PullState};
use crate::task::Task;
use crate::ticket::Ticket;

impl Planner {
    /// Tells a ticket's tasks what became of its pull requests, and plans what follows. Safe to repeat. Returns what was
    /// told; the ticket is to note it.
    pub async fn tell_of_pulls(&self, ticket: &Ticket) -> Result<Vec<(PullId, PullState)>> {
        let untold = ticket.pulls_to_tell();
        let (store, tenant) = (&self.core.store, &ticket.tenant);
        let settings = store.settings(tenant).await?;
        let setting = settings.iter().find(|setting| setting.id == ticket.setting);
        let configuration = setting.and_then(|setting| setting.configuration.as_ref());
        let merges_count =
            configuration.is_some_and(|configuration| configuration.pulls.resolved_when_merged);
        let mut tasks = store.tasks_by_id(tenant, &ticket.tasks).await?;
        tasks.retain(|task| task.finding.is_some() && task.ticket.as_ref() == Some(&ticket.id));
        let changed = told(&tasks, ticket, &untold, merges_count, self.core.clock.now());
        for saved in store.save_tasks(&changed).await {
            saved?;
        }
        if !changed.is_empty() || !untold.is_empty() {
            // Even if nothing changed: a function may have died between the tasks and what follows.
            let ids: Vec<TaskId> = tasks.iter().map(|task| task.id.clone()).collect();
            let tasks = store.tasks_by_id(tenant, &ids).await?;
            let also = [ticket.id.clone()];
            let plan = self.decide_by(tenant, &tasks, &settings, &also, None).await?;
            self.carry_out(tenant, plan, &BTreeSet::new()).await?;
        }
        Ok(untold)
    }
}

/// The tasks that change because of what became of pull requests.
fn told(
    tasks: &[Task],
    ticket: &Ticket,
    untold: &[(PullId, PullState)],
    merges_count: bool,
    now: Timestamp,
) -> Vec<Task> {
    let mut changed = Vec::new();
    for before in tasks {
        let mut task = before.clone();
        for followed in untold.iter().filter_map(|(id, _)| ticket.pulls.get(id)) {
            if !followed.is_about(&task.id) {
                continue;
            }
            if followed.pull.state == PullState::Merged {
                if merges_count {
                    task.fixed_by(&followed.pull, now);
                }
            } else if !is_fixed_otherwise(&task, ticket, followed) {
                task.unfixed_by(&followed.pull, now);
            }
        }
        if task != *before {
            changed.push(task);
        }
    }
    changed
}

/// Whether another pull request that is merged fixes the task, too.
fn is_fixed_otherwise(task: &Task, ticket: &Ticket, without: &Followed) -> bool {
    let fixes = |other: &&Followed| {
        other.pull.state == PullState::Merged
            && other.pull.url != without.pull.url
            && other.is_about(&task.id)
    };
    ticket.pulls.values().any(|other| fixes(&other))
}
