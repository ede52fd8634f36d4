//! The harness sees what is wrong with a page: each page here breaks one thing, or none.

use std::process::Command;

use assay_browser::chromium::Chromium;
use assay_browser::site::Site;
use assay_browser::tab::Tab;
use assay_browser::view::{DESK, PHONE, View};
use axum::Router;
use axum::response::{Html, IntoResponse};
use axum::routing::get;

/// The policy of every page here: its own scripts, styles and pictures.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' http://127.0.0.2; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page with nothing wrong, into whose `<main>` something is put.
fn page(main: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><meta name=viewport content='width=device-width, initial-scale=1'>\
         <title>Page</title><link rel=icon href=/dot.svg><link rel=stylesheet href=/style.css></head><body><a href='#main'>Skip</a>\
         <main id=main tabindex=-1><h1>Page</h1>{main}</main></body></html>"
    )
}

/// Pages by their path, and what they need.
const PAGES: [(&str, &str); 17] = [
    ("/", "<p>Nothing is wrong.</p>"),
    ("/picture", "<img src=/dot.svg>"),
    ("/pale", "<p class=pale>Pale where it is dark</p>"),
    ("/elsewhere", "<img alt=dot src=http://127.0.0.2/dot.svg>"),
    ("/inline", "<p>Text</p><script>document.title = 'ran'</script>"),
    ("/style", "<p style='color: red'>Text</p>"),
    ("/throws", "<script src=/throws.js></script>"),
    ("/complains", "<script src=/complains.js></script>"),
    ("/alerts", "<script src=/alerts.js></script>"),
    ("/missing", "<script src=/none.js></script>"),
    ("/wide", "<p class=wide>Wide</p>"),
    ("/shifting", "<p id=late></p><p class=tall>What moves</p><script src=/shifting.js></script>"),
    (
        "/scripted",
        "<p id=late></p><noscript><p>There are no scripts.</p></noscript><script src=/zone.js></script>",
    ),
    (
        "/keys",
        "<a class=bare href=/>bare</a> <p tabindex=0>place</p> <button tabindex=-1>not by key</button> \
         <button disabled>off</button> <span onclick='' role=button>no key</span>",
    ),
    ("/file", "<p><a href=/table.csv download>Keep it</a></p>"),
    (
        "/day",
        "<form action=/said><fieldset><legend>When <span>said in days</span></legend>\
         <label for=day>Day</label> <input id=day name=day type=date></fieldset><button>Send</button></form>",
    ),
    (
        "/form",
        "<form action=/said><p><label for=name>Name</label> <input id=name name=name value=old></p>\
         <p><label for=kind>Kind</label> <select id=kind name=kind><option>one<option>two</select></p>\
         <p><label><input type=checkbox name=sure value=yes> Sure</label></p><button>Send</button></form>",
    ),
];

const FILES: [(&str, &str, &str); 8] = [
    ("/table.csv", "text/csv", "a,b\n"),
    ("/dot.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>"),
    (
        "/style.css",
        "text/css",
        ":root { color-scheme: light dark; background: Canvas } .wide { width: 500px } .bare:focus { outline: none }
         @media (prefers-color-scheme: dark) { .pale { color: #333 } }
         .tall { height: 300px }",
    ),
    ("/throws.js", "text/javascript", "throw new Error('thrown');"),
    ("/complains.js", "text/javascript", "console.error('complaint', 7);"),
    ("/alerts.js", "text/javascript", "alert('hello');"),
    (
        "/shifting.js",
        "text/javascript",
        "requestAnimationFrame(() => requestAnimationFrame(() => { late.className = 'tall'; }));",
    ),
    (
        "/zone.js",
        "text/javascript",
        "late.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone + ' ' + navigator.webdriver;",
    ),
];

fn router() -> Router {
    let mut router = Router::new().route(
        "/said",
        get(async |query: axum::extract::RawQuery| shown(&format!("<p>{}</p>", query.0.unwrap_or_default()))),
    );
    for (path, main) in PAGES {
        router = router.route(path, get(move || async move { shown(main) }));
    }
    for (path, kind, text) in FILES {
        router = router.route(path, get(move || async move { ([("content-type", kind)], text) }));
    }
    router
}

fn shown(main: &str) -> impl IntoResponse + use<> {
    ([("content-security-policy", POLICY)], Html(page(main)))
}

/// A browser, a site, and a tab that looks at it.
async fn start(view: View) -> (Chromium, Site, Tab) {
    let (chromium, site) = tokio::join!(Chromium::start(), Site::start(|_| router()));
    let tab = chromium.tab(&site.origin, view).await;
    (chromium, site, tab)
}

/// Fails unless `found` is one thing that begins with and holds these words.
#[track_caller]
fn assert_one(found: &[String], beginning: &str, holding: &str) {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with(beginning) && found[0].contains(holding), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_nothing_wrong_passes_in_every_view() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    for view in View::all() {
        tab.look(view).await;
        tab.open("/").await;
        assert_eq!(tab.faults().await, Vec::<String>::new(), "{view}");
        assert!(tab.asked().iter().any(|address| address.ends_with("/style.css")), "{:?}", tab.asked());
        assert_eq!(tab.violations().await, Vec::<String>::new(), "{view}");
        assert_eq!(tab.too_wide().await, Vec::<String>::new(), "{view}");
        assert_eq!(tab.shifts().await, Vec::<String>::new(), "{view}");
        assert_eq!(tab.walk().await.faults(), Vec::<String>::new(), "{view}");
        let picture = std::fs::read(tab.picture("harness").await).unwrap();
        assert!(picture.starts_with(b"\x89PNG"), "{view}");
        let width = u32::from_be_bytes(picture[16..20].try_into().unwrap());
        assert_eq!(i64::from(width), view.width);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_names_the_rule_and_the_place_with_and_without_scripts_and_by_colours() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    for view in View::all() {
        tab.look(view).await;
        tab.open("/picture").await;
        assert_one(&tab.violations().await, "image-alt (critical) at img", "alt");
        tab.open("/pale").await;
        let found = tab.violations_of_colours().await;
        assert_eq!(found, tab.violations().await, "{view}");
        if view.dark {
            assert_one(&found, "color-contrast (serious) at p", "contrast");
        } else {
            assert!(found.is_empty(), "{found:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_unseen_is_told_and_told_once() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    for (path, beginning, holding) in [
        ("/inline", "policy: ", "inline script"),
        ("/style", "policy: ", "inline style"),
        ("/throws", "exception: ", "Error: thrown"),
        ("/complains", "console: ", "\"complaint\" 7"),
        ("/alerts", "dialog: ", "hello"),
        ("/missing", "console: ", "404"),
    ] {
        tab.open(path).await;
        assert_one(&tab.faults().await, beginning, holding);
        assert_eq!(tab.faults().await, Vec::<String>::new(), "{path}");
    }
    // A request to elsewhere is seen, and goes nowhere.
    tab.open("/elsewhere").await;
    let faults = tab.faults().await;
    assert!(faults.iter().any(|fault| fault == "elsewhere: http://127.0.0.2/dot.svg"), "{faults:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_wide_is_named() {
    let (_chromium, _site, mut tab) = start(View { width: PHONE, ..View::PLAIN }).await;
    tab.open("/wide").await;
    assert_eq!(tab.too_wide().await, ["the page is 508 px wide", "p.wide ends at 508 px"]);
    tab.look(View { width: DESK, ..View::PLAIN }).await;
    assert!(tab.too_wide().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_while_a_page_loads_is_named() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    tab.open("/shifting").await;
    tab.until("document.getElementById('late').className === 'tall'").await;
    tab.settle().await;
    assert_one(&tab.shifts().await, "0.", "p.tall");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_run_in_the_zone_of_the_viewer_or_not_at_all() {
    let (_chromium, _site, mut tab) = start(View { zone: "Asia/Tokyo", ..View::PLAIN }).await;
    tab.open("/scripted").await;
    assert!(tab.text().await.contains("Asia/Tokyo"), "{}", tab.text().await);
    tab.look(View { scripts: false, ..View::PLAIN }).await;
    tab.open("/scripted").await;
    assert!(tab.text().await.contains("There are no scripts."), "{}", tab.text().await);
    assert!(!tab.text().await.contains("Asia/Tokyo"), "{}", tab.text().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_by_keys_tells_what_it_misses_and_where_the_focus_is_not_seen() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    tab.open("/keys").await;
    let walk = tab.walk().await;
    let names: Vec<&str> = walk.stops.iter().map(|stop| stop.name.as_str()).collect();
    assert_eq!(names, ["a[href=\"#main\"] “Skip”", "a.bare “bare”", "p[tabindex=\"0\"] “place”"]);
    assert_one(&walk.faults(), "nothing shows that the focus is at a.bare", "bare");
    tab.open("/missing").await;
    tab.press("Tab").await;
    tab.press("Enter").await;
    tab.until("document.activeElement.id === 'main'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_and_sent_by_its_labels() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    for scripts in [true, false] {
        tab.look(View { scripts, ..View::PLAIN }).await;
        tab.open("/form").await;
        tab.fill("Name", "new & true").await;
        tab.choose("Kind", "two").await;
        tab.click("field", "Sure").await;
        tab.submit("Send").await;
        assert_eq!(tab.path().await, "/said?name=new+%26+true&kind=two&sure=yes");
        tab.until_text("kind=two").await;
        tab.open("/form").await;
        tab.fill("Name", "by key").await;
        tab.press_enter_and_leave().await;
        assert_eq!(tab.path().await, "/said?name=by+key&kind=one");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_typed_into_a_field_of_a_group_and_the_tab_key_leads_to_its_button() {
    let (_chromium, _site, mut tab) = start(View::PLAIN).await;
    tab.open("/day").await;
    tab.fill_day("When › Day", "2026-07-15").await;
    tab.tab_to("at.localName === 'button'").await;
    tab.press_enter_and_leave().await;
    assert_eq!(tab.path().await, "/said?day=2026-07-15");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_link_leads_to_is_kept_by_each_tab_for_itself() {
    let (chromium, site, mut tab) = start(View::PLAIN).await;
    let mut other = chromium.tab(&site.origin, View { scripts: false, ..View::PLAIN }).await;
    for tab in [&mut tab, &mut other] {
        tab.open("/file").await;
        for _ in 0..2 {
            assert_eq!(tab.download("Keep it").await, ("table.csv".to_owned(), "a,b\n".to_owned()));
        }
        assert_eq!(tab.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tabs_share_no_cookies() {
    let (chromium, site, mut tab) = start(View::PLAIN).await;
    tab.open("/").await;
    let _: String = tab.evaluate("document.cookie = 'a=1'").await;
    let mut other = chromium.tab(&site.origin, View::PLAIN).await;
    other.open("/").await;
    assert_eq!(tab.evaluate::<String>("document.cookie").await, "a=1");
    assert_eq!(other.evaluate::<String>("document.cookie").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_browser() {
    let (chromium, _site, tab) = start(View::PLAIN).await;
    let profile = chromium.profile().to_owned();
    let using = || {
        let listed = Command::new("ps").args(["-A", "-o", "args"]).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        listed.lines().filter(|line| line.contains(profile.to_str().unwrap())).count()
    };
    assert!(profile.is_dir() && using() > 1);
    drop((tab, chromium));
    assert!(!profile.exists());
    assert_eq!(using(), 0);
}
