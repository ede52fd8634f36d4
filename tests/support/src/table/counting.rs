//! Counts what the store does to the table, and what AWS would charge for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// What was done to the table.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// How many items were written, by operation and kind of thing (`PutItem ticket`). An item that is written in a
    /// transaction counts as one.
    pub writes: BTreeMap<String, u64>,
    /// How many calls read, by operation.
    pub reads: BTreeMap<String, u64>,
    /// Write units that AWS charges for: a kilobyte each, again for each index, and twice in a transaction.
    pub write_units: f64,
    /// Read units that AWS charges for.
    pub read_units: f64,
}

/// Counts operations on the table; one of them may be made to fail.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    counts: Arc<Mutex<Counts>>,
    /// Calls by operation, from the beginning.
    calls: Arc<Mutex<BTreeMap<String, u64>>>,
    fails: Option<(&'static str, u64)>,
}

impl Operations {
    /// What was counted since the last time.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts())
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation of this name with this number, from 1, does not reach the table.
    pub fn failing(operation: &'static str, number: u64) -> Self {
        Self { fails: Some((operation, number)), ..Self::default() }
    }

    /// Whether this call is the one that fails.
    fn fails(&self, operation: &str) -> bool {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let number = calls.entry(operation.to_owned()).or_default();
        *number += 1;
        self.fails == Some((operation, *number))
    }

    fn wrote(&self, operation: &str, key: Option<&Key>) {
        *self.counts().writes.entry(format!("{operation} {}", kind(key))).or_default() += 1;
    }

    fn read(&self, operation: &str) {
        *self.counts().reads.entry(operation.to_owned()).or_default() += 1;
    }

    /// Notes the call, and asks the table what it costs.
    fn begin(&self, input: &mut Input) {
        const COST: Option<ReturnConsumedCapacity> = Some(ReturnConsumedCapacity::Total);
        if let Some(input) = input.downcast_mut::<PutItemInput>() {
            input.return_consumed_capacity = COST;
            self.wrote("PutItem", input.item.as_ref());
        } else if let Some(input) = input.downcast_mut::<UpdateItemInput>() {
            input.return_consumed_capacity = COST;
            self.wrote("UpdateItem", input.key.as_ref());
        } else if let Some(input) = input.downcast_mut::<DeleteItemInput>() {
            input.return_consumed_capacity = COST;
            self.wrote("DeleteItem", input.key.as_ref());
        } else if let Some(input) = input.downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = COST;
            for item in input.transact_items.iter().flatten() {
                let put = item.put().map(|put| &put.item);
                let key = put.or_else(|| item.update().map(|update| &update.key));
                self.wrote("TransactWriteItems", key.or_else(|| item.delete().map(|delete| &delete.key)));
            }
        } else if let Some(input) = input.downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = COST;
            self.read("GetItem");
        } else if let Some(input) = input.downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = COST;
            self.read("Query");
        } else if let Some(input) = input.downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = COST;
            self.read("BatchGetItem");
        }
    }

    /// Notes what the call cost.
    fn end(&self, output: &Output) {
        let one =
            |cost: Option<&ConsumedCapacity>| cost.and_then(ConsumedCapacity::capacity_units).unwrap_or(0.0);
        let all = |costs: &[ConsumedCapacity]| costs.iter().map(|cost| one(Some(cost))).sum::<f64>();
        let written = if let Some(output) = output.downcast_ref::<PutItemOutput>() {
            one(output.consumed_capacity())
        } else if let Some(output) = output.downcast_ref::<UpdateItemOutput>() {
            one(output.consumed_capacity())
        } else if let Some(output) = output.downcast_ref::<DeleteItemOutput>() {
            one(output.consumed_capacity())
        } else if let Some(output) = output.downcast_ref::<TransactWriteItemsOutput>() {
            all(output.consumed_capacity())
        } else {
            0.0
        };
        let read = if let Some(output) = output.downcast_ref::<GetItemOutput>() {
            one(output.consumed_capacity())
        } else if let Some(output) = output.downcast_ref::<QueryOutput>() {
            one(output.consumed_capacity())
        } else if let Some(output) = output.downcast_ref::<BatchGetItemOutput>() {
            all(output.consumed_capacity())
        } else {
            0.0
        };
        let mut counts = self.counts();
        counts.write_units += written;
        counts.read_units += read;
    }
}

type Key = std::collections::HashMap<String, AttributeValue>;

/// The kind of thing that a key or an item is: what its sort key begins with.
fn kind(key: Option<&Key>) -> &str {
    let sort = key.and_then(|key| key.get("sk")).and_then(|value| value.as_s().ok());
    sort.and_then(|sort| sort.split('#').next()).unwrap_or("?")
}

impl Intercept for Operations {
    fn name(&self) -> &'static str {
        "Operations"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = config.load::<Metadata>()
            && self.fails(metadata.name())
        {
            return Err("the table could not be reached".into());
        }
        self.begin(context.input_mut());
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(output) = context.output_or_error() {
            self.end(output);
        }
        Ok(())
    }
}
