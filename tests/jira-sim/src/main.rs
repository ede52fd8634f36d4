//! Wiring only: settings, listener, run.

use std::{net::Ipv4Addr, path::PathBuf, process::ExitCode};

use jira_sim::{Options, Simulator, serve};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

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
    let port = port(std::env::args().skip(1))?;
    let openapi_dir = std::env::var_os("JIRA_OPENAPI_DIR").map(PathBuf::from);
    if let Some(missing) = openapi_dir.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(format!("JIRA_OPENAPI_DIR is not a folder: {}", missing.display()));
    }
    let simulator = Simulator::new(Options { openapi_dir, ..Options::default() });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("jira-sim: http://{address}/");
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        ended = serve(listener, simulator) => ended.map_err(|error| error.to_string()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
        _ = terminate.recv() => Ok(()),
    }
}

fn port(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    let mut port = 8089;
    while let Some(argument) = arguments.next() {
        let value = match argument.split_once('=') {
            Some(("--port", value)) => Some(value.to_owned()),
            None if argument == "--port" => arguments.next(),
            _ => return Err(format!("unknown argument {argument}\n{USAGE}")),
        };
        let value = value.ok_or_else(|| format!("--port needs a number\n{USAGE}"))?;
        port = value.parse().map_err(|error| format!("--port {value}: {error}\n{USAGE}"))?;
    }
    Ok(port)
}
