//! Changes what the store writes on its way to the table, to show that a guard in it is needed.

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;

/// Changes each update by this function.
#[derive(Clone, Copy, Debug)]
pub struct Meddling(pub fn(&mut UpdateItemInput));

impl Intercept for Meddling {
    fn name(&self) -> &'static str {
        "Meddling"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(update) = context.input_mut().downcast_mut::<UpdateItemInput>() {
            (self.0)(update);
        }
        Ok(())
    }
}
