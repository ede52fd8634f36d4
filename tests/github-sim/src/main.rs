//! Wiring only: settings, listener, run.

use std::{net::Ipv4Addr, process::ExitCode};

use github_sim::{Options, Settings, Simulator, Token, WebhookDelivery, serve};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

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
    let port = port(std::env::args().skip(1))?;
    let settings = Settings { webhook_delivery: WebhookDelivery::Automatic, ..Settings::default() };
    let simulator = Simulator::new(Options { settings, ..Options::default() });
    simulator.create_repository("acme/shop", false);
    simulator.create_repository("acme/internal", true);
    simulator.add_token(Token {
        token: "github_pat_simulated".to_owned(),
        login: "acme-bot".to_owned(),
        permissions: [("pull_requests".to_owned(), "write".to_owned())].into(),
        repositories: None,
        expires: None,
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("github-sim: http://{address}/");
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        ended = serve(listener, simulator) => ended.map_err(|error| error.to_string()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
        _ = terminate.recv() => Ok(()),
    }
}

fn port(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    let mut port = 8090;
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
