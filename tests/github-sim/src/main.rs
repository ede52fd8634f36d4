//! Wiring only: settings, listener, run.

use std::process::ExitCode;

use github_sim::{Options, Settings, Simulator, Token, WebhookDelivery, serve};
use jira_sim::{ClockBase, program};

const USAGE: &str = "usage: github-sim [--port PORT]   (default 8090; 0 = any free port)";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("github-sim: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let port = program::port(std::env::args().skip(1), 8090, USAGE)?;
    let settings = Settings { webhook_delivery: WebhookDelivery::Automatic, ..Settings::default() };
    let simulator = Simulator::new(Options { settings, clock: ClockBase::Real });
    simulator.create_repository("acme/shop", false);
    simulator.create_repository("acme/internal", true);
    simulator.add_token(Token {
        token: "github_pat_simulated".to_owned(),
        login: "acme-bot".to_owned(),
        permissions: [("pull_requests".to_owned(), "write".to_owned())].into(),
        repositories: None,
        expires: None,
    });
    let listener = program::listen("github-sim", port).await?;
    program::until_stopped(serve(listener, simulator)).await
}
