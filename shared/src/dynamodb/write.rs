//! Writing and reading single items, with the conditions that all nouns share.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::item::{Beside, Item, RECORD, decode, encode, item, key_attributes, number};
use super::keys::Key;
use super::{Store, failure};
use crate::Result;

/// What became of a conditional write.
#[derive(Debug)]
pub(super) enum Written {
    /// It is in the table.
    Done,
    /// Its condition does not hold; the item that stands there, if one does.
    Refused(Option<Item>),
}

/// A change of an item, or the condition of one. Names in the expressions are written `#name`, values `:name`.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) update: String,
    pub(super) condition: String,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Change {
    pub(super) fn new(update: impl Into<String>, condition: impl Into<String>) -> Self {
        Self { update: update.into(), condition: condition.into(), values: HashMap::new() }
    }

    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Sets and removes what stands beside the record; must be called last, for `REMOVE` ends the expression.
    pub(super) fn beside(mut self, beside: Beside) -> Self {
        let mut removed = Vec::new();
        for (name, value) in beside {
            match value {
                Some(value) => {
                    self.update.extend([", #", name, " = :", name]);
                    self.values.insert(format!(":{name}"), value);
                }
                None => removed.push(format!("#{name}")),
            }
        }
        if !removed.is_empty() {
            self.update.push_str(" REMOVE ");
            self.update.push_str(&removed.join(", "));
        }
        self
    }

    /// The names that the expressions use.
    pub(super) fn names(&self) -> HashMap<String, String> {
        names(&[&self.update, &self.condition])
    }
}

/// The names that `expressions` use: every `#name` in them stands for the attribute `name`.
pub(super) fn names(expressions: &[&str]) -> HashMap<String, String> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    expressions
        .iter()
        .flat_map(|expression| expression.split('#').skip(1))
        .map(|rest| rest.split(|character| !is_name(character)).next().unwrap_or_default())
        .map(|name| (format!("#{name}"), name.to_owned()))
        .collect()
}

/// The change that puts a record in the place of its version `expected`.
pub(super) fn replacement(record: AttributeValue, expected: u64, beside: Beside) -> Change {
    Change::new("SET #record = :record", "#record.#version = :expected")
        .value(":record", record)
        .value(":expected", number(expected))
        .beside(beside)
}

impl Store {
    /// The record at `key`.
    pub(super) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        self.get_item(key).await?.map(decode).transpose()
    }

    /// The item at `key`.
    pub(super) async fn get_item(&self, key: &Key) -> Result<Option<Item>> {
        let request = self.client.get_item().table_name(&*self.table).consistent_read(true);
        let answer = request.set_key(Some(key_attributes(key))).send().await;
        Ok(answer.map_err(|cause| failure::failed(&format!("read {key}"), cause))?.item)
    }

    /// Puts a record where there is none, and says whether it did.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put; true |
    /// | anything | nothing; false |
    ///
    /// False is also the answer to a call that was repeated because its first answer was lost.
    pub(super) async fn put_new(&self, key: &Key, record: &impl Serialize, beside: Beside) -> Result<bool> {
        let item = item(key, encode(key, record)?, beside);
        Ok(matches!(self.put(item, Change::new("", "attribute_not_exists(#pk)"), key).await?, Written::Done))
    }

    /// Puts a record that must be new.
    ///
    /// | stored | then |
    /// |---|---|
    /// | nothing | put |
    /// | this very record | nothing; success: this is the repetition of a call whose answer was lost |
    /// | another record | nothing; `Conflict` |
    pub(super) async fn make(&self, key: &Key, record: &impl Serialize, beside: Beside) -> Result<()> {
        let record = encode(key, record)?;
        let item = item(key, record.clone(), beside);
        match self.put(item, Change::new("", "attribute_not_exists(#pk)"), key).await? {
            Written::Done => Ok(()),
            Written::Refused(stored) if holds(stored.as_ref(), &record) => Ok(()),
            Written::Refused(_) => Err(failure::exists(key)),
        }
    }

    /// Makes a record that was never saved, version 0, or puts it in the place of its version `expected`, as [`Store::make`]
    /// and [`Store::replace`] do. `record` has the next version already.
    pub(super) async fn save(
        &self,
        key: &Key,
        record: &impl Serialize,
        expected: u64,
        beside: Beside,
    ) -> Result<()> {
        if expected == 0 {
            self.make(key, record, beside).await
        } else {
            self.replace(key, record, expected, beside).await
        }
    }

    /// Puts a record in the place of its version `expected`. `record` has the next version already.
    ///
    /// | stored | then |
    /// |---|---|
    /// | version `expected` | replaced |
    /// | this very record | nothing; success: this is the repetition of a call whose answer was lost |
    /// | another version, or nothing | nothing; `Conflict` |
    pub(super) async fn replace(
        &self,
        key: &Key,
        record: &impl Serialize,
        expected: u64,
        beside: Beside,
    ) -> Result<()> {
        let record = encode(key, record)?;
        match self.update(key, replacement(record.clone(), expected, beside)).await? {
            Written::Done => Ok(()),
            Written::Refused(stored) if holds(stored.as_ref(), &record) => Ok(()),
            Written::Refused(_) => Err(failure::conflict(&format!("save {key}"))),
        }
    }

    /// The same as [`Self::replace`], but whoever finds this very record there is told `Conflict`, too: for claims.
    pub(super) async fn replace_once(
        &self,
        key: &Key,
        record: &impl Serialize,
        expected: u64,
        beside: Beside,
    ) -> Result<()> {
        match self.update(key, replacement(encode(key, record)?, expected, beside)).await? {
            Written::Done => Ok(()),
            Written::Refused(_) => Err(failure::conflict(&format!("save {key}"))),
        }
    }

    /// Puts an item under the condition of `change`.
    pub(super) async fn put(&self, item: Item, change: Change, key: &Key) -> Result<Written> {
        let names = change.names();
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_condition_expression(Some(change.condition).filter(|condition| !condition.is_empty()))
            .set_expression_attribute_names(some(names))
            .set_expression_attribute_values(some(change.values));
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(cause) => match cause.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(Written::Refused(refusal.item.clone()))
                }
                _ => Err(failure::failed(&format!("write {key}"), cause)),
            },
        }
    }

    /// Updates an item.
    pub(super) async fn update(&self, key: &Key, change: Change) -> Result<Written> {
        let names = change.names();
        let request = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key_attributes(key)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .update_expression(change.update)
            .set_condition_expression(Some(change.condition).filter(|condition| !condition.is_empty()))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(some(change.values));
        match request.send().await {
            Ok(_) => Ok(Written::Done),
            Err(cause) => match cause.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    Ok(Written::Refused(refusal.item.clone()))
                }
                _ => Err(failure::failed(&format!("update {key}"), cause)),
            },
        }
    }

    /// Deletes an item under a condition, if one is given, and returns what stood there; none if the condition failed.
    pub(super) async fn delete(&self, key: &Key, change: Change) -> Result<Option<Item>> {
        let names = change.names();
        let request = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(key_attributes(key)))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld)
            .set_condition_expression(Some(change.condition).filter(|condition| !condition.is_empty()))
            .set_expression_attribute_names(some(names))
            .set_expression_attribute_values(some(change.values));
        match request.send().await {
            Ok(answer) => Ok(answer.attributes),
            Err(cause) => {
                let refused = cause
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception);
                if refused { Ok(None) } else { Err(failure::failed(&format!("delete {key}"), cause)) }
            }
        }
    }
}

/// Whether a stored item holds exactly this record.
pub(super) fn holds(stored: Option<&Item>, record: &AttributeValue) -> bool {
    stored.and_then(|item| item.get(RECORD)) == Some(record)
}

/// The table takes no empty maps.
pub(super) fn some<K, V>(map: HashMap<K, V>) -> Option<HashMap<K, V>> {
    if map.is_empty() { None } else { Some(map) }
}
