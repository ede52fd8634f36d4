//! The table's shape, for tests and local tools. On AWS the template makes the table; `tests/integration` compares both.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use super::keys::{DUE_INDEX, DUE_PK, DUE_SK, EXPIRES_AT, ISSUE_INDEX, ISSUE_PK, ISSUE_SK, PK, SK};
use crate::{Error, Result};

/// Makes an empty table `name` of the shape that this module needs.
///
/// # Errors
/// When the table is there already or cannot be made.
pub async fn create_table(client: &Client, name: &str) -> Result<()> {
    let failed = |what: &str| Error::internal(format!("could not {what} table {name}"));
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for attribute in [PK, SK, ISSUE_PK, ISSUE_SK, DUE_PK, DUE_SK] {
        let definition = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(|cause| failed("describe").because(cause))?;
        request = request.attribute_definitions(definition);
    }
    for element in key_schema(PK, SK)? {
        request = request.key_schema(element);
    }
    for (index, hash, range) in [(ISSUE_INDEX, ISSUE_PK, ISSUE_SK), (DUE_INDEX, DUE_PK, DUE_SK)] {
        let index = GlobalSecondaryIndex::builder()
            .index_name(index)
            .set_key_schema(Some(key_schema(hash, range)?))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .map_err(|cause| failed("describe").because(cause))?;
        request = request.global_secondary_indexes(index);
    }
    request.send().await.map_err(|cause| failed("create").because(cause))?;
    let expiry = TimeToLiveSpecification::builder()
        .enabled(true)
        .attribute_name(EXPIRES_AT)
        .build()
        .map_err(|cause| failed("describe").because(cause))?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(expiry)
        .send()
        .await
        .map_err(|cause| failed("set the expiry of").because(cause))?;
    Ok(())
}

fn key_schema(hash: &str, range: &str) -> Result<Vec<KeySchemaElement>> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .into_iter()
        .map(|(name, kind)| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(|cause| {
                Error::internal(format!("could not describe key attribute {name}")).because(cause)
            })
        })
        .collect()
}
