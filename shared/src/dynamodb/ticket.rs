//! Tickets: one writer at a time by version, found by id, by issue, or by being due.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::due::due_beside;
use super::item::{Beside, decode, encode, key_attributes, key_of, number, text};
use super::keys::{self, DueKind, ISSUE_INDEX, ISSUE_PK, ISSUE_SK};
use super::page::{Order, Page, Which};
use super::write::{Change, Written, names};
use super::{CONCURRENCY, Store, failure};
use crate::Result;
use crate::ids::{CloudId, IssueId, SettingId, TenantId, TicketId};
use crate::ticket::tally::{Stage, Standing, Tally};
use crate::ticket::{TRACE_IN_RECORD, Ticket};

/// Which tickets are listed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TicketFilter {
    /// Only those in the state of this word, as [`crate::ticket::State::word`] gives it.
    pub state: Option<String>,
    /// Only those of this sync setting.
    pub setting: Option<SettingId>,
}

/// The parts of a ticket by which it is named and due.
#[derive(Deserialize)]
struct DueTicket {
    tenant: TenantId,
    id: TicketId,
    due_at: Timestamp,
}

/// The parts of a ticket that are counted.
const COUNTED: &str = "#pk, #sk, #record.#state, #record.#content.#due_on, #record.#problem.#since";

/// Those parts, as they stand in the record.
#[derive(Deserialize)]
struct CountedTicket {
    state: Stage,
    #[serde(default)]
    content: CountedContent,
    problem: Option<CountedProblem>,
}

#[derive(Default, Deserialize)]
struct CountedContent {
    #[serde(default)]
    due_on: Option<Date>,
}

#[derive(Deserialize)]
struct CountedProblem {}

impl Store {
    /// Puts new tickets, each by itself and as version 1, at most 16 at the same time; the results are in the tickets'
    /// order and say whether each is new.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put; true |
    /// | a ticket with this id | nothing; false |
    pub async fn put_new_tickets(&self, tickets: &[Ticket]) -> Vec<Result<bool>> {
        let writes: Vec<_> = tickets.iter().map(|ticket| self.put_new_ticket(ticket)).collect();
        stream::iter(writes).buffered(CONCURRENCY).collect().await
    }

    async fn put_new_ticket(&self, ticket: &Ticket) -> Result<bool> {
        let first = Ticket { version: 1, ..ticket.clone() };
        self.put_new(&keys::ticket(&ticket.tenant, &ticket.id), &first, beside(&first)).await
    }

    /// Saves a ticket, and raises its version here and in the table. Once it has an issue and a cloud id, it can be found
    /// by them.
    ///
    /// A trace that has grown too long is cut: its older half moves to an item of its own in the same transaction, and
    /// out of `ticket`. When the save fails, `ticket` is as it was, its trace whole.
    ///
    /// | stored | then |
    /// |---|---|
    /// | the same version | replaced, version + 1 |
    /// | another version, or nothing | nothing; `Conflict` |
    ///
    /// A save may be the claim to create an issue, so that this one, unlike those of other nouns, is never taken as done
    /// because its result is there already: two workers must not both be told so.
    pub async fn save_ticket(&self, ticket: &mut Ticket) -> Result<()> {
        let mut next = Ticket { version: ticket.version + 1, ..ticket.clone() };
        let beside = beside(&next);
        if next.trace.len() > TRACE_IN_RECORD {
            let older: Vec<_> = next.trace.drain(..ticket.trace.len() - TRACE_IN_RECORD / 2).collect();
            self.replace_and_archive(&next, older, ticket.version, beside).await?;
        } else {
            let key = keys::ticket(&next.tenant, &next.id);
            self.replace_once(&key, &next, ticket.version, beside).await?;
        }
        *ticket = next;
        Ok(())
    }

    /// The ticket with this id.
    pub async fn ticket(&self, tenant: &TenantId, id: &TicketId) -> Result<Option<Ticket>> {
        self.get(&keys::ticket(tenant, id)).await
    }

    /// The tickets with these ids that exist, each once, by id.
    pub async fn tickets(&self, tenant: &TenantId, ids: &[TicketId]) -> Result<Vec<Ticket>> {
        let keys: BTreeSet<keys::Key> = ids.iter().map(|id| keys::ticket(tenant, id)).collect();
        let mut found: Vec<Ticket> = self.get_many(&keys, &format!("tickets of {tenant}")).await?;
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    /// A page of a tenant's tickets, by id.
    pub async fn list_tickets(
        &self,
        tenant: &TenantId,
        filter: &TicketFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Ticket>> {
        self.list_wanted_tickets(tenant, filter, None, cursor, limit).await
    }

    /// The same of those tickets that are `wanted`. The page may be short, or even empty, and yet not the last.
    pub async fn list_wanted_tickets(
        &self,
        tenant: &TenantId,
        filter: &TicketFilter,
        which: Option<Which<'_, Ticket>>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Ticket>> {
        let state = filter.state.as_deref().map(|word| ("state", word));
        let setting = filter.setting.as_ref().map(|setting| ("setting", setting.as_str()));
        let wanted = state.into_iter().chain(setting).collect();
        self.list_wanted(&keys::tickets(tenant), Order::Rising, &wanted, which, cursor, limit).await
    }

    /// Counts tickets into `tally`, by id from behind the sort key `behind` on, in one call that looks at 1 MB of them. Gives where
    /// to go on; nothing at the end. What is counted may be some seconds old.
    ///
    /// Only what is counted comes over the wire, about 200 bytes of a ticket; but the table charges for whole tickets: one
    /// read unit for 8 KB, so that 10,000 tickets of 3 KB cost about 3,750 units and 30 calls. A partition gives 3,000
    /// units a second, of which whoever else reads this tenant's tickets needs some.
    ///
    /// Source: Amazon DynamoDB, "Read consistency" and "Partitions and data distribution"; "Query: projection expressions do
    /// not affect how much read capacity is consumed".
    pub async fn count_tickets(
        &self,
        tenant: &TenantId,
        today: Date,
        behind: Option<String>,
        tally: &mut Tally,
    ) -> Result<Option<String>> {
        let items = keys::tickets(tenant);
        let start = behind.map(|sk| key_attributes(&keys::Key { pk: items.pk.clone(), sk }));
        let condition = "#pk = :pk AND begins_with(#sk, :beginning)";
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression(condition)
            .projection_expression(COUNTED)
            .set_expression_attribute_names(Some(names(&[condition, COUNTED])))
            .expression_attribute_values(":pk", text(&items.pk))
            .expression_attribute_values(":beginning", text(&items.beginning))
            .set_exclusive_start_key(start);
        let answer =
            request.send().await.map_err(|cause| failure::failed(&format!("count {items}"), cause))?;
        for item in answer.items.unwrap_or_default() {
            let CountedTicket { state, content, problem } = decode(item)?;
            let standing = Standing { stage: state, due_on: content.due_on, has_problem: problem.is_some() };
            tally.take(&standing, today);
        }
        Ok(answer.last_evaluated_key.as_ref().map(|key| key_of(key).sk))
    }

    /// The ticket that stands for an issue of a site, if one does. The answer may be
    /// some milliseconds old.
    pub async fn ticket_by_issue(
        &self,
        tenant: &TenantId,
        cloud: &CloudId,
        issue: &IssueId,
    ) -> Result<Option<Ticket>> {
        let condition = "#issue_pk = :issue";
        let partition = keys::issue(tenant, cloud, issue);
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(ISSUE_INDEX)
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names(&[condition])))
            .expression_attribute_values(":issue", text(&partition))
            .limit(1);
        let answer = request.send().await;
        let answer =
            answer.map_err(|cause| failure::failed(&format!("find the ticket of {partition}"), cause))?;
        answer.items.unwrap_or_default().pop().map(decode).transpose()
    }

    /// Writes into each ticket of an issue that Jira delivered a change of it at `now`: it is due now. Returns their ids;
    /// each must be asked for. The index may be some milliseconds old; a ticket whose issue was made just now is still in
    /// its worker's hands.
    ///
    /// | stored | then |
    /// |---|---|
    /// | a ticket | heard and due at `now`, version + 1: whoever works on it reads it again before it saves |
    /// | nothing | nothing |
    pub async fn hear_issue(
        &self,
        tenant: &TenantId,
        cloud: &CloudId,
        issue: &IssueId,
        now: Timestamp,
    ) -> Result<Vec<TicketId>> {
        let condition = "#issue_pk = :issue";
        let parts = "#issue_sk";
        let partition = keys::issue(tenant, cloud, issue);
        let mut heard = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .client
                .query()
                .table_name(&*self.table)
                .index_name(ISSUE_INDEX)
                .key_condition_expression(condition)
                .projection_expression(parts)
                .set_expression_attribute_names(Some(names(&[condition, parts])))
                .expression_attribute_values(":issue", text(&partition))
                .set_exclusive_start_key(start.take());
            let answer = request
                .send()
                .await
                .map_err(|cause| failure::failed(&format!("find the tickets of {partition}"), cause))?;
            for item in answer.items.unwrap_or_default() {
                let id = item.get(ISSUE_SK).and_then(|id| id.as_s().ok()).map(|id| TicketId::parse(id));
                if let Some(Ok(id)) = id
                    && self.hear_ticket(tenant, &id, now).await?
                {
                    heard.push(id);
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(heard);
            }
        }
    }

    async fn hear_ticket(&self, tenant: &TenantId, id: &TicketId, now: Timestamp) -> Result<bool> {
        let key = keys::ticket(tenant, id);
        let update = "SET #record.#heard_at = :now, #record.#due_at = :now, \
             #record.#version = #record.#version + :one";
        let change = Change::new(update, "attribute_exists(#pk)")
            .value(":now", encode(&key, &now)?)
            .value(":one", number(1))
            .beside(due_beside(DueKind::Ticket, tenant, id.as_str(), Some(now)));
        Ok(matches!(self.update(&key, change).await?, Written::Done))
    }

    /// Tickets of one shard that are due at `now`, longest due first, with the time that each was due. A worker takes the
    /// lease in the ticket itself.
    pub async fn due_tickets(
        &self,
        shard: u8,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(TenantId, TicketId, Timestamp)>> {
        let due: Vec<DueTicket> = self.due(DueKind::Ticket, shard, now, limit).await?;
        Ok(due.into_iter().map(|it| (it.tenant, it.id, it.due_at)).collect())
    }

    /// Moves the time at which a ticket is due from `expected` to `next`, after it was asked for: so that those behind it
    /// have their turn. Whether it did.
    pub async fn defer_ticket(
        &self,
        tenant: &TenantId,
        id: &TicketId,
        expected: Timestamp,
        next: Timestamp,
    ) -> Result<bool> {
        let key = keys::ticket(tenant, id);
        self.claim(DueKind::Ticket, (tenant, id.as_str()), &key, expected, next).await
    }
}

/// The index attributes of a ticket.
fn beside(ticket: &Ticket) -> Beside {
    let mut beside = due_beside(DueKind::Ticket, &ticket.tenant, ticket.id.as_str(), ticket.due_at);
    let issue = ticket.cloud_id.as_ref().zip(ticket.state.issue());
    let partition = issue.map(|(cloud, issue)| text(keys::issue(&ticket.tenant, cloud, &issue.id)));
    beside.push((ISSUE_SK, partition.as_ref().map(|_| text(ticket.id.as_str()))));
    beside.push((ISSUE_PK, partition));
    beside
}
