//! A [`Sender`] for tests that gives prepared answers and keeps what was asked.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::{Request, Response, SendError, Sender};

/// Gives the answers in order; a call that none is left for fails the test.
pub struct Script {
    /// Those that are left.
    pub answers: Mutex<VecDeque<Result<Response, SendError>>>,
    /// What was asked.
    pub requests: Mutex<Vec<Request>>,
}

impl Script {
    /// Calls will be answered with `answers`, in order.
    pub fn new(answers: Vec<Result<Response, SendError>>) -> Self {
        Self { answers: Mutex::new(answers.into()), requests: Mutex::default() }
    }
}

#[async_trait::async_trait]
impl Sender for Script {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        let answer = self.answers.lock().unwrap().pop_front();
        let asked = format!("{} {}", request.method.as_str(), request.url);
        self.requests.lock().unwrap().push(request);
        answer.unwrap_or_else(|| panic!("an unexpected call: {asked}"))
    }
}
