//! A console on a loopback port, and a browser that looks at it.

use assay::access::Role;
use assay_browser::chromium::Chromium;
use assay_browser::site::Site;
use assay_browser::tab::Tab;
use assay_browser::view::View;

use super::support::{House, TENANT};

/// A house, and a browser that looks at it.
pub struct Stage {
    /// The house.
    pub house: House,
    /// The browser.
    pub chromium: Chromium,
    /// Where the console is.
    pub site: Site,
}

impl Stage {
    /// Opens a house.
    pub async fn over(house: House) -> Self {
        let router = house.router.clone();
        let (chromium, site) = tokio::join!(Chromium::start(), Site::start(|_| router));
        Self { house, chromium, site }
    }

    /// A tab in which nobody is signed in.
    pub async fn tab(&self, view: View) -> Tab {
        self.chromium.tab(&self.site.origin, view).await
    }

    /// A tab in which somebody of this role signed in by the form.
    pub async fn signed_in(&self, view: View, role: Role) -> Tab {
        let mut tab = self.tab(view).await;
        tab.open("/").await;
        tab.fill("API token", &self.house.token(TENANT, role).await).await;
        tab.submit("Sign in").await;
        assert_eq!(tab.path().await, "/");
        tab
    }
}

/// Fails where the page, as it is now, breaks a rule of accessibility or is too wide, or where anything went wrong unseen
/// since this was asked last.
pub async fn assert_right(tab: &mut Tab, at: &str) {
    let mut wrong = tab.violations().await;
    wrong.extend(tab.too_wide().await);
    wrong.extend(tab.faults().await);
    assert!(wrong.is_empty(), "{at}, {}: {wrong:#?}", tab.path().await);
}

/// Waits until a page on which work goes on tells something: with scripts it follows by itself, without them its reader
/// has it shown again.
pub async fn until_told(tab: &mut Tab, text: &str) {
    if !tab.scripts() {
        tab.follow("Look again").await;
    }
    tab.until_text(text).await;
}
