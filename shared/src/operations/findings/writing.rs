//! Writing the tasks of findings, and planning their tickets.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::error::Kind;
use crate::finding::incoming::Incoming;
use crate::finding::taking::{Became, Taking};
use crate::ids::{TaskId, TenantId, TicketId};
use crate::plan::Plan;
use crate::task::Task;
use crate::{Error, Result, finding};

/// How often what others wrote meanwhile is decided again.
const ATTEMPTS: u32 = 6;

/// What was written of a batch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Written {
    /// How many findings are new.
    pub created: u64,
    /// How many are told otherwise than before.
    pub updated: u64,
    /// How many are as they were.
    pub unchanged: u64,
    /// How many are to be done again.
    pub reopened: u64,
}

impl Findings {
    /// Takes findings in onto their stored tasks. Where somebody else wrote a task meanwhile, it is decided again.
    pub(super) async fn write_batch(
        &self,
        taking: &Taking<'_>,
        findings: &[(u64, Incoming)],
    ) -> Result<Written> {
        let mut left: BTreeMap<TaskId, &Incoming> = BTreeMap::new();
        for (_, incoming) in findings {
            left.insert(finding::id(taking.tenant, taking.source, &incoming.fingerprint)?, incoming);
        }
        let mut written = Written::default();
        for _ in 0..ATTEMPTS {
            if left.is_empty() {
                return Ok(written);
            }
            let ids: Vec<TaskId> = left.keys().cloned().collect();
            let stored = self.planner.core.store.tasks_by_id(taking.tenant, &ids).await?;
            let stored: BTreeMap<&TaskId, &Task> = stored.iter().map(|task| (&task.id, task)).collect();
            let (mut changed, mut as_they_are, mut became) = (Vec::new(), Vec::new(), BTreeMap::new());
            for (id, incoming) in &left {
                let (kind, task) = taking.take(stored.get(id).copied(), incoming)?;
                became.insert(id.clone(), kind);
                match (task, stored.get(id)) {
                    (Some(task), _) => changed.push(task),
                    // Whoever wrote it may have died before its ticket was planned.
                    (None, Some(task)) => as_they_are.push((*task).clone()),
                    (None, None) => {}
                }
            }
            let contested = self.write_tasks(taking.tenant, changed, as_they_are).await?;
            for (id, kind) in became.iter().filter(|(id, _)| !contested.contains(id)) {
                left.remove(id);
                match kind {
                    Became::Created => written.created += 1,
                    Became::Updated => written.updated += 1,
                    Became::Reopened => written.reopened += 1,
                    Became::Unchanged => written.unchanged += 1,
                }
            }
        }
        if left.is_empty() {
            return Ok(written);
        }
        Err(Error::unavailable("the findings are being written by others at this moment; send them again"))
    }

    /// Writes tasks and plans their tickets, and those of `others`, in the order that survives a crash. Returns which tasks
    /// somebody else wrote meanwhile: nothing follows from those.
    pub(super) async fn write_tasks(
        &self,
        tenant: &TenantId,
        mut changed: Vec<Task>,
        others: Vec<Task>,
    ) -> Result<BTreeSet<TaskId>> {
        let after: Vec<Task> = changed.iter().chain(&others).cloned().collect();
        let mut plan = self.planner.decide(tenant, &after).await?;
        let linked = link(&mut changed, &plan);
        let (mut contested, mut forgotten) = (BTreeSet::new(), BTreeSet::new());
        for (task, saved) in changed.iter().zip(self.planner.core.store.save_tasks(&changed).await) {
            match saved {
                Ok(()) => {}
                Err(error) if *error.kind() == Kind::Conflict => {
                    contested.insert(task.id.clone());
                    forgotten.extend(plan.forget(&task.id));
                }
                Err(error) => return Err(error),
            }
        }
        self.planner.carry_out(tenant, plan, &linked).await?;
        let forgotten: Vec<TaskId> = forgotten.into_iter().filter(|id| !contested.contains(id)).collect();
        if !forgotten.is_empty() {
            let tasks = self.planner.core.store.tasks_by_id(tenant, &forgotten).await?;
            self.planner.plan_stored(tenant, &tasks).await?;
        }
        Ok(contested)
    }

    /// Changes one task by `change`, which says whether it did, and plans what follows, also where nothing changed: a
    /// request that is repeated may repeat one that died before it planned.
    pub(super) async fn change_task(
        &self,
        tenant: &TenantId,
        id: &TaskId,
        change: impl Fn(&mut Task) -> Result<bool>,
    ) -> Result<Task> {
        let store = &self.planner.core.store;
        for _ in 0..ATTEMPTS {
            let stored = store.task(tenant, id).await?.filter(|task| task.finding.is_some());
            let missing =
                || Error::not_found(format!("there is no finding {id}; `GET /v1/findings` lists them"));
            let mut task = stored.ok_or_else(missing)?;
            let (changed, others) =
                if change(&mut task)? { (vec![task], Vec::new()) } else { (Vec::new(), vec![task]) };
            if self.write_tasks(tenant, changed, others).await?.is_empty() {
                return store.task(tenant, id).await?.ok_or_else(missing);
            }
        }
        Err(Error::conflict(format!("finding {id} is being changed by others; try again")))
    }
}

/// Puts the plan's links of tasks that have no ticket yet into the tasks, which are written anyway. Returns which ones.
fn link(changed: &mut [Task], plan: &Plan) -> BTreeSet<TaskId> {
    let first = plan.links.iter().filter(|link| link.from.is_none());
    let mut first: BTreeMap<&TaskId, &TicketId> = first.map(|link| (&link.task, &link.to)).collect();
    let mut written = BTreeSet::new();
    for task in changed {
        if let Some(ticket) = first.remove(&task.id) {
            task.ticket = Some(ticket.clone());
            written.insert(task.id.clone());
        }
    }
    written
}
