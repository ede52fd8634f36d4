//! Planning carried out: what [`crate::plan`] decides is written, and tickets that are new or changed are asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Core;
use crate::Result;
use crate::error::Kind;
use crate::ids::{TaskId, TenantId, TicketId};
use crate::plan::{Plan, plan, ticket_id};
use crate::sqs::{Queue, SyncRequest};
use crate::task::{State, Task};
use crate::ticket::{State as TicketState, Ticket, Wanted};

/// Carries out plans.
#[derive(Clone)]
pub struct Planner {
    /// Table, time, randomness.
    pub core: Core,
    /// Where tickets are asked for.
    pub sync: Arc<dyn Queue<SyncRequest>>,
}

impl Planner {
    /// Decides for tasks as they will be once they are written. Nothing is written yet.
    pub async fn decide(&self, tenant: &TenantId, tasks: &[Task]) -> Result<Plan> {
        let settings = self.core.store.settings(tenant).await?;
        let considered: Vec<&Task> =
            tasks.iter().filter(|task| task.state == State::Open || task.ticket.is_some()).collect();
        if considered.is_empty() {
            return Ok(Plan::default());
        }
        let ids = considered.iter().map(|task| ticket_id(tenant, task)).collect::<Result<Vec<TicketId>>>()?;
        let tickets = self.core.store.tickets(tenant, &ids).await?;
        plan(tenant, tasks, &settings, &tickets, self.core.clock.now())
    }

    /// Writes the wishes. To be done after the tasks are written.
    pub async fn close(&self, tenant: &TenantId, plan: &Plan) -> Result<()> {
        let mut requests = Vec::new();
        for ticket in &plan.changed {
            if self.wish(ticket).await? {
                requests.push(SyncRequest { tenant: tenant.clone(), ticket: ticket.id.clone() });
            }
        }
        self.sync.send_all(&requests, None).await
    }

    async fn wish(&self, planned: &Ticket) -> Result<bool> {
        let mut next = planned.clone();
        for _ in 0..5 {
            match self.core.store.save_ticket(&mut next).await {
                Ok(()) => return Ok(true),
                Err(error) if *error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
            // A worker wrote meanwhile: put the wish onto what it wrote.
            let Some(current) = self.core.store.ticket(&planned.tenant, &planned.id).await? else {
                return Ok(false);
            };
            let ended = matches!(current.state, TicketState::Closed { .. } | TicketState::Gone { .. });
            if ended || current.wanted == planned.wanted || planned.wanted == Wanted::Open {
                return Ok(!ended);
            }
            next = current;
            next.want_closed(self.core.clock.now());
        }
        // The next evaluation wishes again, since it looks after tasks that were resolved not long ago.
        Ok(false)
    }

    /// Writes new tickets and asks for them. To be done after the tasks are written.
    pub async fn open(&self, tenant: &TenantId, plan: &Plan) -> Result<()> {
        let put = self.core.store.put_new_tickets(&plan.new).await;
        let mut requests = Vec::new();
        let mut failed = None;
        for (ticket, put) in plan.new.iter().zip(put) {
            match put {
                Ok(true) => requests.push(SyncRequest { tenant: tenant.clone(), ticket: ticket.id.clone() }),
                // It was there already: it has had its request, or gets it from the outbox.
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        }
        self.sync.send_all(&requests, None).await?;
        failed.map_or(Ok(()), Err)
    }

    /// The links of a plan by task, to be written with the tasks.
    pub fn links(plan: &Plan) -> BTreeMap<&TaskId, &TicketId> {
        plan.links.iter().map(|(task, ticket)| (task, ticket)).collect()
    }

    /// Plans for tasks that are in the table: after a setting was saved.
    pub async fn plan_stored(&self, tenant: &TenantId, tasks: &[Task]) -> Result<()> {
        let plan = self.decide(tenant, tasks).await?;
        self.close(tenant, &plan).await?;
        for (task, ticket) in &plan.links {
            self.core.store.link_task(tenant, task, ticket).await?;
        }
        self.open(tenant, &plan).await
    }
}
