//! Tasks.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};

use super::keys;
use super::page::{Order, Page, Which};
use super::write::{Change, Written};
use super::{CONCURRENCY, Store, failure, item};
use crate::check::CheckId;
use crate::ids::{TaskId, TenantId};
use crate::plan::Link;
use crate::task::{State, Task};
use crate::{Error, Result};

/// Which tasks are listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TaskFilter {
    /// Only those of this check.
    pub check: Option<CheckId>,
    /// Only those in this state.
    pub state: Option<State>,
}

impl Store {
    /// All tasks of a check, open and resolved, but those about findings: there may be hundreds of thousands of those.
    pub async fn tasks_of(&self, tenant: &TenantId, check: CheckId) -> Result<Vec<Task>> {
        let items = keys::tasks(tenant, Some(check));
        let (mut tasks, mut behind) = (Vec::new(), None);
        loop {
            // A call ends at 1 MB by itself.
            let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind, 10_000).await?;
            for item in found {
                let task: Task = item::decode(item)?;
                if task.finding.is_none() {
                    tasks.push(task);
                }
            }
            if last.is_none() {
                return Ok(tasks);
            }
            behind = last;
        }
    }

    /// The task with this id.
    pub async fn task(&self, tenant: &TenantId, id: &TaskId) -> Result<Option<Task>> {
        self.get(&keys::task(tenant, id)).await
    }

    /// The tasks with these ids that exist, each once, by id.
    pub async fn tasks_by_id(&self, tenant: &TenantId, ids: &[TaskId]) -> Result<Vec<Task>> {
        let keys: BTreeSet<keys::Key> = ids.iter().map(|id| keys::task(tenant, id)).collect();
        let mut found: Vec<Task> = self.get_many(&keys, &format!("tasks of {tenant}")).await?;
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    /// A page of a tenant's tasks, by id, that is, by check.
    pub async fn list_tasks(
        &self,
        tenant: &TenantId,
        filter: TaskFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Task>> {
        self.list_wanted_tasks(tenant, filter, None, cursor, limit).await
    }

    /// The same of those tasks that are `wanted`. The page may be short, or even empty, and yet not the last.
    pub async fn list_wanted_tasks(
        &self,
        tenant: &TenantId,
        filter: TaskFilter,
        wanted: Option<Which<'_, Task>>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Task>> {
        let state = filter.state.map(|state| ("state", state.word()));
        let items = keys::tasks(tenant, filter.check);
        self.list_wanted(&items, Order::Rising, &state.into_iter().collect(), wanted, cursor, limit).await
    }

    /// Saves tasks, each by itself, at most 16 at the same time; the results are in the tasks' order. The table has
    /// version + 1 of each afterwards; read them again to save them again.
    ///
    /// | version given | stored | then |
    /// |---|---|---|
    /// | 0 | nothing | put as version 1 |
    /// | n > 0 | version n | replaced, version n + 1 |
    /// | any | what this call writes | nothing; success, the answer to a first attempt was lost |
    /// | any | anything else | nothing; `Conflict` |
    pub async fn save_tasks(&self, tasks: &[Task]) -> Vec<Result<()>> {
        let writes: Vec<_> = tasks.iter().map(|task| self.save_task(task)).collect();
        stream::iter(writes).buffered(CONCURRENCY).collect().await
    }

    async fn save_task(&self, task: &Task) -> Result<()> {
        let next = Task { version: task.version + 1, ..task.clone() };
        let key = keys::task(&task.tenant, &task.id);
        if task.version > 0 {
            return self.replace(&key, &next, task.version, Vec::new()).await;
        }
        self.make(&key, &next, Vec::new()).await
    }

    /// Notes which ticket stands for a task.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the task, with the ticket that it is to leave | linked, version + 1 |
    /// | the task, with the ticket that it is to get | nothing; success |
    /// | the task, with any other ticket | nothing; `Conflict` |
    /// | nothing | nothing; `NotFound` |
    pub async fn link_task(&self, tenant: &TenantId, link: &Link) -> Result<()> {
        let key = keys::task(tenant, &link.task);
        let (is_as_decided, from) = match &link.from {
            Some(from) => ("#record.#ticket = :from", from.as_str()),
            // A task without a ticket has null in its place: no text.
            None => ("NOT attribute_type(#record.#ticket, :from)", "S"),
        };
        let update = "SET #record.#ticket = :ticket, #record.#version = #record.#version + :one";
        let change = Change::new(update, format!("attribute_exists(#pk) AND {is_as_decided}"))
            .value(":ticket", item::text(link.to.as_str()))
            .value(":one", item::number(1))
            .value(":from", item::text(from));
        match self.update(&key, change).await? {
            Written::Done => Ok(()),
            Written::Refused(Some(stored)) => {
                let stored: Task = item::decode(stored)?;
                if stored.ticket.as_ref() == Some(&link.to) {
                    Ok(())
                } else {
                    Err(failure::conflict(&format!("link {key}")))
                }
            }
            Written::Refused(None) => Err(Error::not_found(format!("there is no task {}", link.task))),
        }
    }
}
