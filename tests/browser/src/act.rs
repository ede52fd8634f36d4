//! What a person does on a page: clicks, types, presses keys.

use std::path::{Path, PathBuf};

use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType,
    InsertTextParams, MouseButton,
};
use chromiumoxide::keys::get_key_definition;
use serde::Deserialize;

use crate::BOUND;
use crate::tab::{LOOK, Tab, quoted};

/// A place in the window, in CSS pixels.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Spot {
    x: f64,
    y: f64,
}

/// As many stops as are between any two places of a page.
const MOST_STOPS: usize = 120;

/// A file in this folder that is there as a whole.
fn whole_file(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let files: Vec<PathBuf> = files.collect();
    let comes = |path: &PathBuf| path.extension().is_some_and(|it| it == "crdownload");
    if files.iter().any(comes) { None } else { files.into_iter().next() }
}

impl Tab {
    /// Clicks a link by its text, and waits for the page that it leads to.
    pub async fn follow(&mut self, link: &str) {
        self.leaving(link, async |tab| tab.click("link", link).await).await;
    }

    /// Clicks a button by its text, and waits for the page that its form leads to.
    pub async fn submit(&mut self, button: &str) {
        self.leaving(button, async |tab| tab.click("button", button).await).await;
    }

    /// Clicks what a person would call by this name: a `link`, `button` or `field`. A field in a group is named with it:
    /// `Group › Field`.
    pub async fn click(&self, kind: &str, name: &str) {
        self.rest().await;
        let spot: Spot = self.ask(&format!("spot({}, {})", quoted(kind), quoted(name))).await;
        let parts = [
            (DispatchMouseEventType::MouseMoved, MouseButton::None),
            (DispatchMouseEventType::MousePressed, MouseButton::Left),
            (DispatchMouseEventType::MouseReleased, MouseButton::Left),
        ];
        for (part, button) in parts {
            let event = DispatchMouseEventParams::builder().r#type(part).x(spot.x).y(spot.y);
            let event = event.button(button).click_count(1).build().expect("a click");
            self.page.execute(event).await.expect("the mouse");
        }
    }

    /// Replaces the text of the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        self.rest().await;
        let entered: bool = self.ask(&format!("enter({})", quoted(label))).await;
        assert!(entered, "the field “{label}” takes no focus");
        self.type_text(text).await;
    }

    /// Types a day, `2026-07-15`, into the field with this label, part by part as the field takes it: month, day, year.
    pub async fn fill_day(&self, label: &str, day: &str) {
        self.rest().await;
        let entered: bool = self.ask(&format!("enter({})", quoted(label))).await;
        assert!(entered, "the field “{label}” takes no focus");
        let (year, rest) = day.split_once('-').expect("a day");
        for digit in rest.chars().chain(year.chars()).filter(char::is_ascii_digit) {
            self.press(&digit.to_string()).await;
        }
        self.until(&format!("document.activeElement.value === {}", quoted(day))).await;
    }

    /// Presses the Tab key until the focus is where this expression holds of it, `at`.
    pub async fn tab_to(&self, holds: &str) {
        let holds = format!("((at) => {holds})(document.activeElement)");
        for _ in 0..MOST_STOPS {
            self.press("Tab").await;
            if self.evaluate(&holds).await {
                return;
            }
        }
        panic!("the Tab key does not come to where {holds}; the page: {}", self.text().await);
    }

    /// Clicks a link that leads to a file; gives the file's name and text as soon as all of it is there.
    pub async fn download(&self, link: &str) -> (String, String) {
        self.click("link", link).await;
        let whole = async {
            loop {
                if let Some(path) = whole_file(&self.downloads) {
                    return path;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let path = tokio::time::timeout(BOUND, whole).await;
        let path = path.unwrap_or_else(|_| panic!("no file came of: {link}"));
        let text = std::fs::read_to_string(&path).expect("a text");
        std::fs::remove_file(&path).expect("a file");
        (path.file_name().expect("a name").to_string_lossy().into_owned(), text)
    }

    /// Chooses an option, by its text or a part of that, of the select with this label.
    pub async fn choose(&self, label: &str, option: &str) {
        self.rest().await;
        let _: bool = self.ask(&format!("choose({}, {})", quoted(label), quoted(option))).await;
    }

    /// Waits until htmx has put into the page what it asked for: a person takes longer than that to see it.
    async fn rest(&self) {
        const BUSY: &str = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added";
        self.until(&format!("!document.querySelector('{BUSY}')")).await;
    }

    /// Types a text where the focus is.
    pub async fn type_text(&self, text: &str) {
        self.page.execute(InsertTextParams::new(text)).await.expect("the keyboard");
    }

    /// Presses a key by its name, such as `Tab`, `Enter` or `a`; with `Shift+` before it, with that.
    pub async fn press(&self, key: &str) {
        let (key, modifiers) = key.strip_prefix("Shift+").map_or((key, 0), |key| (key, 8));
        let known = get_key_definition(key).unwrap_or_else(|| panic!("there is no key {key}"));
        let text = known.text.or((known.key.len() == 1).then_some(known.key));
        let down =
            if text.is_some() { DispatchKeyEventType::KeyDown } else { DispatchKeyEventType::RawKeyDown };
        let part = async |part, text: Option<&str>| {
            let event = DispatchKeyEventParams::builder().r#type(part).modifiers(modifiers);
            let event = event.key(known.key).code(known.code);
            let event = event.windows_virtual_key_code(known.key_code);
            let event = if let Some(text) = text { event.text(text).unmodified_text(text) } else { event };
            self.page.execute(event.build().expect("a key")).await.expect("the keyboard");
        };
        // Both are on their way at once, in this order.
        tokio::join!(part(down, text), part(DispatchKeyEventType::KeyUp, None));
    }

    /// Presses Enter where the focus is, and waits for the page that it leads to.
    pub async fn press_enter_and_leave(&mut self) {
        self.leaving("Enter", async |tab| tab.press("Enter").await).await;
    }
}
