//! The start of a function's process: its settings, and what it does when one of them is missing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::Command;

/// How long a start may take before the test says that the function hangs.
const BOUND: Duration = Duration::from_secs(30);

/// Every setting of Assay's own: its name, a value that a function starts with, and the functions that need it. The
/// template gives each function exactly these.
const SETTINGS: [(&str, &str, &[&str]); 17] = [
    (
        "ASSAY_TABLE",
        "assay",
        &[
            "api",
            "console",
            "oauth-callback",
            "evaluate-checks",
            "ingest-usage",
            "create-tickets",
            "receive-webhooks",
            "maintain",
        ],
    ),
    (
        "ASSAY_SYNC_QUEUE_URL",
        "https://sqs.eu-central-1.amazonaws.com/1/sync",
        &["api", "console", "evaluate-checks", "create-tickets", "receive-webhooks", "maintain"],
    ),
    (
        "ASSAY_CHECKS_QUEUE_URL",
        "https://sqs.eu-central-1.amazonaws.com/1/checks",
        &["api", "console", "oauth-callback", "evaluate-checks"],
    ),
    (
        "ASSAY_USAGE_QUEUE_URL",
        "https://sqs.eu-central-1.amazonaws.com/1/usage",
        &["api", "console", "ingest-usage"],
    ),
    (
        "ASSAY_SYNC_DEAD_LETTERS_URL",
        "https://sqs.eu-central-1.amazonaws.com/1/sync-dead",
        &["api", "console"],
    ),
    (
        "ASSAY_CHECKS_DEAD_LETTERS_URL",
        "https://sqs.eu-central-1.amazonaws.com/1/checks-dead",
        &["api", "console"],
    ),
    (
        "ASSAY_USAGE_DEAD_LETTERS_URL",
        "https://sqs.eu-central-1.amazonaws.com/1/usage-dead",
        &["api", "console"],
    ),
    (
        "ASSAY_SECRET_PREFIX",
        "assay/test",
        &[
            "api",
            "console",
            "oauth-callback",
            "evaluate-checks",
            "ingest-usage",
            "create-tickets",
            "receive-webhooks",
            "maintain",
        ],
    ),
    (
        "ASSAY_KMS_KEY_ID",
        "11111111-2222-4333-8444-555555555555",
        &["api", "console", "oauth-callback", "ingest-usage"],
    ),
    (
        "ASSAY_PUBLIC_URL",
        "https://assay.example.com",
        &["api", "console", "oauth-callback", "evaluate-checks", "maintain"],
    ),
    ("ASSAY_CHECK_INTERVAL_SECONDS", "3600", &["evaluate-checks", "maintain"]),
    ("ASSAY_LOOKUP_BOUND_SECONDS", "600", &["create-tickets"]),
    ("ASSAY_SITE_URL", "https://{site}", &CALLS_JIRA),
    ("ASSAY_ATLASSIAN_API_URL", "https://api.atlassian.com", &CALLS_JIRA),
    ("ASSAY_ATLASSIAN_AUTH_URL", "https://auth.atlassian.com", &CALLS_JIRA),
    ("ASSAY_GITHUB_API_URL", "https://api.github.com", &["api", "console", "create-tickets", "maintain"]),
    ("ASSAY_SLACK_URL", "https://hooks.slack.com", &["api", "console", "maintain"]),
];

/// The functions that call Jira.
const CALLS_JIRA: [&str; 7] =
    ["api", "console", "oauth-callback", "evaluate-checks", "ingest-usage", "create-tickets", "maintain"];

/// What Lambda itself sets.
const LAMBDA: [(&str, &str); 8] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "assay-test"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "test"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "test"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

/// The settings without which a function does not start, each with a value that it starts with.
pub fn settings_of(function: &str) -> Vec<(&'static str, &'static str)> {
    let needed = SETTINGS.into_iter().filter(|(_, _, functions)| functions.contains(&function));
    needed.map(|(name, value, _)| (name, value)).collect()
}

/// The environment in which a function starts whose Runtime API answers at `runtime_api` (host and port).
pub fn environment_of(function: &str, runtime_api: &str) -> Vec<(String, String)> {
    let pairs =
        LAMBDA.into_iter().chain(settings_of(function)).chain([("AWS_LAMBDA_RUNTIME_API", runtime_api)]);
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Starts the function `function` at `program`: with all its settings it asks for its first event; without any one of
/// them it stops by itself and names it.
///
/// # Panics
/// When it does anything else.
pub async fn each_missing_setting_stops_the_start_and_is_named(function: &str, program: &str) {
    let started = start(function, program, None).await;
    assert!(started.polled, "{function} did not ask for an event: {}", started.said);
    let settings = settings_of(function);
    assert!(!settings.is_empty(), "there is no function {function}");
    for (missing, _) in settings {
        let started = start(function, program, Some(missing)).await;
        assert!(!started.polled, "{function} started without {missing}");
        assert!(started.said.contains(missing), "{function} does not name {missing}: {}", started.said);
    }
}

/// What became of a start.
struct Started {
    polled: bool,
    said: String,
}

async fn start(function: &str, program: &str, without: Option<&str>) -> Started {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free loopback port");
    let address = listener.local_addr().expect("its address").to_string();
    let environment = environment_of(function, &address);
    let mut child = Command::new(Path::new(program))
        .env_clear()
        .envs(environment.into_iter().filter(|(name, _)| Some(name.as_str()) != without))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the function's program");
    let mut said = String::new();
    let (mut output, mut errors) =
        (child.stdout.take().expect("output"), child.stderr.take().expect("errors"));
    let ends = async {
        let mut first = String::new();
        let (one, two) = tokio::join!(output.read_to_string(&mut first), errors.read_to_string(&mut said));
        one.and(two).expect("what it says is text");
        said.insert_str(0, &first);
        let status = child.wait().await.expect("its end");
        assert!(!status.success(), "{function} ended as if all were well");
    };
    let polled = tokio::select! {
        accepted = listener.accept() => { accepted.expect("a connection"); true }
        () = ends => false,
        () = tokio::time::sleep(BOUND) => panic!("{function} neither stopped nor asked for an event"),
    };
    Started { polled, said }
}
