//! What the program of a simulator does beside simulating: it reads its port, listens, and ends when it is told to.

use std::{future::Future, io, net::Ipv4Addr};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// The port that `--port` names; `usual` without it. `usage` is said with what is wrong.
pub fn port(mut arguments: impl Iterator<Item = String>, usual: u16, usage: &str) -> Result<u16, String> {
    let mut port = usual;
    while let Some(argument) = arguments.next() {
        let value = match argument.split_once('=') {
            Some(("--port", value)) => Some(value.to_owned()),
            None if argument == "--port" => arguments.next(),
            _ => return Err(format!("unknown argument {argument}\n{usage}")),
        };
        let value = value.ok_or_else(|| format!("--port needs a number\n{usage}"))?;
        port = value.parse().map_err(|error| format!("--port {value}: {error}\n{usage}"))?;
    }
    Ok(port)
}

/// Listens on the loopback interface, and says where.
pub async fn listen(name: &str, port: u16) -> Result<TcpListener, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    eprintln!("{name}: http://{address}/");
    Ok(listener)
}

/// Runs until it ends by itself, is interrupted or terminated.
pub async fn until_stopped(serving: impl Future<Output = io::Result<()>>) -> Result<(), String> {
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        ended = serving => ended.map_err(|error| error.to_string()),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| error.to_string()),
        _ = terminate.recv() => Ok(()),
    }
}
