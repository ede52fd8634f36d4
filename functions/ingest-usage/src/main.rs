//! Wiring only.

use assay::operations::ingesting::Ingester;
use assay::wiring::Wiring;
use assay_ingest_usage::IngestUsage;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?;
    let ingester = Ingester { jira: wiring.jira()?, usage: wiring.usage_queue()? };
    let function = IngestUsage { ingester };
    run(service_fn(|event: LambdaEvent<_>| function.handle(event.payload, event.context.deadline()))).await
}
