//! What a person does not see: errors in the console, what the policy refused, dialogs, requests to elsewhere.

use std::sync::{Arc, Mutex};

use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::browser_protocol::network::EventRequestWillBeSent;
use chromiumoxide::cdp::browser_protocol::page::{
    EventJavascriptDialogOpening, HandleJavaScriptDialogParams,
};
use chromiumoxide::cdp::js_protocol::runtime::{
    ConsoleApiCalledType, EvaluateParams, EventConsoleApiCalled, EventExceptionThrown,
};
use chromiumoxide::listeners::EventStream;
use chromiumoxide::page::Page;
use futures::{FutureExt, StreamExt};

/// The browser's word about one tab, kept until it is asked for.
pub(crate) struct Seen {
    entries: EventStream<EventEntryAdded>,
    exceptions: EventStream<EventExceptionThrown>,
    console: EventStream<EventConsoleApiCalled>,
    requests: EventStream<EventRequestWillBeSent>,
    dialogs: Arc<Mutex<Vec<String>>>,
    unread: Arc<Mutex<Vec<String>>>,
    /// Every address that was asked for since the last look, as far as it is of a network.
    pub(crate) asked: Vec<String>,
}

impl Seen {
    /// Listens to a tab from now on. `unread` is what the connection could not make sense of.
    pub(crate) async fn listen(page: &Page, unread: Arc<Mutex<Vec<String>>>) -> Self {
        let dialogs = Arc::default();
        let opening = page.event_listener().await.expect("dialogs");
        tokio::spawn(answer_dialogs(page.clone(), opening, Arc::clone(&dialogs)));
        Self {
            entries: page.event_listener().await.expect("the log"),
            exceptions: page.event_listener().await.expect("exceptions"),
            console: page.event_listener().await.expect("the console"),
            requests: page.event_listener().await.expect("requests"),
            dialogs,
            unread,
            asked: Vec::new(),
        }
    }

    /// What was wrong since the last look, in words. `origin` is the only place that a page may ask.
    pub(crate) async fn faults(&mut self, page: &Page, origin: &str) -> Vec<String> {
        // What the browser said before it answered the first question is here once the second one is answered.
        for _ in 0..2 {
            page.execute(EvaluateParams::new("0")).await.expect("an answer");
        }
        let mut faults = Vec::new();
        for entry in waiting(&mut self.entries).filter(|event| event.entry.level == LogEntryLevel::Error) {
            let (text, from) = (&entry.entry.text, entry.entry.url.as_deref().unwrap_or("the page"));
            let policy = text.contains("Content Security Policy");
            faults.push(format!("{}: {text} ({from})", if policy { "policy" } else { "console" }));
        }
        for thrown in waiting(&mut self.exceptions) {
            let details = &thrown.exception_details;
            let of = details.exception.as_ref().and_then(|of| of.description.as_deref()).unwrap_or_default();
            faults.push(format!("exception: {} {of}", details.text));
        }
        for call in waiting(&mut self.console) {
            if matches!(call.r#type, ConsoleApiCalledType::Error | ConsoleApiCalledType::Assert) {
                let words = call.args.iter().map(|of| {
                    let value = of.value.as_ref().map(ToString::to_string);
                    value.or_else(|| of.description.clone()).unwrap_or_default()
                });
                faults.push(format!("console: {}", words.collect::<Vec<_>>().join(" ")));
            }
        }
        self.asked.clear();
        for asked in waiting(&mut self.requests) {
            let address = &asked.request.url;
            if !["data:", "blob:", "about:"].iter().any(|scheme| address.starts_with(scheme)) {
                self.asked.push(address.clone());
            }
        }
        let ours = |address: &str| address.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'));
        faults
            .extend(self.asked.iter().filter(|address| !ours(address)).map(|it| format!("elsewhere: {it}")));
        for (kind, list) in [("dialog", &self.dialogs), ("unread", &self.unread)] {
            let list = std::mem::take(&mut *list.lock().expect("a list"));
            faults.extend(list.into_iter().map(|text| format!("{kind}: {text}")));
        }
        faults
    }
}

/// What is there already.
fn waiting<T: chromiumoxide::cdp::IntoEventKind + Unpin>(
    events: &mut EventStream<T>,
) -> impl Iterator<Item = Arc<T>> {
    std::iter::from_fn(|| events.next().now_or_never().flatten())
}

/// Closes every dialog, since a page stands still while one is open.
async fn answer_dialogs(
    page: Page,
    mut opening: EventStream<EventJavascriptDialogOpening>,
    dialogs: Arc<Mutex<Vec<String>>>,
) {
    while let Some(dialog) = opening.next().await {
        dialogs.lock().expect("a list").push(dialog.message.clone());
        if page.execute(HandleJavaScriptDialogParams::new(true)).await.is_err() {
            return;
        }
    }
}
