//! `evaluate-checks`: the tick → one message for each connection that is due → SQS → evidence, outcomes, tasks, tickets.
//!
//! Two events come here. The tick of EventBridge Scheduler has no input: it finds what is due and asks for it. A batch
//! of SQS carries out what was asked for; `assay::operations::checking` does the work. A message that is none of ours
//! fails alone and ends in the dead letters.

use std::time::SystemTime;

use assay::operations::checking::Evaluator;
use assay::sqs::{self, ChecksRequest};
use assay::telemetry::{self, Unit};
use assay::wiring::until;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::Error;
use serde_json::Value;

/// Seconds kept back before the time-out, for judging and writing down what was read.
const KEPT_BACK: i64 = 60;

/// The function.
pub struct EvaluateChecks {
    /// Does the work.
    pub evaluator: Evaluator,
}

impl EvaluateChecks {
    /// Handles a tick or a batch. `deadline` is when Lambda ends the function.
    ///
    /// # Errors
    /// When the tick could not find what is due: the next one does.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, Error> {
        // Access to Jira is one and the same for the evaluator and its connector.
        self.evaluator.jira.deadline.set(until(deadline, KEPT_BACK)?);
        if event.get("Records").is_some() {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let response = self.batch(batch).await;
            return Ok(serde_json::to_value(response)?);
        }
        let asked = self
            .evaluator
            .fan_out()
            .await
            .inspect_err(|error| tracing::error!(error = error.chain(), "tick failed"))?;
        tracing::info!(asked, "tick");
        // The alarm on a silent schedule counts these, since the queue starts this function, too.
        let clock = self.evaluator.jira.core.clock.as_ref();
        telemetry::metrics(clock, "evaluate-checks", &[("ticks", 1.0, Unit::Count)]);
        Ok(serde_json::json!({ "asked": asked }))
    }

    async fn batch(&self, batch: SqsEvent) -> SqsBatchResponse {
        let mut failures = Vec::new();
        let mut done = 0.0;
        for message in &batch.records {
            match self.one(message).await {
                Ok(()) => done += 1.0,
                Err(error) => {
                    tracing::error!(message = message.message_id, error = error.chain(), "evaluation failed");
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = message.message_id.clone().unwrap_or_default();
                    failures.push(failure);
                }
            }
        }
        let clock = self.evaluator.jira.core.clock.as_ref();
        telemetry::metrics(clock, "evaluate-checks", &[("evaluations", done, Unit::Count)]);
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures;
        response
    }

    async fn one(&self, message: &SqsMessage) -> assay::Result<()> {
        let request: ChecksRequest = sqs::read(message.body.as_deref().unwrap_or_default())?;
        // Boxed, since the evaluation is a deep tree of futures.
        Box::pin(self.evaluator.evaluate(&request)).await
    }
}
