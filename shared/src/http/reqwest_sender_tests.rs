//! Against a server of raw bytes on this machine.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::ReqwestSender;
use crate::http::{LONGEST_BODY, Method, Request, Response, SendError, Sender};
use crate::secret::Secret;

/// How the server answers.
enum Answer {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// The head of an answer, then a byte every now and then.
    Drip,
    /// A head that announces nothing, then chunks without end.
    Endless,
    /// Nothing, and the connection stays open.
    Silence,
}

/// A server that takes one request, answers it so, and hands the request's text back.
async fn serve(answer: Answer) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/rest", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        respond(&mut stream, answer).await;
        request
    });
    (address, server)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if read == 0 || body.len() >= length.unwrap_or(0) {
            return text;
        }
    }
}

/// Writes until the client goes away.
async fn respond(stream: &mut TcpStream, answer: Answer) {
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
        Answer::Drip => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Answer::Endless => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 65_536], b"\r\n"].concat();
            while stream.write_all(&chunk).await.is_ok() {}
        }
        Answer::Silence => {
            let mut rest = [0; 1];
            let _ = stream.read(&mut rest).await;
        }
    }
}

fn request(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.to_owned(),
        authorization: Some(Secret::new("Bearer token")),
        headers: Vec::new(),
        body: None,
        timeout: Duration::from_secs(5),
    }
}

async fn send(request: Request) -> Result<Response, SendError> {
    ReqwestSender::new().unwrap().send(request).await
}

async fn ask(answer: Answer) -> Result<Response, SendError> {
    let (address, _server) = serve(answer).await;
    send(request(&address)).await
}

fn plain(head: &str, body: &str) -> Answer {
    Answer::Bytes(format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

#[tokio::test]
async fn a_request_goes_out_whole_and_its_answer_comes_back() {
    let head = "201 Created\r\nX-AAccountId: acc-1\r\nRetry-After: 3\r\nX-Other: no";
    let (address, server) = serve(plain(head, "{}")).await;
    let request = Request { method: Method::Post, body: Some(json!({ "a": 1 })), ..request(&address) };
    let response = send(request).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (201, b"{}".as_slice()));
    assert_eq!((response.header("x-aaccountid"), response.header("retry-after")), (Some("acc-1"), Some("3")));
    assert_eq!(response.headers.len(), 2);
    let sent = server.await.unwrap().to_ascii_lowercase();
    assert!(sent.starts_with("post /rest http/1.1\r\n") && sent.ends_with("{\"a\":1}"), "{sent}");
    assert!(
        sent.contains("\r\nauthorization: bearer token\r\n")
            && sent.contains("\r\naccept: application/json\r\n")
    );
    assert!(sent.contains("\r\ncontent-type: application/json\r\n") && !sent.contains("referer"));
}

#[tokio::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let response = ask(plain("302 Found\r\nLocation: http://127.0.0.1:1/elsewhere", "")).await.unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(response.header("location"), Some("http://127.0.0.1:1/elsewhere"));
}

#[tokio::test]
async fn an_html_page_is_an_answer_like_any_other() {
    let response = ask(plain("502 Bad Gateway", "<html>")).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (502, b"<html>".as_slice()));
}

#[tokio::test]
async fn a_slow_drip_ends_when_the_time_is_up() {
    let (address, _server) = serve(Answer::Drip).await;
    let began = tokio::time::Instant::now();
    let outcome = send(Request { timeout: Duration::from_millis(300), ..request(&address) }).await;
    assert!(matches!(outcome, Err(SendError::InDoubt { status: Some(200), .. })));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn silence_leaves_the_request_in_doubt() {
    let (address, _server) = serve(Answer::Silence).await;
    let outcome = send(Request { timeout: Duration::from_millis(200), ..request(&address) }).await;
    assert!(matches!(outcome, Err(SendError::InDoubt { status: None, .. })));
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_the_request_in_doubt() {
    assert!(matches!(ask(Answer::Bytes(Vec::new())).await, Err(SendError::InDoubt { status: None, .. })));
    let half_a_head = b"HTTP/1.1 20".to_vec();
    assert!(matches!(ask(Answer::Bytes(half_a_head)).await, Err(SendError::InDoubt { status: None, .. })));
}

#[tokio::test]
async fn a_truncated_body_leaves_the_request_in_doubt_and_keeps_the_status() {
    let bytes = b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"issues\":[".to_vec();
    assert!(matches!(ask(Answer::Bytes(bytes)).await, Err(SendError::InDoubt { status: Some(201), .. })));
}

#[tokio::test]
async fn a_body_that_is_too_long_is_not_read_whether_announced_or_not() {
    let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", LONGEST_BODY + 1).into_bytes();
    assert!(matches!(ask(Answer::Bytes(announced)).await, Err(SendError::TooLarge { status: 200 })));
    assert!(matches!(ask(Answer::Endless).await, Err(SendError::TooLarge { status: 200 })));
}

#[tokio::test]
async fn no_connection_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(send(request(&address)).await, Err(SendError::NotSent { .. })));
}

#[tokio::test]
async fn a_server_that_does_not_prove_who_it_is_is_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut greeting = [0; 1];
        stream.read_exact(&mut greeting).await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        greeting[0]
    });
    assert!(matches!(send(request(&address)).await, Err(SendError::NotSent { .. })));
    // 22 begins a TLS handshake: what came first was no request.
    assert_eq!(server.await.unwrap(), 22);
}

#[tokio::test]
async fn nothing_is_sent_in_the_open_or_with_a_header_that_could_be_split() {
    for url in
        ["http://demo.atlassian.net/", "ftp://127.0.0.1/", "demo.atlassian.net", "http://user@127.0.0.1/"]
    {
        assert!(matches!(send(request(url)).await, Err(SendError::NotSent { .. })), "{url}");
    }
    let request = Request { authorization: Some(Secret::new("a\r\nb: c")), ..request("http://127.0.0.1:1/") };
    assert!(matches!(send(request).await, Err(SendError::NotSent { .. })));
}

#[tokio::test]
async fn an_error_does_not_tell_the_address() {
    let Err(SendError::NotSent { detail }) = send(request("http://127.0.0.1:1/path?state=hunter2")).await
    else {
        panic!("nothing listens there")
    };
    assert!(!detail.contains("hunter2") && !detail.contains("/path"), "{detail}");
}
