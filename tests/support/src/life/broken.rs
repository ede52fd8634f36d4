//! Guards that a test takes down, to show that a life without them goes wrong. Nothing of it is in the product: what is
//! taken away is taken away on its way to the table or back from Jira.

use std::sync::Arc;

use assay::jira::Sender;
use assay::jira::http::{Request, Response, SendError};
use assay::operations::tickets::Worker;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{OURS, PERSON};
use crate::misfortune::Blind;
use crate::table;
use crate::world::World;

/// A guard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Guard {
    /// A lost issue is looked for before it is created again.
    Lookup,
    /// A ticket is written only if nobody else wrote it meanwhile.
    Version,
    /// Our own changes are known again: by what we saved before we wrote, and by the account in the history.
    Echo,
}

impl Guard {
    /// Takes the guard down in a whole world.
    pub(super) fn take_down(self, world: &mut World) {
        match self {
            Self::Lookup => {}
            Self::Version => {
                world.access.core.store = table::reach_meddling(&world.table_address, without_version);
            }
            Self::Echo => {
                world.access.core.store = table::reach_meddling(&world.table_address, without_intention);
                world.access.sender = Arc::new(Strangers(Arc::clone(&world.access.sender)));
            }
        }
    }

    /// Takes the guard down in a worker.
    pub(super) fn blind(self, worker: &mut Worker) {
        if self == Self::Lookup {
            worker.lookup_bound = 0;
            worker.jira.sender = Arc::new(Blind(Arc::clone(&worker.jira.sender)));
        }
    }
}

/// A write of a ticket, without the condition that its version is still the one that was read.
fn without_version(write: &mut UpdateItemInput) {
    let is_ticket = write
        .key
        .as_ref()
        .and_then(|key| key.get("sk"))
        .and_then(|key| key.as_s().ok())
        .is_some_and(|key| key.starts_with("ticket#"));
    if is_ticket && write.condition_expression.as_deref() == Some("#record.#version = :expected") {
        let always = "#record.#version = :expected OR attribute_exists(#pk)";
        write.condition_expression = Some(always.to_owned());
        write.expression_attribute_names.get_or_insert_default().insert("#pk".to_owned(), "pk".to_owned());
    }
}

/// A write of a ticket that does not say what is about to be written into its issue.
fn without_intention(write: &mut UpdateItemInput) {
    let record = write.expression_attribute_values.as_mut().and_then(|values| values.get_mut(":record"));
    if let Some(AttributeValue::M(record)) = record {
        record.remove("writing");
    }
}

/// Reads our own changes in an issue's history as somebody else's.
struct Strangers(Arc<dyn Sender>);

#[async_trait::async_trait]
impl Sender for Strangers {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let is_history = request.url.contains("/changelog");
        let mut answer = self.0.send(request).await?;
        if is_history {
            let text = String::from_utf8_lossy(&answer.body)
                .replace(&format!("\"{OURS}\""), &format!("\"{PERSON}\""));
            answer.body = text.into_bytes();
        }
        Ok(answer)
    }
}
