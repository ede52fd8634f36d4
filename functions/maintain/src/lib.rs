//! `maintain`: repairs what events and messages missed. Takes no input.
//!
//! Reads what is due; `assay::operations::announcing` tells channels what people should hear about;
//! `assay::operations::upkeep` sends sync requests again, compares tickets with Jira and keeps webhooks alive.

use std::time::SystemTime;

use assay::operations::announcing::{self, Announcer};
use assay::operations::upkeep::Upkeep;
use assay::telemetry::{self, Unit};
use jiff::Timestamp;
use lambda_runtime::Error;

/// Seconds kept back before the time-out.
const KEPT_BACK: i64 = 30;

/// The function.
pub struct Maintain {
    /// Does the work.
    pub upkeep: Upkeep,
    /// Tells channels.
    pub announcer: Announcer,
}

impl Maintain {
    /// Handles a tick. `deadline` is when Lambda ends the function.
    ///
    /// # Errors
    /// When the table could not be read: the next tick does it again.
    pub async fn handle(&self, deadline: SystemTime) -> Result<serde_json::Value, Error> {
        let deadline =
            Timestamp::try_from(deadline)?.checked_sub(jiff::SignedDuration::from_secs(KEPT_BACK))?;
        self.upkeep.jira.deadline.set(deadline);
        // First, since it is short and others wait for it. What fails here keeps the rest from nothing.
        let told = Box::pin(self.announcer.run(deadline))
            .await
            .inspect_err(|error| tracing::error!(error = error.chain(), "announcing failed"));
        let tally = self
            .upkeep
            .run(deadline)
            .await
            .inspect_err(|error| tracing::error!(error = error.chain(), "upkeep failed"))?;
        let told = told?;
        if told != announcing::Tally::default() {
            let announcing::Tally { spread, sent, failed } = told;
            tracing::info!(spread, sent, failed, "told channels");
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "metrics are floating-point numbers; these are small"
        )]
        telemetry::metrics(
            self.upkeep.jira.core.clock.as_ref(),
            "maintain",
            &[
                // The alarm on a silent schedule counts these.
                ("ticks", 1.0, Unit::Count),
                ("tickets_asked_again", tally.asked as f64, Unit::Count),
                ("tickets_compared", tally.compared as f64, Unit::Count),
                ("tickets_differ", tally.differ as f64, Unit::Count),
                ("pull_requests_read", tally.reread as f64, Unit::Count),
            ],
        );
        Ok(serde_json::json!({
            "asked": tally.asked,
            "compared": tally.compared,
            "differ": tally.differ,
            "sent": told.sent,
        }))
    }
}
