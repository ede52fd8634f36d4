//! Which pages there are: those that the console's routers name, each found by following links from the navigation.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use assay::access::Role;
use assay_console::navigation::ENTRIES;

use super::furniture::full_house;
use super::support::House;

/// Pages to which no link of a page leads, since one comes to them while signed out.
const UNLINKED: &[&str] = &["/sign-in", "/sign-in/link"];

/// What forms lead to whose fields stand in the address.
const FORMS: &[(&str, Role)] = &[("/connect/site?use_cases=ticketing&method=oauth", Role::Admin)];

/// Routes that give a file, or that lead to and from somebody else's sign-in page.
const NO_PAGES: &[&str] = &["/assets/{name}", "/sign-in/with", "/sign-in/with/{tenant}", "/sign-in/callback"];

/// A page: the route that it belongs to, and one address of it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// As its router names it.
    pub route: String,
    /// With everything filled in.
    pub path: String,
}

impl Place {
    /// The route as part of a file's name.
    pub fn name(&self) -> String {
        let words: String =
            self.route.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
        let words = words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
        if words.is_empty() { "overview".to_owned() } else { words }
    }
}

/// The routes that may be read, as the console's sources name them.
pub fn routes() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions/console/src");
    let (mut folders, mut found) = (vec![source], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            for rest in text.split(".route(").skip(1) {
                let rest = rest.split("\n}").next().unwrap();
                let path = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                if rest.contains("get(") {
                    found.insert(path.expect("a route's path is written out").to_owned());
                }
            }
        }
    }
    found.retain(|route| !NO_PAGES.contains(&route.as_str()));
    found
}

/// The route that an address belongs to; one that is written out before one with something to fill in.
fn route_of<'a>(path: &str, routes: &'a BTreeSet<String>) -> Option<&'a String> {
    let path: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
    let fits = |route: &&String| {
        let parts: Vec<&str> = route.split('/').collect();
        parts.len() == path.len()
            && parts.iter().zip(&path).all(|(part, given)| part.starts_with('{') || part == given)
    };
    routes.iter().filter(fits).min_by_key(|route| route.matches('{').count())
}

/// The addresses of our own that a page links to.
fn links(html: &str) -> Vec<String> {
    let parts = html.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let ours = parts.filter(|address| address.starts_with('/') && !address.starts_with("//"));
    ours.map(|address| address.replace("&#38;", "&").replace("&amp;", "&")).collect()
}

/// One address for each route that links and forms lead to, for somebody of this role, with whether it is a page.
async fn reached(house: &House, role: Role) -> BTreeMap<String, (String, bool)> {
    let routes = routes();
    let browser = house.signed_in(role).await;
    let entries = ENTRIES.iter().map(|entry| (entry.path, entry.role)).chain(FORMS.iter().copied());
    let open = entries.filter(|(_, needed)| role.covers(*needed));
    let mut waiting: VecDeque<String> = open.map(|(path, _)| path.to_owned()).collect();
    let mut found = BTreeMap::new();
    while let Some(path) = waiting.pop_front() {
        let Some(route) = route_of(&path, &routes) else { continue };
        if found.contains_key(route) {
            continue;
        }
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let page = answer.header("content-type").starts_with("text/html");
        found.insert(route.clone(), (path, page));
        if page {
            waiting.extend(links(&answer.text()));
        }
    }
    found
}

/// The pages among them.
pub async fn linked(house: &House, role: Role) -> Vec<Place> {
    let pages = reached(house, role).await.into_iter().filter(|(_, (_, page))| *page);
    pages.map(|(route, (path, _))| Place { route, path }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn links_lead_to_every_page() {
    let house = full_house().await;
    let found = reached(&house, Role::Admin).await;
    let missing: Vec<String> = routes().into_iter().filter(|route| !found.contains_key(route)).collect();
    assert_eq!(
        missing, UNLINKED,
        "these are pages that no link leads to from the navigation of a full house"
    );
}
