//! Items: a record, its key, and what stands beside it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::{Key, PK, SK};
use crate::{Error, Result};

/// The attribute that holds the domain value.
pub(super) const RECORD: &str = "record";

/// An item as the table gives and takes it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// Attributes beside the record: set to a value, or removed.
pub(super) type Beside = Vec<(&'static str, Option<AttributeValue>)>;

/// A text attribute.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// `value` as the table holds it.
pub(super) fn encode(key: &Key, value: &impl Serialize) -> Result<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(|cause| {
        Error::internal(format!("could not make an item of the record {key}")).because(cause)
    })
}

/// The attributes of a key.
pub(super) fn key_attributes(key: &Key) -> Item {
    [(PK.to_owned(), text(&key.pk)), (SK.to_owned(), text(&key.sk))].into()
}

/// A whole item.
pub(super) fn item(key: &Key, record: AttributeValue, beside: Beside) -> Item {
    let mut item = key_attributes(key);
    item.insert(RECORD.to_owned(), record);
    item.extend(beside.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    item
}

/// The key of a stored item, as far as it can be told.
pub(super) fn key_of(item: &Item) -> Key {
    let part = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    Key { pk: part(PK), sk: part(SK) }
}

/// The record of a stored item. An item that is not what it should be is an error that names its key.
pub(super) fn decode<T: DeserializeOwned>(mut item: Item) -> Result<T> {
    let key = key_of(&item);
    let record = item.remove(RECORD).ok_or_else(|| {
        Error::internal(format!("the stored item {key} has no record; it was not written by Assay"))
    })?;
    serde_dynamo::from_attribute_value(record).map_err(|cause| {
        let message = format!("the stored item {key} cannot be read as what it should be");
        Error::internal(message).because(cause)
    })
}

/// A number that stands beside the record; none if it is not there or no whole number.
pub(super) fn number_beside<N: std::str::FromStr>(item: &Item, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
