//! Wiring only.

use assay::operations::upkeep::Upkeep;
use assay::wiring::Wiring;
use assay_maintain::Maintain;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?;
    let jira = wiring.jira()?;
    let upkeep = Upkeep {
        forge: wiring.forge(&jira)?,
        jira,
        sync: wiring.sync_queue()?,
        interval: wiring.config().seconds("ASSAY_CHECK_INTERVAL_SECONDS")?,
        public_url: wiring.public_url()?,
    };
    let function = Maintain { upkeep, announcer: wiring.announcer()? };
    // Boxed, since it is a deep tree of futures.
    let handle = |event: LambdaEvent<serde_json::Value>| Box::pin(function.handle(event.context.deadline()));
    run(service_fn(handle)).await
}
