//! Where Chromium is, and one of it as a process that never outlives the test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use chromiumoxide::browser::Browser;
use chromiumoxide::cdp::browser_protocol::browser::{SetDownloadBehaviorBehavior, SetDownloadBehaviorParams};
use chromiumoxide::cdp::browser_protocol::target::{CreateBrowserContextParams, CreateTargetParams};
use chromiumoxide::error::CdpError;
use chromiumoxide::handler::{Handler, HandlerConfig};
use futures::StreamExt;
use tokio::sync::oneshot;

use crate::BOUND;
use crate::tab::Tab;
use crate::view::View;

/// Names by which Chromium is found on the `PATH`; `infra/local/tools.py` knows the same.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where macOS keeps it.
const APPLICATIONS: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// What it is started with: headless, quiet, and without any other host, so that not even a faulty page reaches one.
const ARGUMENTS: [&str; 16] = [
    "--headless=new",
    "--lang=en-US",
    "--remote-debugging-port=0",
    "--hide-scrollbars",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// Ends Chromium and removes its profile as soon as the test's end of its standard input is closed, by whatever ends
/// the test: a process that is killed drops nothing. Chromium is asked first, so that it collects its own children.
const KEEPER: &str = r#"
read -r _
kill -TERM "$1"
while kill -0 "$1" && [ $((asked += 1)) -lt 100 ]; do sleep 0.02; done
kill -KILL -"$1"
until rm -rf -- "$2" || [ $((tried += 1)) -gt 100 ]; do sleep 0.02; done
"#;

/// The program: what the variable `CHROMIUM` names, else the first of the known ones.
pub fn find() -> PathBuf {
    if let Some(named) = std::env::var_os("CHROMIUM").filter(|named| !named.is_empty()) {
        return PathBuf::from(named);
    }
    let folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let on_path = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let mut known = on_path.chain(APPLICATIONS.iter().map(PathBuf::from));
    let runs = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    known.find(runs).expect("Chromium is missing: install the package `chromium`, or name it in CHROMIUM")
}

/// A running Chromium. It ends when this is dropped, and with the test's process.
#[derive(Debug)]
pub struct Chromium {
    browser: Browser,
    unread: Arc<Mutex<Vec<String>>>,
    process: Process,
}

impl Chromium {
    /// Starts one, with a profile of its own.
    pub async fn start() -> Self {
        let (process, address) = Process::start(&find());
        let address = tokio::time::timeout(BOUND, address).await;
        let Ok(Ok(address)) = address else {
            panic!("Chromium did not start; it said:\n{}", process.said());
        };
        let settings = HandlerConfig {
            viewport: None,
            ignore_invalid_messages: false,
            request_timeout: BOUND,
            ..HandlerConfig::default()
        };
        let (browser, handler) =
            Browser::connect_with_config(address, settings).await.expect("its debugging port");
        let unread = Arc::default();
        tokio::spawn(listen(handler, Arc::clone(&unread)));
        Self { browser, unread, process }
    }

    /// Where its profile is.
    pub fn profile(&self) -> &Path {
        &self.process.profile
    }

    /// A new tab, which shares cookies with no other.
    pub async fn tab(&self, origin: &str, view: View) -> Tab {
        let fresh = CreateBrowserContextParams::default();
        let context = self.browser.create_browser_context(fresh).await.expect("a context of its own");
        let downloads = self.process.profile.join("downloads").join(context.as_ref());
        let files = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Allow)
            .browser_context_id(context.clone())
            .download_path(downloads.to_string_lossy())
            .build();
        self.browser.execute(files.expect("a folder")).await.expect("a folder for its files");
        let mut blank = CreateTargetParams::new("about:blank");
        blank.browser_context_id = Some(context);
        let page = self.browser.new_page(blank).await.expect("a tab");
        Tab::over(page, origin, view, downloads, Arc::clone(&self.unread)).await
    }
}

/// Drives the connection. What the browser says about a page and cannot be read here is kept: it may be an error.
async fn listen(mut handler: Handler, unread: Arc<Mutex<Vec<String>>>) {
    const ABOUT_PAGES: [&str; 3] = ["\"Log.", "\"Runtime.", "\"Network.requestWillBeSent\""];
    while let Some(next) = handler.next().await {
        match next {
            Ok(()) => {}
            Err(CdpError::InvalidMessage(text, error)) => {
                if ABOUT_PAGES.iter().any(|method| text.contains(method)) {
                    unread.lock().expect("a list").push(format!("{error}: {text}"));
                }
            }
            Err(_) => return,
        }
    }
}

/// The processes: Chromium, and the keeper that ends it.
#[derive(Debug)]
struct Process {
    chromium: Child,
    keeper: Child,
    profile: PathBuf,
    said: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts both; gives the address of the debugging port as soon as Chromium says it.
    fn start(program: &Path) -> (Self, oneshot::Receiver<String>) {
        let profile = profile();
        let mut command = Command::new(program);
        command.args(ARGUMENTS).arg(format!("--user-data-dir={}", profile.display()));
        // Its sandbox cannot be set up by root; whom the profile belongs to is who we are.
        if fs::metadata(&profile).expect("the profile").uid() == 0 {
            command.arg("--no-sandbox");
        }
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut chromium = quiet.process_group(0).spawn().expect("Chromium starts");
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", &chromium.id().to_string()])
            .arg(&profile)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let (said, (sender, address)) = (Arc::default(), oneshot::channel());
        let errors = chromium.stderr.take().expect("its errors");
        let heard = Arc::clone(&said);
        std::thread::spawn(move || hear(errors, sender, &heard));
        (Self { chromium, keeper, profile, said }, address)
    }

    /// The last lines that Chromium said.
    fn said(&self) -> String {
        self.said.lock().expect("lines").join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let ended = self.chromium.wait().and_then(|_| self.keeper.wait());
        if let Err(error) = ended {
            eprintln!("Chromium could not be ended: {error}");
        }
    }
}

/// Reads what Chromium says to its end; the first line about the debugging port goes to `address`.
fn hear(errors: ChildStderr, address: oneshot::Sender<String>, said: &Mutex<Vec<String>>) {
    let mut address = Some(address);
    for line in BufReader::new(errors).lines().map_while(Result::ok) {
        if let Some(found) = line.strip_prefix("DevTools listening on ")
            && let Some(address) = address.take()
        {
            // Nobody waits any more where the start took too long.
            let _ = address.send(found.to_owned());
        }
        let mut said = said.lock().expect("lines");
        if said.len() == 30 {
            said.remove(0);
        }
        said.push(line);
    }
}

/// A new folder that only we may read.
fn profile() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("assay-browser-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    fs::create_dir(&path).expect("a folder for the profile");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("a folder of our own");
    path
}
