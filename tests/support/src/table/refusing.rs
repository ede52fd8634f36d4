//! Fails what the store writes on its way to the table, to show what becomes of whatever depends on it.

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;

/// Fails the writes of which this says so.
#[derive(Clone, Copy, Debug)]
pub struct Refusing {
    /// Whether puts fail, rather than updates.
    pub puts: bool,
    /// Whether a write of this partition key fails.
    pub refuses: fn(&str) -> bool,
}

impl Intercept for Refusing {
    fn name(&self) -> &'static str {
        "Refusing"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let written = if self.puts {
            context.input().downcast_ref::<PutItemInput>().and_then(|put| put.item()?.get("pk"))
        } else {
            context.input().downcast_ref::<UpdateItemInput>().and_then(|update| update.key()?.get("pk"))
        };
        match written.and_then(|pk| pk.as_s().ok()) {
            Some(pk) if (self.refuses)(pk) => Err("the test refuses this write".into()),
            _ => Ok(()),
        }
    }
}
