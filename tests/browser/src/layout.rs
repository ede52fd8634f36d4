//! What is too wide, and what moves while a page loads.

use crate::tab::Tab;

impl Tab {
    /// What makes the page scroll sideways, and whether it is laid out for another width than the window's.
    pub async fn too_wide(&self) -> Vec<String> {
        let width: i64 = self.evaluate("document.documentElement.clientWidth").await;
        let mut faults: Vec<String> = self.ask("wide()").await;
        if width != self.view.width {
            faults.push(format!("the page is laid out for {width} px, not for {} px", self.view.width));
        }
        faults
    }

    /// What moved since the page began to load without anybody having touched it, with the browser's score of each.
    pub async fn shifts(&self) -> Vec<String> {
        self.ask("shifts()").await
    }
}
