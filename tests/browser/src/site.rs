//! A router on a loopback port, as a browser reaches it.

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A router that answers until this is dropped.
#[derive(Debug)]
pub struct Site {
    /// Scheme, host and port, without a slash at its end.
    pub origin: String,
    serving: JoinHandle<()>,
}

impl Site {
    /// Serves what `router` makes of the origin.
    pub async fn start(router: impl FnOnce(&str) -> Router) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
        let origin = format!("http://{}", listener.local_addr().expect("its address"));
        let router = router(&origin);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { origin, serving }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
