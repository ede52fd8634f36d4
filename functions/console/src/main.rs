//! Wiring only.

use assay_api::Api;
use assay_api::serving::serve;
use assay_console::command::carry_out;
use assay_console::{Console, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let api = Api::begin()?;
    let deadline = api.connector.jira.deadline.clone();
    let console = Console::new(api);
    serve(deadline, router(console.clone()), |command| carry_out(&console, command)).await
}
