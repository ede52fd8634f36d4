//! A queue in virtual time: what was sent, and when it may be received.

use std::sync::{Arc, Mutex, PoisonError};

use assay::clock::{Clock, after};
use assay::sqs::{Depth, Gauge, Message, Queue};
use jiff::Timestamp;

/// Messages with the time from which they may be received.
pub struct TimedQueue<M> {
    clock: Arc<dyn Clock>,
    waiting: Mutex<Vec<(Timestamp, M)>>,
}

impl<M: Message> TimedQueue<M> {
    /// An empty queue.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, waiting: Mutex::default() }
    }

    /// Takes up to `most` messages whose time has come, in the order in which they were sent.
    pub fn receive(&self, most: usize) -> Vec<M> {
        let now = self.clock.now();
        let mut waiting = self.lock();
        let mut taken = Vec::new();
        let mut kept = Vec::new();
        for (at, message) in waiting.drain(..) {
            if at <= now && taken.len() < most {
                taken.push(message);
            } else {
                kept.push((at, message));
            }
        }
        *waiting = kept;
        taken
    }

    /// When the next message may be received, if there is one.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.lock().iter().map(|(at, _)| *at).min()
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Loses everything, as no real queue does: for showing that the outbox repairs it.
    pub fn lose_everything(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Timestamp, M)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl<M: Message> Queue<M> for TimedQueue<M> {
    async fn send(&self, message: &M, delay: Option<u32>) -> assay::Result<()> {
        self.send_all(std::slice::from_ref(message), delay).await
    }

    async fn send_all(&self, messages: &[M], delay: Option<u32>) -> assay::Result<()> {
        let at = after(self.clock.now(), delay.map_or(0, i64::from));
        self.lock().extend(messages.iter().map(|message| (at, message.clone())));
        Ok(())
    }
}

#[async_trait::async_trait]
impl<M: Message> Gauge for TimedQueue<M> {
    async fn depth(&self) -> assay::Result<Depth> {
        let (now, held) = (self.clock.now(), self.lock());
        let waiting = held.iter().filter(|(at, _)| *at <= now).count();
        let figure = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Depth { waiting: figure(waiting), put_off: figure(held.len() - waiting), taken: 0 })
    }
}
