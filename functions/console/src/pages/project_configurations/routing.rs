//! Which findings a configuration is for, as a form: form fields ↔ the API's routes. A route's fields are named as the API
//! names them, `routes[0].assets`, with one text a line.

use serde::{Deserialize, Serialize};

use super::mapping::SEVERITIES;
use crate::form::Fields;

/// The most routes that a form has.
const MOST: usize = 50;

/// Which findings a configuration is for: all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(super) struct Route {
    pub(super) sources: Vec<String>,
    pub(super) assets: Vec<String>,
    pub(super) severities: Vec<String>,
    pub(super) packages: Vec<String>,
}

impl Route {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        let severities = SEVERITIES.iter().filter(|it| self.severities.iter().any(|one| one == *it));
        let severities: Vec<String> = severities.map(ToString::to_string).collect();
        let parts = [
            ("severity", &severities),
            ("source", &self.sources),
            ("asset", &self.assets),
            ("package", &self.packages),
        ];
        let said = parts.iter().filter(|(_, texts)| !texts.is_empty());
        let said: Vec<String> = said.map(|(name, texts)| format!("{name} {}", texts.join(" or "))).collect();
        if said.is_empty() { "all findings".to_owned() } else { said.join("; ") }
    }
}

/// How many routes a form has, with an empty one at the end.
pub(super) fn count(form: &Fields) -> usize {
    let filled = (0..MOST).rev().find(|place| !route(form, *place).is_empty()).map_or(0, |place| place + 1);
    (filled + 1).min(MOST)
}

/// The routes that a form says, and for each its place in the form.
pub(super) fn routes(form: &Fields) -> (Vec<Route>, Vec<usize>) {
    (0..count(form)).map(|place| (route(form, place), place)).filter(|(route, _)| !route.is_empty()).unzip()
}

fn route(form: &Fields, place: usize) -> Route {
    let lines = |part: &str| -> Vec<String> {
        let text = form.text(&format!("routes[{place}].{part}"));
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect()
    };
    let ticked = form.all(&format!("routes[{place}].severities"));
    Route {
        sources: lines("sources"),
        assets: lines("assets"),
        packages: lines("packages"),
        severities: SEVERITIES.iter().filter(|it| ticked.contains(*it)).map(ToString::to_string).collect(),
    }
}

/// The form fields that routes stand for.
pub(super) fn entered(routes: &[Route]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for (place, route) in routes.iter().enumerate() {
        let name = |part: &str| format!("routes[{place}].{part}");
        fields.push((name("sources"), route.sources.join("\n")));
        fields.push((name("assets"), route.assets.join("\n")));
        fields.push((name("packages"), route.packages.join("\n")));
        fields.extend(route.severities.iter().map(|severity| (name("severities"), severity.clone())));
    }
    fields
}

/// What the API blames, as the form names it: empty routes are left out of what the API is sent.
pub(super) fn blamed(part: &str, places: &[usize]) -> Option<String> {
    let (place, rest) = part.strip_prefix("routes[")?.split_once(']')?;
    Some(format!("routes[{}]{rest}", places.get(place.parse::<usize>().ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::{Route, blamed, count, entered, routes};
    use crate::form::{Entered, Fields};

    #[test]
    fn routes_come_back_from_the_form_as_they_went_in() {
        let all = vec![
            Route { severities: vec!["critical".to_owned(), "high".to_owned()], ..Route::default() },
            Route {
                sources: vec!["snyk".to_owned()],
                assets: vec!["shop/*".to_owned(), "a, b".to_owned()],
                packages: vec!["lod*".to_owned()],
                severities: Vec::new(),
            },
        ];
        let pairs = entered(&all);
        let form = Entered::of(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())));
        assert_eq!(routes(form.fields()), (all.clone(), vec![0, 1]));
        assert_eq!(count(form.fields()), 3);
        assert_eq!(all[0].words(), "severity critical or high");
        assert_eq!(all[1].words(), "source snyk; asset shop/* or a, b; package lod*");
    }

    #[test]
    fn an_empty_route_is_left_out_and_the_others_keep_their_places() {
        let form = Fields::of_query("routes%5B0%5D.assets=&routes%5B2%5D.assets=shop");
        let (found, places) = routes(&form);
        assert_eq!((found.len(), places.as_slice()), (1, &[2][..]));
        assert_eq!(blamed("routes[0].assets[1]", &places).as_deref(), Some("routes[2].assets[1]"));
        assert_eq!(count(&Fields::default()), 1);
        assert_eq!(Route::default().words(), "all findings");
    }
}
