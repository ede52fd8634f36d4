//! Wiring only.

use assay::wiring::{Wiring, until};
use assay_api::Api;
use assay_console::{Console, router};
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
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
    };
    let adapter = lambda_http::Adapter::from(router(Console::new(api)));
    let handle = |event: LambdaEvent<LambdaRequest>| {
        let (mut adapter, deadline) = (adapter.clone(), deadline.clone());
        async move {
            deadline.set(until(event.context.deadline(), KEPT_BACK)?);
            adapter.call(event).await.map_err(Error::from)
        }
    };
    run(service_fn(handle)).await
}
