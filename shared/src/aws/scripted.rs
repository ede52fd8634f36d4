//! A service of AWS that answers by a script, for tests of the few calls that no embedded engine answers.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What was asked: the operation, without the service's name, and its input.
pub(crate) type Call = (String, Value);

/// A script: the answer to each call, by status and body, and the calls that came.
pub(crate) struct Scripted {
    /// For making a client that asks this service.
    pub(crate) config: aws_config::SdkConfig,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Scripted {
    /// Serves the answers in their order, on a loopback port, and then no more.
    pub(crate) async fn new(answers: Vec<(u16, Value)>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = calls.clone();
        tokio::spawn(async move {
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let call = read(&mut stream).await;
                seen.lock().unwrap().push(call);
                let body = body.to_string();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "key", "secret", None, None, "test",
            )))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(aws_config::retry::RetryConfig::disabled())
            .endpoint_url(address)
            .build();
        Self { config, calls }
    }

    /// The calls that came since this was last asked.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// The operations that were called since this was last asked.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls().into_iter().map(|(operation, _)| operation).collect()
    }
}

async fn read(stream: &mut TcpStream) -> Call {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name)).unwrap();
                line.split_once(':').unwrap().1.trim().to_owned()
            };
            if body.len() >= header("content-length").parse().unwrap() {
                let target = header("x-amz-target");
                let operation = target.rsplit('.').next().unwrap().to_owned();
                return (operation, serde_json::from_str(body).unwrap());
            }
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the call was cut");
    }
}
