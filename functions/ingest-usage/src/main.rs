//! Wiring only.

use std::sync::Arc;

use assay::operations::acting::Actor;
use assay::operations::ingesting::Ingester;
use assay::operations::reviewing::Reviewer;
use assay::wiring::Wiring;
use assay_ingest_usage::IngestUsage;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?.making_secrets()?;
    let (jira, usage) = (wiring.jira()?, wiring.usage_queue()?);
    let reviewer = Reviewer {
        core: jira.core.clone(),
        secrets: Arc::clone(&jira.secrets),
        usage: Arc::clone(&usage),
        deadline: jira.deadline.clone(),
    };
    let actor = Actor::over_jira(jira.clone(), Arc::clone(&usage));
    let function = IngestUsage { ingester: Ingester { jira, usage }, reviewer, actor };
    run(service_fn(|event: LambdaEvent<_>| function.handle(event.payload, event.context.deadline()))).await
}
