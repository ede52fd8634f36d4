//! Wiring only.

use std::sync::Arc;

use assay::operations::milestone::Unobserved;
use assay::operations::tickets::Worker;
use assay::wiring::Wiring;
use assay_create_tickets::CreateTickets;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?;
    let jira = wiring.jira()?;
    let worker = Worker {
        forge: wiring.forge(&jira)?,
        jira,
        sync: wiring.sync_queue()?,
        lookup_bound: wiring.config().seconds("ASSAY_LOOKUP_BOUND_SECONDS")?,
        milestones: Arc::new(Unobserved),
    };
    let function = CreateTickets { worker };
    run(service_fn(|event: LambdaEvent<_>| function.handle(event.payload, event.context.deadline()))).await
}
