//! The server: one port, one answer in one segment, and connections that can be cut on demand.
//!
//! It reads a request, lets the dispatcher answer it, plays the fault that is due, and writes the journal.

mod connection;
mod dispatch;

pub use connection::{Cut, answer_all};

pub(crate) use dispatch::catch_up;
mod response;

use std::{io, time::Duration};

use axum::{
    Router,
    body::to_bytes,
    extract::{ConnectInfo, Request, State},
    response::Response,
};
use tokio::net::TcpListener;

use crate::{
    call::Incoming,
    faults::{Fault, FaultKind},
    simulator::Simulator,
    webhooks,
};
use dispatch::Dispatched;

const MOST_BODY_BYTES: usize = 16 * 1024 * 1024;
const DEFAULT_DELAY_MS: u64 = 5000;

/// Answers calls on `listener`, and delivers webhooks, until the future is dropped.
pub async fn serve(listener: TcpListener, simulator: Simulator) -> io::Result<()> {
    let router = Router::new().fallback(answer).with_state(simulator.clone());
    answer_all(listener, router, webhooks::run(simulator)).await
}

async fn answer(
    State(simulator): State<Simulator>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, MOST_BODY_BYTES).await {
        Ok(body) => body.to_vec(),
        Err(_) => return response::plain(413, "The request body is too large."),
    };
    let incoming = Incoming {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers,
        body,
    };
    let dispatched = dispatch::dispatch(&simulator, &incoming);
    match dispatched.fault.clone() {
        None => response::whole(dispatched.answer),
        Some(fault) => faulted(&cut, &fault, dispatched).await,
    }
}

async fn faulted(cut: &Cut, fault: &Fault, dispatched: Dispatched) -> Response {
    let delay = Duration::from_millis(fault.delay_ms.unwrap_or(DEFAULT_DELAY_MS));
    match fault.kind {
        FaultKind::AnswerLost | FaultKind::CutBefore | FaultKind::EffectLate => {
            cut.close();
            response::plain(500, "")
        }
        FaultKind::Reset => {
            cut.reset();
            response::plain(500, "")
        }
        FaultKind::Delay => {
            tokio::time::sleep(delay).await;
            response::whole(dispatched.answer)
        }
        FaultKind::Truncated => response::truncated(dispatched.answer),
        FaultKind::SlowDrip => response::dripping(dispatched.answer, delay),
        FaultKind::Status | FaultKind::Html | FaultKind::Redirect => response::whole(dispatched.answer),
    }
}
