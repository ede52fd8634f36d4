//! Wiring only: settings, listener, run.

use std::{path::PathBuf, process::ExitCode};

use jira_sim::{Options, Simulator, program, serve};

const USAGE: &str = "usage: jira-sim [--port PORT]   (default 8089; 0 = any free port)";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("jira-sim: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let port = program::port(std::env::args().skip(1), 8089, USAGE)?;
    let openapi_dir = std::env::var_os("JIRA_OPENAPI_DIR").map(PathBuf::from);
    if let Some(missing) = openapi_dir.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!("JIRA_OPENAPI_DIR is not a folder: {}", missing.display()));
    }
    let simulator = Simulator::new(Options { openapi_dir, ..Options::default() });
    let listener = program::listen("jira-sim", port).await?;
    program::until_stopped(serve(listener, simulator)).await
}
