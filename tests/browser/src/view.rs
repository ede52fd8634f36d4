//! How a person looks at a page.

use std::fmt;

use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams, SetScriptExecutionDisabledParams,
    SetTimezoneOverrideParams,
};
use chromiumoxide::page::Page;

/// A narrow phone, in CSS pixels.
pub const PHONE: i64 = 360;
/// A desk's screen, in CSS pixels.
pub const DESK: i64 = 1440;

/// How a person looks at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// In CSS pixels. Below 600 the browser lays out as a phone does, so that a page must say that it fits one.
    pub width: i64,
    /// Whether the person prefers dark colours.
    pub dark: bool,
    /// Whether scripts of the page run.
    pub scripts: bool,
    /// The zone of the browser, by its IANA name.
    pub zone: &'static str,
}

impl View {
    /// A desk's screen, light, with scripts, in UTC.
    pub const PLAIN: Self = Self { width: DESK, dark: false, scripts: true, zone: "UTC" };

    /// Every width, colour scheme, and with or without scripts.
    pub fn all() -> impl Iterator<Item = Self> {
        [true, false].into_iter().flat_map(Self::with_scripts)
    }

    /// Every width and colour scheme; those that differ in nothing but colours are neighbours.
    pub fn with_scripts(scripts: bool) -> impl Iterator<Item = Self> {
        let widths = [DESK, PHONE].into_iter();
        widths.flat_map(move |width| [false, true].map(|dark| Self { width, dark, scripts, ..Self::PLAIN }))
    }

    /// Makes a page be looked at so. Scripts are switched from its next load on.
    pub(crate) async fn apply(&self, page: &Page) {
        let phone = self.width < 600;
        let height = if phone { 800 } else { 900 };
        let screen = SetDeviceMetricsOverrideParams::new(self.width, height, 1.0, phone);
        let scheme = if self.dark { "dark" } else { "light" };
        let colours = SetEmulatedMediaParams::builder()
            .feature(MediaFeature::new("prefers-color-scheme", scheme))
            .build();
        page.execute(screen).await.expect("a width");
        page.execute(colours).await.expect("colours");
        page.execute(SetTimezoneOverrideParams::new(self.zone)).await.expect("a time zone");
        page.execute(SetScriptExecutionDisabledParams::new(!self.scripts)).await.expect("scripts");
    }
}

/// As it stands in the names of screenshots and in messages.
impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colours = if self.dark { "dark" } else { "light" };
        let scripts = if self.scripts { "" } else { "-without-scripts" };
        write!(f, "{}-{colours}{scripts}", self.width)
    }
}
