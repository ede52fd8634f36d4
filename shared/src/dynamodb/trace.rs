//! The trace of a ticket: the newest entries in its record, older ones in parts beside it.
//!
//! Entries are numbered from 0. Beside a ticket's record stands how many of its entries are in parts; each part has the
//! number of its first entry in its key. A part is written in one transaction with the record that loses its entries,
//! so that every entry is in exactly one place.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

use super::item::{self, Beside, decode, key_attributes, key_of, number, number_beside};
use super::keys::{self, Items};
use super::page::{Order, Page, check_limit, cursor_of, sort_key_of};
use super::write::{Change, replacement};
use super::{Store, failure};
use crate::ids::{TenantId, TicketId};
use crate::ticket::{TRACE_IN_RECORD, Ticket};
use crate::trace::Entry;
use crate::{Error, Result};

/// Beside a ticket's record: how many entries of its trace are in parts.
const ARCHIVED: &str = "archived";

/// A place in a trace: the number of the first entry of a part (or of the record), and how many to skip from there.
type Place = (u64, u64);

impl Store {
    /// Puts `ticket` in the place of its version `expected`, and `older` into a new part, both or neither.
    pub(super) async fn replace_and_archive(
        &self,
        ticket: &Ticket,
        older: Vec<Entry>,
        expected: u64,
        beside: Beside,
    ) -> Result<()> {
        let key = keys::ticket(&ticket.tenant, &ticket.id);
        let what = format!("save {key}");
        let stored = self.get_item(&key).await?.ok_or_else(|| failure::conflict(&what))?;
        let archived: u64 = number_beside(&stored, ARCHIVED).unwrap_or(0);
        let part_key = keys::trace_part(&ticket.tenant, &ticket.id, archived);
        let incomplete =
            |cause| Error::internal(format!("could not describe the write of {key}")).because(cause);
        let new = Change::new("", "attribute_not_exists(#pk)");
        let part = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item::item(&part_key, item::encode(&part_key, &older)?, Vec::new())))
            .set_expression_attribute_names(Some(new.names()))
            .condition_expression(new.condition)
            .build()
            .map_err(incomplete)?;
        let count = [(ARCHIVED, Some(number(archived + older.len() as u64)))];
        let beside = count.into_iter().chain(beside).collect();
        let change = replacement(item::encode(&key, ticket)?, expected, beside);
        let record = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key_attributes(&key)))
            .set_expression_attribute_names(Some(change.names()))
            .update_expression(change.update)
            .condition_expression(change.condition)
            .set_expression_attribute_values(Some(change.values))
            .build()
            .map_err(incomplete)?;
        let request = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(part).build())
            .transact_items(TransactWriteItem::builder().update(record).build());
        let Err(cause) = request.send().await else { return Ok(()) };
        if let SdkError::ServiceError(answer) = &cause
            && let TransactWriteItemsError::TransactionCanceledException(cancelled) = answer.err()
        {
            return Err(failure::cancelled(&what, cancelled.cancellation_reasons()));
        }
        Err(failure::failed(&what, cause))
    }

    /// A page of a ticket's whole trace, oldest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such ticket.
    pub async fn trace(
        &self,
        tenant: &TenantId,
        id: &TicketId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Entry>> {
        let limit = check_limit(limit)?;
        let items = keys::trace(tenant, id);
        let (part, skipped) = cursor.map(|cursor| place_of(cursor, &items)).transpose()?.unwrap_or_default();
        let first = part + skipped;
        // The ticket is read before the parts: entries that move meanwhile are then in both, and the parts that are
        // newer than the ticket as it was read are left aside.
        let stored = self
            .get_item(&keys::ticket(tenant, id))
            .await?
            .ok_or_else(|| Error::not_found(format!("there is no ticket {id}")))?;
        let archived: u64 = number_beside(&stored, ARCHIVED).unwrap_or(0);
        let ticket: Ticket = decode(stored)?;

        let mut taken: Vec<(Place, Entry)> = Vec::new();
        // Each part has at least half of what fits in a record.
        let parts = limit / (TRACE_IN_RECORD / 2) + 2;
        // Behind the part before the one that the cursor names, so that the query begins with that one.
        let mut behind = part.checked_sub(1).map(|before| keys::trace_part(tenant, id, before).sk);
        while taken.len() <= limit {
            let (found, last) = self.query(&items, Order::Rising, &Vec::new(), behind.take(), parts).await?;
            for item in found {
                let start = start_of(&item)?;
                if start < archived {
                    take(&mut taken, start, decode(item)?, first);
                }
            }
            match last {
                Some(last) => behind = Some(last),
                None => break,
            }
        }
        take(&mut taken, archived, ticket.trace, first);

        let next = taken.get(limit).map(|((part, number), _)| cursor_of(&sort_key(&items, *part, *number)));
        taken.truncate(limit);
        Ok(Page { items: taken.into_iter().map(|(_, entry)| entry).collect(), next })
    }
}

/// Adds the entries of a part that begins with number `start`, but for those before number `first`.
fn take(taken: &mut Vec<(Place, Entry)>, start: u64, entries: Vec<Entry>, first: u64) {
    let numbered = (0..).zip(entries).filter(|(number, _)| start + number >= first);
    taken.extend(numbered.map(|(number, entry)| ((start, number), entry)));
}

fn start_of(item: &item::Item) -> Result<u64> {
    let key = key_of(item);
    let number = key.sk.rsplit('#').next().and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| Error::internal(format!("the stored item {key} has no number in its key")))
}

fn sort_key(items: &Items, part: u64, skipped: u64) -> String {
    format!("{}{part:010}#{skipped}", items.beginning)
}

fn place_of(cursor: &str, items: &Items) -> Result<Place> {
    let sort_key = sort_key_of(cursor, items)?;
    let (part, skipped) = sort_key[items.beginning.len()..].split_once('#').unwrap_or_default();
    match (part.parse::<u32>(), skipped.parse::<u32>()) {
        (Ok(part), Ok(skipped)) => Ok((part.into(), skipped.into())),
        _ => Err(Error::invalid(
            "cursor",
            "the cursor is not one that this list gave; leave it out to begin anew",
        )),
    }
}
