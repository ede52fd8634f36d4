//! Wiring only.

use assay::wiring::{Wiring, until};
use assay_api::Api;
use assay_console::command::{Command, carry_out};
use assay_console::{Console, router};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;
use tower::Service;

/// Seconds kept back before the time-out, so that the browser gets a page.
const KEPT_BACK: i64 = 8;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let wiring = Wiring::begin()?.making_secrets()?;
    let connector = wiring.connector()?;
    let deadline = connector.jira.deadline.clone();
    let api = Api {
        core: connector.jira.core.clone(),
        forge: wiring.forge(&connector.jira)?,
        connector,
        announcer: wiring.announcer()?,
        checks: wiring.checks_queue()?,
        sync: wiring.sync_queue()?,
        usage: wiring.usage_queue()?,
        backlogs: wiring.backlogs()?,
    };
    let console = Console::new(api);
    let adapter = lambda_http::Adapter::from(router(console.clone()));
    let handle = |event: LambdaEvent<Value>| {
        let (console, mut adapter, deadline) = (console.clone(), adapter.clone(), deadline.clone());
        async move {
            deadline.set(until(event.context.deadline(), KEPT_BACK)?);
            // What comes over HTTP always has this part, and only API Gateway can make it.
            if event.payload.get("requestContext").is_some() {
                let request: LambdaRequest = serde_json::from_value(event.payload)?;
                let response = adapter.call(LambdaEvent::new(request, event.context)).await?;
                return Ok::<Value, Error>(serde_json::to_value(response)?);
            }
            let command: Command = serde_json::from_value(event.payload)?;
            Ok(serde_json::to_value(carry_out(&console, command).await?)?)
        }
    };
    run(service_fn(handle)).await
}
