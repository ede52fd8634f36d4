//! Wiring only.

use assay::wiring::{Wiring, until};
use assay_api::command::{Command, carry_out};
use assay_api::{Api, router};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use tower::Service;

/// Seconds kept back before the time-out.
const KEPT_BACK: i64 = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?.making_secrets()?;
    let connector = wiring.connector()?;
    let deadline = connector.jira.deadline.clone();
    let announcer = wiring.announcer()?;
    let core = connector.jira.core.clone();
    let api = Api {
        core: core.clone(),
        forge: wiring.forge(&connector.jira)?,
        connector,
        announcer,
        checks: wiring.checks_queue()?,
        sync: wiring.sync_queue()?,
        usage: wiring.usage_queue()?,
        backlogs: wiring.backlogs()?,
    };
    let adapter = lambda_http::Adapter::from(router(api));
    let handle = |event: LambdaEvent<Value>| {
        let (core, mut adapter, deadline) = (core.clone(), adapter.clone(), deadline.clone());
        async move {
            // Ends before the function's time-out, so that what was learned is written and answered.
            deadline.set(until(event.context.deadline(), KEPT_BACK)?);
            // What comes over HTTP always has this part, and only API Gateway can make it.
            if event.payload.get("requestContext").is_some() {
                let request: LambdaRequest = serde_json::from_value(event.payload)?;
                let response = adapter.call(LambdaEvent::new(request, event.context)).await?;
                return Ok::<Value, Error>(serde_json::to_value(response)?);
            }
            let command: Command = serde_json::from_value(event.payload)?;
            Ok(serde_json::to_value(carry_out(&core, command).await?)?)
        }
    };
    run(service_fn(handle)).await
}
