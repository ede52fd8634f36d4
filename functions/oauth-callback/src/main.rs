//! Wiring only.

use assay::wiring::Wiring;
use assay_oauth_callback::router;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let wiring = Wiring::begin()?.making_secrets()?;
    let mut connector = wiring.connector()?;
    // Ends before the function's time-out, so that the browser gets a page.
    connector.jira.patience = Some(20);
    lambda_http::run(router(connector)).await
}
