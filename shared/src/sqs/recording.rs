//! A queue that remembers what was sent, for tests.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Message, Queue};
use crate::Result;

/// Remembers what was sent to it, with the delay asked for.
#[derive(Debug)]
pub struct RecordingQueue<M>(Mutex<Vec<(M, Option<u32>)>>);

impl<M> Default for RecordingQueue<M> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<M: Message> RecordingQueue<M> {
    /// Takes all messages out, in the order in which they were sent.
    pub fn take(&self) -> Vec<M> {
        self.take_with_delays().into_iter().map(|(message, _)| message).collect()
    }

    /// Takes all messages out, each with the delay that it was sent with.
    pub fn take_with_delays(&self) -> Vec<(M, Option<u32>)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl<M: Message> Queue<M> for RecordingQueue<M> {
    async fn send(&self, message: &M, delay: Option<u32>) -> Result<()> {
        self.send_all(std::slice::from_ref(message), delay).await
    }

    async fn send_all(&self, messages: &[M], delay: Option<u32>) -> Result<()> {
        let sent = messages.iter().map(|message| (message.clone(), delay));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(sent);
        Ok(())
    }
}
