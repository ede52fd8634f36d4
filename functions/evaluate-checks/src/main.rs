//! Wiring only.

use assay::operations::checking::Evaluator;
use assay::operations::planning::Planner;
use assay::wiring::Wiring;
use assay_evaluate_checks::EvaluateChecks;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?;
    let connector = wiring.connector()?;
    let evaluator = Evaluator {
        planner: Planner { core: connector.jira.core.clone(), sync: wiring.sync_queue()? },
        jira: connector.jira.clone(),
        connector,
        checks: wiring.checks_queue()?,
        interval: wiring.config().seconds("ASSAY_CHECK_INTERVAL_SECONDS")?,
    };
    let function = EvaluateChecks { evaluator };
    run(service_fn(|event: LambdaEvent<_>| function.handle(event.payload, event.context.deadline()))).await
}
