//! Wiring only.

use assay_api::command::carry_out;
use assay_api::serving::serve;
use assay_api::{Api, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let api = Api::begin()?;
    let (core, deadline) = (api.core.clone(), api.connector.jira.deadline.clone());
    serve(deadline, router(api), |command| carry_out(&core, command)).await
}
