//! Process start → first poll of each function, against a Runtime API of our own that only notes when it is asked.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::table;

const FUNCTIONS: [&str; 6] =
    ["api", "oauth-callback", "evaluate-checks", "create-tickets", "receive-webhooks", "maintain"];

/// Starts of each function.
const STARTS: usize = 21;

/// Measures and prints.
pub async fn report() {
    let Some(folder) = build().await else {
        crate::say("the functions could not be built; no start-up figures\n");
        return;
    };
    let mut rows = Vec::new();
    for function in FUNCTIONS {
        let binary = folder.join(function);
        let mut starts = Vec::new();
        let mut resident = 0;
        for _ in 0..STARTS {
            let Some((start, memory)) = start(&binary).await else { continue };
            starts.push(start);
            resident = memory;
        }
        starts.sort();
        let figure = |at: usize| {
            starts
                .get(at)
                .map_or("did not start".to_owned(), |it| format!("{:.1} ms", it.as_secs_f64() * 1000.0))
        };
        let slowest = starts.len().saturating_sub(1);
        rows.push(vec![
            function.to_owned(),
            figure(starts.len() / 2),
            figure(slowest),
            format!("{:.1} MiB", f64::from(resident) / 1024.0),
            archive(&binary).await.map_or("?".to_owned(), |bytes| format!("{:.1} MB", bytes / 1e6)),
        ]);
    }
    rows.push(["target", "≤ 15 ms", "", "≤ 15 MiB", "≤ 8 MB"].map(ToOwned::to_owned).to_vec());
    let heads = ["function", "start to first poll, median", "slowest", "resident, idle", "archive"];
    table::print(&format!("Start-up, release build of this machine, {STARTS} starts each"), &heads, &rows);
}

async fn build() -> Option<PathBuf> {
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--locked", "--quiet"]);
    for function in FUNCTIONS {
        command.args(["-p", &format!("assay-{function}")]);
    }
    let done = command.status().await.ok()?.success();
    let own = std::env::current_exe().ok()?;
    // This program lies in target/release or target/debug.
    let folder = own.parent()?.parent()?.join("release");
    done.then_some(folder)
}

/// Starts one function; the time to its first poll, and its resident memory in KiB then.
async fn start(binary: &Path) -> Option<(Duration, u32)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.ok()?;
    let address = listener.local_addr().ok()?.to_string();
    let mut command = Command::new(binary);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    for (name, value) in [
        ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("ASSAY_TABLE", "assay"),
        ("ASSAY_SYNC_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/1/sync"),
        ("ASSAY_CHECKS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/1/checks"),
        ("ASSAY_SECRET_PREFIX", "assay/bench"),
        ("ASSAY_PUBLIC_URL", "https://assay.example.com"),
        ("ASSAY_CHECK_INTERVAL_SECONDS", "3600"),
        ("ASSAY_LOOKUP_BOUND_SECONDS", "600"),
        ("ASSAY_SITE_URL", "https://{site}"),
        ("ASSAY_ATLASSIAN_API_URL", "https://api.atlassian.com"),
        ("ASSAY_ATLASSIAN_AUTH_URL", "https://auth.atlassian.com"),
    ] {
        command.env(name, value);
    }
    let begun = Instant::now();
    let mut child = command.spawn().ok()?;
    let accepted = tokio::time::timeout(Duration::from_secs(5), async {
        let (mut stream, _) = listener.accept().await.ok()?;
        let mut request = [0; 256];
        let read = stream.read(&mut request).await.ok()?;
        let took = begun.elapsed();
        String::from_utf8_lossy(&request[..read])
            .contains("/runtime/invocation/next")
            .then_some((took, stream))
    });
    let (took, _stream) = accepted.await.ok()??;
    let resident = resident(child.id()?)?;
    let _ = child.kill().await;
    Some((took, resident))
}

fn resident(process: u32) -> Option<u32> {
    field(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmRSS:")
}

/// A figure in KiB of a `/proc/…/status` text.
pub fn field(status: &str, name: &str) -> Option<u32> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The size of the archive that is deployed, in bytes.
async fn archive(binary: &Path) -> Option<f64> {
    let program = "import sys, zipfile, io\n\
        buffer = io.BytesIO()\n\
        archive = zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED, compresslevel=9)\n\
        archive.write(sys.argv[1], 'bootstrap')\n\
        archive.close()\n\
        print(len(buffer.getvalue()))";
    let output = Command::new("python3").args(["-c", program]).arg(binary).output().await.ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
