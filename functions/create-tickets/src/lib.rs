//! `create-tickets`: SQS sync requests → issues in Jira.
//!
//! Reads a batch of sync requests; `assay::operations::tickets` does the work; answers which messages must come again.
//! A message that is none of ours fails alone and ends in the dead letters, its neighbours are done.

use std::time::SystemTime;

use assay::operations::tickets::{Verdict, Worker};
use assay::sqs::{self, SyncRequest};
use assay::telemetry::{self, Unit};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use lambda_runtime::Error;

/// Seconds kept back before the time-out, for writing down what was learned.
const KEPT_BACK: i64 = 15;

/// The function.
pub struct CreateTickets {
    /// Does the work.
    pub worker: Worker,
}

impl CreateTickets {
    /// Handles one batch. `deadline` is when Lambda ends the function.
    ///
    /// # Errors
    /// When nothing of the batch could be done: then all of it comes again.
    pub async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> Result<SqsBatchResponse, Error> {
        let mut failures = Vec::new();
        let mut requests = Vec::new();
        let mut messages = Vec::new();
        for message in event.records {
            match sqs::read::<SyncRequest>(message.body.as_deref().unwrap_or_default()) {
                Ok(request) => {
                    requests.push(request);
                    messages.push(message);
                }
                Err(error) => {
                    tracing::error!(
                        message = message.message_id,
                        error = error.chain(),
                        "a message is not a sync request"
                    );
                    failures.push(failure(&message));
                }
            }
        }
        let deadline =
            Timestamp::try_from(deadline)?.checked_sub(jiff::SignedDuration::from_secs(KEPT_BACK))?;
        self.worker.jira.deadline.set(deadline);
        let (verdicts, tally) = self.worker.run(&requests, deadline).await?;
        for (message, verdict) in messages.iter().zip(&verdicts) {
            match verdict {
                Verdict::Done => {}
                Verdict::Retry => failures.push(failure(message)),
            }
        }
        let clock = self.worker.jira.core.clock.as_ref();
        telemetry::metrics(
            clock,
            "create-tickets",
            &[
                ("tickets_created", f64::from(tally.created), Unit::Count),
                ("tickets_adopted", f64::from(tally.adopted), Unit::Count),
                ("tickets_closed", f64::from(tally.closed), Unit::Count),
                ("tickets_refused", f64::from(tally.refused), Unit::Count),
                ("tickets_in_doubt", f64::from(tally.in_doubt), Unit::Count),
            ],
        );
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures;
        Ok(response)
    }
}

fn failure(message: &SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message.message_id.clone().unwrap_or_default();
    failure
}
