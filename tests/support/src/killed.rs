//! Work that dies in the middle.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is dropped after so many polls, wherever it then is: between any two calls, or in one.
pub struct Killed<F> {
    /// What dies.
    pub inner: F,
    /// How often it is still polled.
    pub polls: u32,
}

impl<F: Future + Unpin> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        Pin::new(&mut self.inner).poll(context).map(Some)
    }
}
