//! `ingest-usage`: the tick → one message for each ingestion, campaign and action that is due → SQS → a slice → a message for the next slice.
//!
//! Two events come here. The tick of EventBridge Scheduler has no input: it finds what is due and asks for it. A batch
//! of SQS carries out what was asked for; `assay::operations::{ingesting, reviewing, acting}` do the work. A message that is none of ours
//! fails alone and ends in the dead letters.

use std::time::SystemTime;

use assay::operations::acting::Actor;
use assay::operations::ingesting::Ingester;
use assay::operations::reviewing::Reviewer;
use assay::sqs::{self, UsageRequest};
use assay::telemetry::{self, Unit};
use assay::wiring::until;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::Error;
use serde_json::Value;

/// Seconds kept back before the time-out, for writing down how far a slice came.
const KEPT_BACK: i64 = 60;

/// The function.
pub struct IngestUsage {
    /// Reads directories and activity.
    pub ingester: Ingester,
    /// Goes on with campaigns.
    pub reviewer: Reviewer,
    /// Carries actions out.
    pub actor: Actor,
}

impl IngestUsage {
    /// Handles a tick or a batch. `deadline` is when Lambda ends the function.
    ///
    /// # Errors
    /// When the tick could not find what is due: the next one does.
    pub async fn handle(&self, event: Value, deadline: SystemTime) -> Result<Value, Error> {
        self.ingester.jira.deadline.set(until(deadline, KEPT_BACK)?);
        if event.get("Records").is_some() {
            let batch: SqsEvent = serde_json::from_value(event)?;
            let response = self.batch(batch).await;
            return Ok(serde_json::to_value(response)?);
        }
        let asked =
            self.tick().await.inspect_err(|error| tracing::error!(error = error.chain(), "tick failed"))?;
        tracing::info!(asked, "tick");
        // The alarm on a silent schedule counts these, since the queue starts this function, too.
        let clock = self.ingester.jira.core.clock.as_ref();
        telemetry::metrics(clock, "ingest-usage", &[("ticks", 1.0, Unit::Count)]);
        Ok(serde_json::json!({ "asked": asked }))
    }

    /// Asks for everything that is due. What fails for one kind of thing does not keep back the others.
    async fn tick(&self) -> assay::Result<usize> {
        let asked =
            [self.ingester.fan_out().await, self.reviewer.fan_out().await, self.actor.fan_out().await];
        asked.into_iter().sum()
    }

    async fn batch(&self, batch: SqsEvent) -> SqsBatchResponse {
        let mut failures = Vec::new();
        let mut done = 0.0;
        for message in &batch.records {
            match self.one(message).await {
                Ok(()) => done += 1.0,
                Err(error) => {
                    tracing::error!(message = message.message_id, error = error.chain(), "slice failed");
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = message.message_id.clone().unwrap_or_default();
                    failures.push(failure);
                }
            }
        }
        let clock = self.ingester.jira.core.clock.as_ref();
        telemetry::metrics(clock, "ingest-usage", &[("slices", done, Unit::Count)]);
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failures;
        response
    }

    async fn one(&self, message: &SqsMessage) -> assay::Result<()> {
        let request: UsageRequest = sqs::read(message.body.as_deref().unwrap_or_default())?;
        match request {
            // Boxed, since a slice is a deep tree of futures.
            UsageRequest::Ingest { tenant, connection } => {
                Box::pin(self.ingester.ingest(&tenant, &connection)).await
            }
            UsageRequest::Campaign { tenant, campaign } => {
                Box::pin(self.reviewer.continue_campaign(&tenant, &campaign)).await
            }
            UsageRequest::Act { tenant, action } => Box::pin(self.actor.act(&tenant, &action)).await,
        }
    }
}
