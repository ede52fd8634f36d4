//! Process start → first poll of each function, against a Runtime API of our own that only notes when it is asked.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use assay_test_support::start::environment_of;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::prices::{TENANTS, Use, dollars};
use crate::table;

const FUNCTIONS: [&str; 8] = [
    "api",
    "console",
    "oauth-callback",
    "evaluate-checks",
    "ingest-usage",
    "create-tickets",
    "receive-webhooks",
    "maintain",
];

/// Whether this is a debug build.
const DEBUG: bool = cfg!(debug_assertions);

/// Starts of each function.
const STARTS: usize = 21;

/// Cold starts of each function for a tenant in a month: one a day. An assumption; AWS ends idle processes when it likes.
const COLD_STARTS: f64 = 30.0;

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
            if let Some((start, memory)) = start(function, &binary).await {
                starts.push(start);
                resident = resident.max(memory);
            }
        }
        starts.sort();
        let figure = |at: usize| {
            starts
                .get(at)
                .map_or("did not start".to_owned(), |it| format!("{:.1} ms", it.as_secs_f64() * 1000.0))
        };
        // AWS bills the time of a start as it bills the time of an event.
        let price = starts.get(starts.len() / 2).map_or("?".to_owned(), |it| {
            dollars(Use { seconds: it.as_secs_f64(), ..Use::default() }.price(COLD_STARTS))
        });
        let slowest = starts.len().saturating_sub(1);
        rows.push(vec![
            if starts.len() == STARTS {
                function.to_owned()
            } else {
                format!("{function}: only {} of {STARTS} starts came to a poll", starts.len())
            },
            figure(starts.len() / 2),
            figure(slowest),
            format!("{:.1} MiB", f64::from(resident) / 1024.0),
            archive(&binary).await.map_or("?".to_owned(), |bytes| format!("{:.1} MB", bytes / 1e6)),
            price,
        ]);
    }
    rows.push(["target", "≤ 15 ms", "", "≤ 15 MiB", "≤ 8 MB", ""].map(ToOwned::to_owned).to_vec());
    let price = format!("price, {TENANTS:.0} tenants and a month of {COLD_STARTS:.0} cold starts");
    let heads = ["function", "start to first poll, median", "slowest", "resident, idle", "archive", &price];
    let build = if DEBUG { "debug" } else { "release" };
    table::print(&format!("Start-up, {build} build of this machine, {STARTS} starts each"), &heads, &rows);
}

/// Builds the functions in the profile of this program, and returns the folder that they are in.
async fn build() -> Option<PathBuf> {
    let mut command = Command::new("cargo");
    command.args(["build", "--locked", "--quiet", "--profile", if DEBUG { "dev" } else { "release" }]);
    for function in FUNCTIONS {
        command.args(["-p", &format!("assay-{function}")]);
    }
    let done = command.status().await.ok()?.success();
    // They lie beside this program.
    let own = std::env::current_exe().ok()?;
    done.then_some(own.parent()?.to_owned())
}

/// Starts one function; the time to its first poll, and its resident memory in KiB then.
async fn start(function: &str, binary: &Path) -> Option<(Duration, u32)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.ok()?;
    let address = listener.local_addr().ok()?.to_string();
    let mut command = Command::new(binary);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.envs(environment_of(function, &address));
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
