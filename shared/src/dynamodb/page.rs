//! Pages of lists.
//!
//! A cursor is the sort key of the last item that was given, in base 64. The partition always comes from the caller's
//! own tenant, so that a cursor of somebody else can read nothing of theirs.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;

use super::item::{Item, decode, key_attributes, key_of, text};
use super::keys::{Items, Key};
use super::write::names;
use super::{Store, failure};
use crate::{Error, Result};

/// The longest page that can be asked for, in items.
pub const LONGEST_PAGE: usize = 200;

/// How many items a filtered list looks at in one call to the table.
const LOOKED_AT: usize = 500;

/// How many calls to the table a filtered list makes before it gives a shorter page and a cursor to go on with.
const CALLS: usize = 20;

/// A part of a list, and how to go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// What to give as the cursor for the next page; none when this is the last. A page may be short, or even empty,
    /// and yet not the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page with each item changed by `change`.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// Which items of a list are wanted: those whose record has these texts in these fields.
pub(super) type Filter<'a> = Vec<(&'static str, &'a str)>;

/// Which records of a list are wanted, where equal texts do not say it.
pub type Which<'a, T> = &'a (dyn Fn(&T) -> bool + Sync);

/// In which order a list goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    /// By rising sort key.
    Rising,
    /// By falling sort key.
    Falling,
}

/// A cursor that goes on behind `sort_key`.
pub(super) fn cursor_of(sort_key: &str) -> String {
    BASE64URL_NOPAD.encode(sort_key.as_bytes())
}

/// The sort key in a cursor, which must be one of `items`.
pub(super) fn sort_key_of(cursor: &str, items: &Items) -> Result<String> {
    let refuse =
        || Error::invalid("cursor", "the cursor is not one that this list gave; leave it out to begin anew");
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| refuse())?;
    let sort_key = String::from_utf8(bytes).map_err(|_| refuse())?;
    let is_rest = |rest: &str| {
        (1..=300).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:#".contains(&byte))
    };
    match sort_key.strip_prefix(&items.beginning) {
        Some(rest) if is_rest(rest) => Ok(sort_key),
        _ => Err(refuse()),
    }
}

/// `limit` if it is one that may be asked for.
pub(super) fn check_limit(limit: usize) -> Result<usize> {
    if (1..=LONGEST_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::invalid("limit", format!("limit must be 1 to {LONGEST_PAGE}, not {limit}")))
    }
}

impl Store {
    /// A page of the records of `items`.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        items: &Items,
        order: Order,
        filter: &Filter<'_>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<T>> {
        self.list_wanted(items, order, filter, None, cursor, limit).await
    }

    /// A page of those records of `items` that are `wanted`; of all, if none says which.
    pub(super) async fn list_wanted<T: DeserializeOwned>(
        &self,
        items: &Items,
        order: Order,
        filter: &Filter<'_>,
        wanted: Option<Which<'_, T>>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<T>> {
        let limit = check_limit(limit)?;
        let is_filtered = !filter.is_empty() || wanted.is_some();
        let mut behind = cursor.map(|cursor| sort_key_of(cursor, items)).transpose()?;
        let mut found: Vec<(String, T)> = Vec::new();
        for _ in 0..CALLS {
            let look_at = if is_filtered { LOOKED_AT } else { limit + 1 - found.len() };
            let (more, last) = self.query(items, order, filter, behind.take(), look_at).await?;
            for item in more {
                let sk = key_of(&item).sk;
                let record: T = decode(item)?;
                if wanted.is_none_or(|wanted| wanted(&record)) {
                    found.push((sk, record));
                }
            }
            behind = last;
            if found.len() > limit || behind.is_none() {
                break;
            }
        }
        if found.len() > limit {
            found.truncate(limit);
            behind = found.last().map(|(sk, _)| sk.clone());
        }
        let next = behind.as_deref().map(cursor_of);
        Ok(Page { items: found.into_iter().map(|(_, record)| record).collect(), next })
    }

    /// All records of `items`, however many.
    pub(super) async fn all<T: DeserializeOwned>(&self, items: &Items) -> Result<Vec<T>> {
        let mut records = Vec::new();
        let mut behind = None;
        loop {
            // A call ends at 1 MB by itself.
            let (found, last) = self.query(items, Order::Rising, &Vec::new(), behind, 10_000).await?;
            for item in found {
                records.push(decode(item)?);
            }
            match last {
                Some(last) => behind = Some(last),
                None => return Ok(records),
            }
        }
    }

    /// One call to the table: items behind the sort key `behind`, and the sort key to go on behind, if there is more.
    pub(super) async fn query(
        &self,
        items: &Items,
        order: Order,
        filter: &Filter<'_>,
        behind: Option<String>,
        look_at: usize,
    ) -> Result<(Vec<Item>, Option<String>)> {
        let condition = "#pk = :pk AND begins_with(#sk, :beginning)";
        let mut values: HashMap<String, AttributeValue> =
            [(":pk".to_owned(), text(&items.pk)), (":beginning".to_owned(), text(&items.beginning))].into();
        let mut wanted = Vec::new();
        for (field, value) in filter {
            wanted.push(format!("#record.#{field} = :{field}"));
            values.insert(format!(":{field}"), text(*value));
        }
        let wanted = wanted.join(" AND ");
        let start = behind.map(|sk| key_attributes(&Key { pk: items.pk.clone(), sk }));
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .consistent_read(true)
            .scan_index_forward(order == Order::Rising)
            .key_condition_expression(condition)
            .set_expression_attribute_names(Some(names(&[condition, &wanted])))
            .set_filter_expression(Some(wanted).filter(|wanted| !wanted.is_empty()))
            .set_expression_attribute_values(Some(values))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(look_at).unwrap_or(i32::MAX));
        let answer =
            request.send().await.map_err(|cause| failure::failed(&format!("list {items}"), cause))?;
        let last = answer.last_evaluated_key.as_ref().map(|key| key_of(key).sk);
        Ok((answer.items.unwrap_or_default(), last))
    }
}
