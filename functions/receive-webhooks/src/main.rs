//! Wiring only.

use assay::operations::hearing::Hearing;
use assay::wiring::Wiring;
use assay_receive_webhooks::router;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let wiring = Wiring::begin()?;
    let hearing = Hearing {
        core: wiring.core()?,
        secrets: wiring.secrets()?,
        sync: wiring.sync_queue()?,
        refreshed: std::sync::Arc::default(),
    };
    lambda_http::run(router(hearing)).await
}
