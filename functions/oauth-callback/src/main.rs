//! Wiring only.

use assay::wiring::Wiring;
use assay_oauth_callback::router;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let wiring = Wiring::begin()?;
    lambda_http::run(router(wiring.connector()?)).await
}
