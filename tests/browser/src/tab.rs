//! A page that is looked at, and what is asked of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chromiumoxide::cdp::browser_protocol::emulation::SetScriptExecutionDisabledParams;
use chromiumoxide::cdp::browser_protocol::page::{
    AddScriptToEvaluateOnNewDocumentParams, CaptureScreenshotFormat, CaptureScreenshotParams,
    CreateIsolatedWorldParams, EventLoadEventFired, GetLayoutMetricsParams, NavigateParams, Viewport,
};
use chromiumoxide::cdp::js_protocol::runtime::{EvaluateParams, ExecutionContextId};
use chromiumoxide::listeners::EventStream;
use chromiumoxide::page::Page;
use data_encoding::BASE64;
use futures::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::BOUND;
use crate::seen::Seen;
use crate::view::View;

/// The questions that may be asked.
const QUESTIONS: &str = include_str!("scripts/page.js");

/// The name of the world in which questions are asked.
const WORLD: &str = "assay";

/// How often a condition is looked at.
pub(crate) const LOOK: Duration = Duration::from_millis(25);

/// A tab of a browser, which looks at pages of one site.
pub struct Tab {
    pub(crate) page: Page,
    pub(crate) view: View,
    /// Where its files come.
    pub(crate) downloads: PathBuf,
    origin: String,
    seen: Seen,
    loads: EventStream<EventLoadEventFired>,
    /// Where the page that is open is asked.
    world: Mutex<Option<ExecutionContextId>>,
    brought: AtomicBool,
}

impl Tab {
    pub(crate) async fn over(
        page: Page,
        origin: &str,
        view: View,
        downloads: PathBuf,
        unread: Arc<Mutex<Vec<String>>>,
    ) -> Self {
        let seen = Seen::listen(&page, unread).await;
        let loads = page.event_listener().await.expect("loads");
        view.apply(&page).await;
        Self {
            page,
            view,
            downloads,
            origin: origin.to_owned(),
            seen,
            loads,
            world: Mutex::default(),
            brought: AtomicBool::default(),
        }
    }

    /// Looks in another way. Scripts are switched from the next load on.
    pub async fn look(&mut self, view: View) {
        view.apply(&self.page).await;
        self.view = view;
    }

    /// Opens a path of the site, and waits until it is loaded and painted.
    pub async fn open(&mut self, path: &str) {
        self.forget_loads();
        let address = format!("{}{path}", self.origin);
        self.page.goto(NavigateParams::new(address)).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        self.loaded(path).await;
    }

    /// Does something that leads to another page, and waits for that.
    pub(crate) async fn leaving(&mut self, what: &str, act: impl AsyncFnOnce(&Self)) {
        self.forget_loads();
        act(self).await;
        self.loaded(what).await;
    }

    fn forget_loads(&mut self) {
        while self.loads.next().now_or_never().is_some() {}
    }

    async fn loaded(&mut self, what: &str) {
        let load = tokio::time::timeout(BOUND, self.loads.next()).await;
        load.unwrap_or_else(|_| panic!("no page was loaded by: {what}"));
        self.settle().await;
    }

    /// Waits until everything that was loaded is laid out and painted.
    pub async fn settle(&self) {
        if self.view.scripts {
            let _: bool = self.ask("painted()").await;
        }
    }

    /// Whether scripts of the page run.
    pub fn scripts(&self) -> bool {
        self.view.scripts
    }

    /// The path and query of the page.
    pub async fn path(&self) -> String {
        self.evaluate("location.pathname + location.search").await
    }

    /// All the text that is shown.
    pub async fn text(&self) -> String {
        self.evaluate("document.body.innerText").await
    }

    /// Waits until the page shows a text.
    pub async fn until_text(&self, wanted: &str) {
        let found = format!("document.body.innerText.includes({})", quoted(wanted));
        self.until(&found).await;
    }

    /// Waits until an expression about the page is true, whatever is loaded meanwhile.
    pub async fn until(&self, expression: &str) {
        let holds = async {
            while self.try_evaluate(expression).await != Ok(Value::Bool(true)) {
                tokio::time::sleep(LOOK).await;
            }
        };
        let Err(_) = tokio::time::timeout(BOUND, holds).await else { return };
        panic!("it never holds that {expression}; the page {}: {}", self.path().await, self.text().await);
    }

    /// What an expression about the page gives, a promise being awaited. The page's scripts see nothing of it.
    pub async fn evaluate<T: DeserializeOwned>(&self, expression: &str) -> T {
        let given = self.try_evaluate(expression).await.unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_value(given)
            .unwrap_or_else(|error| panic!("{expression} gives something else: {error}"))
    }

    /// What one of the questions gives. They are told to each page once.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, question: &str) -> T {
        if !self.evaluate::<bool>("typeof assayPage === 'object'").await {
            let _: bool = self.evaluate(&format!("globalThis.assayPage = {QUESTIONS}; true")).await;
        }
        self.evaluate(&format!("assayPage.{question}")).await
    }

    async fn try_evaluate(&self, expression: &str) -> Result<Value, String> {
        let known = *self.world.lock().expect("a world");
        if let Some(known) = known
            && let Ok(answer) = self.evaluate_in(known, expression).await
        {
            return answer;
        }
        // Another page has another world, of which none is known yet.
        let frame = self.page.mainframe().await.ok().flatten().ok_or("no page is open")?;
        let world = CreateIsolatedWorldParams::builder().frame_id(frame).world_name(WORLD).build()?;
        let world = self.page.execute(world).await.map_err(|error| error.to_string())?.execution_context_id;
        *self.world.lock().expect("a world") = Some(world);
        self.evaluate_in(world, expression).await?
    }

    /// Has a script in the world of questions of every page that is opened from now on; asked for twice, it is there once.
    pub(crate) async fn bring(&self, script: &str) {
        if self.brought.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut brought = AddScriptToEvaluateOnNewDocumentParams::new(script);
        brought.world_name = Some(WORLD.to_owned());
        self.page.execute(brought).await.expect("a script for further pages");
    }

    /// What the expression gives or throws. Fails where there is no such world any more.
    async fn evaluate_in(
        &self,
        world: ExecutionContextId,
        expression: &str,
    ) -> Result<Result<Value, String>, String> {
        let question = EvaluateParams::builder()
            .expression(expression)
            .context_id(world)
            .await_promise(true)
            .return_by_value(true)
            .build()?;
        let answer = self.page.execute(question).await.map_err(|error| error.to_string())?;
        Ok(if let Some(thrown) = &answer.exception_details {
            let thrown = thrown.exception.as_ref().and_then(|of| of.description.clone());
            Err(thrown.unwrap_or_else(|| "something was thrown".to_owned()))
        } else {
            Ok(answer.result.result.value.unwrap_or_default())
        })
    }

    /// Does something for which scripts must run, on a page whose own were not.
    pub(crate) async fn with_scripts<T>(&self, act: impl AsyncFnOnce(&Self) -> T) -> T {
        let disable = |disabled| self.page.execute(SetScriptExecutionDisabledParams::new(disabled));
        if self.view.scripts {
            return act(self).await;
        }
        disable(false).await.expect("scripts");
        let done = act(self).await;
        disable(true).await.expect("no scripts");
        done
    }

    /// What was wrong since the last look: errors in the console, exceptions, what the policy refused, dialogs, and
    /// requests to another place than the site.
    pub async fn faults(&mut self) -> Vec<String> {
        self.seen.faults(&self.page, &self.origin).await
    }

    /// The addresses that were asked for before the last look at [`Tab::faults`], since the one before.
    pub fn asked(&self) -> &[String] {
        &self.seen.asked
    }

    /// Writes the whole page, as it looks now, to `target/browser/<name>-<view>.png`.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let size = self.page.execute(GetLayoutMetricsParams::default()).await.expect("its size");
        let size = &size.css_content_size;
        let shot = CaptureScreenshotParams::builder()
            .format(CaptureScreenshotFormat::Png)
            .clip(Viewport { x: 0.0, y: 0.0, width: size.width, height: size.height, scale: 1.0 })
            .capture_beyond_viewport(true)
            .optimize_for_speed(true)
            .build();
        let shot = self.page.execute(shot).await.expect("a picture");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let path = folder.join(format!("{name}-{}.png", self.view));
        let bytes = BASE64.decode(shot.data.as_ref()).expect("a picture");
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

/// A text as JavaScript writes it.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
