//! What the functions `api` and `console` are as processes: what they stand on, as the settings say, and what becomes of
//! each event that Lambda hands over.
//!
//! What came over HTTP goes to the function's router. Everything else is a command, by direct invocation, of which the root
//! of trust is IAM: only whoever may invoke the function can send one. API Gateway wraps what comes over HTTP, so no HTTP
//! request can look like one.

use assay::operations::session::Deadline;
use assay::wiring::{Wiring, until};
use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::Service;

use crate::Api;

/// Seconds kept back before the time-out, so that what was learned is written and answered.
const KEPT_BACK: i64 = 8;

impl Api {
    /// Begins logging, and makes what the handlers stand on.
    ///
    /// # Errors
    /// When a setting is missing, or is not what it must be; it is named.
    pub fn begin() -> assay::Result<Self> {
        let wiring = Wiring::begin()?.making_secrets()?;
        let connector = wiring.connector()?;
        Ok(Self {
            core: connector.jira.core.clone(),
            forge: wiring.forge(&connector.jira)?,
            connector,
            announcer: wiring.announcer()?,
            checks: wiring.checks_queue()?,
            sync: wiring.sync_queue()?,
            usage: wiring.usage_queue()?,
            backlogs: wiring.backlogs()?,
        })
    }
}

/// Answers events until Lambda ends the process: requests by `router`, commands by `carry_out`. Before each, `deadline` is
/// set to when its work must have ended.
///
/// # Errors
/// When Lambda cannot be asked for events.
pub async fn serve<C, T, F>(
    deadline: Deadline,
    router: Router,
    carry_out: impl Fn(C) -> F,
) -> Result<(), Error>
where
    C: DeserializeOwned,
    T: Serialize,
    F: Future<Output = assay::Result<T>>,
{
    let adapter = lambda_http::Adapter::from(router);
    let handle = |event: LambdaEvent<Value>| {
        let (mut adapter, deadline, carry_out) = (adapter.clone(), &deadline, &carry_out);
        async move {
            deadline.set(until(event.context.deadline(), KEPT_BACK)?);
            // What comes over HTTP always has this part, and only API Gateway can make it.
            if event.payload.get("requestContext").is_some() {
                let request: LambdaRequest = serde_json::from_value(event.payload)?;
                let response = adapter.call(LambdaEvent::new(request, event.context)).await?;
                return Ok::<Value, Error>(serde_json::to_value(response)?);
            }
            Ok(serde_json::to_value(carry_out(serde_json::from_value(event.payload)?).await?)?)
        }
    };
    // Boxed, since it is a deep tree of futures.
    Box::pin(run(service_fn(handle))).await
}
