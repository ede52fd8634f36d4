//! A queue in Amazon SQS: standard, fair between tenants by message groups.
//!
//! Source: AWS, "Amazon SQS fair queues": a message group id on a standard queue marks the tenant and asks for no order.

use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchRequestEntry};

use super::{LONGEST_DELAY, Message, Queue};
use crate::error::Kind;
use crate::{Error, Result};

/// How many messages one call may send.
const MESSAGES_IN_BATCH: usize = 10;

/// How often messages that SQS did not take are sent, with growing waits.
const ATTEMPTS: u32 = 4;

/// A queue of messages of one kind.
#[derive(Clone, Debug)]
pub struct SqsQueue<M> {
    client: Client,
    url: String,
    kind: PhantomData<fn(M)>,
}

impl<M: Message> SqsQueue<M> {
    /// The queue at `url`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into(), kind: PhantomData }
    }

    fn entry(index: usize, message: &M, delay: Option<u32>) -> Result<SendMessageBatchRequestEntry> {
        let incomplete = || Error::internal("could not make a message for a queue");
        let delay = delay.map(|seconds| i32::try_from(seconds.min(LONGEST_DELAY)).unwrap_or(0));
        SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(serde_json::to_string(message).map_err(|cause| incomplete().because(cause))?)
            .message_group_id(message.tenant().as_str())
            .set_delay_seconds(delay)
            .build()
            .map_err(|cause| incomplete().because(cause))
    }

    /// Sends up to ten messages. What SQS does not take for now is sent again, a few times; what it refuses is not.
    async fn send_batch(&self, mut entries: Vec<SendMessageBatchRequestEntry>) -> Result<()> {
        let count = entries.len();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
            }
            let request = self.client.send_message_batch().queue_url(&self.url);
            let answer = request
                .set_entries(Some(entries.clone()))
                .send()
                .await
                .map_err(|cause| self.failed(cause))?;
            if let Some(refused) = answer.failed.iter().find(|entry| entry.sender_fault) {
                return Err(Error::internal(format!("the queue {} refused a message", self.url))
                    .because(reason(refused)));
            }
            entries.retain(|entry| answer.failed.iter().any(|failed| failed.id == entry.id));
            if entries.is_empty() {
                return Ok(());
            }
        }
        let left = entries.len();
        Err(Error::unavailable(format!(
            "the queue {} did not take {left} of {count} messages; try again",
            self.url
        )))
    }

    fn failed<E>(&self, cause: SdkError<E>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let kind = match &cause {
            SdkError::ServiceError(answer) => match answer.err().code() {
                Some(
                    "RequestThrottled" | "ThrottlingException" | "ServiceUnavailable" | "InternalFailure",
                ) => Kind::Unavailable,
                _ => Kind::Internal,
            },
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
                Kind::Unavailable
            }
            _ => Kind::Internal,
        };
        Error::new(kind, format!("could not send messages to the queue {}", self.url)).because(cause)
    }
}

fn reason(entry: &BatchResultErrorEntry) -> String {
    format!("{}: {}", entry.code, entry.message.as_deref().unwrap_or("no reason given"))
}

#[async_trait]
impl<M: Message> Queue<M> for SqsQueue<M> {
    async fn send(&self, message: &M, delay: Option<u32>) -> Result<()> {
        self.send_all(std::slice::from_ref(message), delay).await
    }

    async fn send_all(&self, messages: &[M], delay: Option<u32>) -> Result<()> {
        let mut failure = None;
        let mut unsent = 0;
        // One batch that fails does not keep back the others.
        for batch in messages.chunks(MESSAGES_IN_BATCH) {
            let entries = batch
                .iter()
                .enumerate()
                .map(|(index, message)| Self::entry(index, message, delay))
                .collect::<Result<_>>()?;
            if let Err(error) = self.send_batch(entries).await {
                unsent += batch.len();
                failure = Some(error);
            }
        }
        match failure {
            None => Ok(()),
            Some(cause) => {
                let message = format!(
                    "could not send up to {unsent} of {} messages to the queue {}",
                    messages.len(),
                    self.url
                );
                Err(Error::new(cause.kind().clone(), message).because(cause))
            }
        }
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
