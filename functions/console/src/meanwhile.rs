//! Forms that change what is there: what was stored when their page was made, what is stored now, and what was entered.
//!
//! Such a form carries, in the hidden field `was`, what was stored when its page was made. When it is sent:
//!
//! | a field was | was entered as | is now | then |
//! |---|---|---|---|
//! | a | a: nobody touched it here | anything | it stays as it is now |
//! | a | b | a | b is saved |
//! | a | b | b | nothing is to be done |
//! | a | b | c: somebody changed it meanwhile | nothing is saved; the form is shown again with b, and c beside it |
//!
//! What may still happen between the reading of what is stored and the writing the API refuses by itself: it is told what was
//! seen ([`assay::seen`]).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::form::{Entered, Fields, WAS};
use crate::problem::Problem;

impl Fields {
    /// What is to be saved: what is stored now, with what the sender of the form changed about it. A form that does not say what
    /// was stored, since no page of ours made it so, is taken at its word.
    ///
    /// # Errors
    /// The form to be shown again, where somebody else changed meanwhile what its sender changed.
    pub fn onto(&self, stored: &Self) -> Result<Self, Box<Entered>> {
        if !self.has(WAS) {
            return Ok(self.clone());
        }
        let was = Self::of_query(self.text(WAS));
        let mut merged = self.clone().without(WAS);
        let mut meanwhile = BTreeMap::new();
        let names: BTreeSet<&str> = was.iter().chain(stored.iter()).map(|(name, _)| name).collect();
        let both_changed_a_list = differ_in_a_list(&was, stored) && differ_in_a_list(&was, self);
        for name in names {
            let (entered, was, now) = (self.texts(name), was.texts(name), stored.texts(name));
            let is_clash = both_changed_a_list && is_of_a_list(name);
            if are_same(&entered, &now) || (are_same(&was, &now) && !is_clash) {
                continue;
            }
            if are_same(&entered, &was) && !is_clash {
                merged = merged.with(name, &now);
            } else {
                meanwhile.insert(name.to_owned(), now.join(", "));
            }
        }
        if meanwhile.is_empty() {
            Ok(merged)
        } else {
            Err(Box::new(Entered::overtaken(merged, stored, meanwhile)))
        }
    }

    /// All texts of a field as they were sent; empty ones are left out.
    fn texts(&self, name: &str) -> Vec<&str> {
        self.iter().filter(|(key, text)| *key == name && !text.is_empty()).map(|(_, text)| text).collect()
    }

    /// The fields as they stand in the hidden field `was`.
    pub(crate) fn written(&self) -> String {
        let fields = self.iter().filter(|(name, text)| *name != WAS && !text.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    }
}

/// Whether a field is of one of several things that only their places tell apart, such as `routes[0].sources`. Where somebody
/// took one of them away, the others have other places; so what two people changed in such a list is not put together.
fn is_of_a_list(name: &str) -> bool {
    name.contains('[')
}

fn differ_in_a_list(one: &Fields, other: &Fields) -> bool {
    let mut names = one.iter().chain(other.iter()).map(|(name, _)| name).filter(|name| is_of_a_list(name));
    names.any(|name| !are_same(&one.texts(name), &other.texts(name)))
}

/// Whether two fields say the same. Of several texts the order does not count, nor whether they stand in one with commas.
fn are_same(one: &[&str], other: &[&str]) -> bool {
    fn parts<'a>(texts: &[&'a str]) -> BTreeSet<&'a str> {
        let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    }
    one == other || ((one.len() > 1 || other.len() > 1) && parts(one) == parts(other))
}

/// What the API is sent for a change: of `asked` what differs from `stored`, both as the API takes them, and what was seen of
/// that, as the API showed it.
pub fn change(asked: &Value, stored: &Value, shown: &Value) -> Value {
    let (mut change, mut seen) = (Map::new(), Map::new());
    for (name, value) in asked.as_object().into_iter().flatten() {
        if stored.get(name) == Some(value) {
            continue;
        }
        change.insert(name.clone(), value.clone());
        if let Some(shown) = shown.get(name) {
            seen.insert(name.clone(), shown.clone());
        }
    }
    if !seen.is_empty() {
        change.insert("seen".to_owned(), Value::Object(seen));
    }
    Value::Object(change)
}

/// Whether a change changes anything.
pub fn is_any(change: &Value) -> bool {
    change.as_object().is_some_and(|members| !members.is_empty())
}

impl Problem {
    /// Somebody else changed what the sender of a form changed.
    pub fn overtaken() -> Self {
        let detail = "Somebody else changed this while the page was open. Nothing was saved: what you entered stands below, and beside it what is stored now. Save again to put yours in its place.";
        Self::new(http::StatusCode::CONFLICT, "Changed meanwhile", detail)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{change, is_any};
    use crate::form::{Entered, Fields};

    fn sent(was: &str, entered: &str) -> Fields {
        let query = form_urlencoded::Serializer::new(entered.to_owned()).append_pair("was", was).finish();
        Fields::of_query(&query)
    }

    fn onto(was: &str, entered: &str, now: &str) -> Result<String, Box<Entered>> {
        sent(was, entered).onto(&Fields::of_query(now)).map(|fields| fields.written())
    }

    #[test]
    fn what_was_not_touched_stays_as_it_is_now_and_what_was_touched_is_saved() {
        for (was, entered, now, saved) in [
            ("name=Ada&state=active", "name=Eve&state=active", "name=Ada&state=left", "name=Eve&state=left"),
            ("name=Ada", "name=Ada", "name=Bob", "name=Bob"),
            ("name=Ada", "name=Eve", "name=Eve", "name=Eve"),
            ("name=Ada&on=1", "name=Ada", "name=Ada&on=1", "name=Ada"),
            ("on=1", "", "on=1", ""),
            ("", "", "on=1", "on=1"),
            ("labels=a%2Cb", "labels=b&labels=a", "labels=a%2Cb%2Cc", "labels=a%2Cb%2Cc"),
            // What is no field of what is stored is none of our business.
            ("name=Ada", "name=Ada&do=save", "name=Ada", "name=Ada&do=save"),
        ] {
            assert_eq!(onto(was, entered, now).ok().as_deref(), Some(saved), "{was} {entered} {now}");
        }
        let unsaid = Fields::of_query("name=Eve").onto(&Fields::of_query("name=Bob"));
        assert_eq!(unsaid.unwrap_or_default().text("name"), "Eve", "no page of ours made it");
    }

    #[test]
    fn what_two_people_changed_is_shown_again_with_both_and_saved_when_it_is_sent_again() {
        let shown =
            onto("name=Ada&state=active", "name=Eve&state=active", "name=Bob&state=left").err().unwrap();
        assert_eq!((shown.value("name"), shown.value("state")), ("Eve", "left"));
        assert_eq!((shown.meanwhile("name"), shown.meanwhile("state")), (Some("Bob"), None));
        assert_eq!(shown.problem().map(|problem| problem.status), Some(409));
        let again = sent(&shown.was(), "name=Eve&state=left").onto(&Fields::of_query("name=Bob&state=left"));
        assert_eq!(again.ok().map(|fields| fields.written()).as_deref(), Some("name=Eve&state=left"));
    }

    #[test]
    fn what_two_people_changed_in_a_list_is_not_put_together_by_place() {
        let was = "r[0].level=critical&r[0].source=snyk&r[1].level=high&r[1].source=snyk";
        let without_the_first = "r[0].level=high&r[0].source=snyk";
        let other_source = was.replacen("source=snyk", "source=trivy", 1);
        let shown = onto(was, &other_source, without_the_first).err().unwrap();
        assert_eq!((shown.value("r[0].level"), shown.value("r[0].source")), ("critical", "trivy"));
        assert_eq!(shown.meanwhile("r[0].level"), Some("high"));
        let renamed = format!("{was}&name=Eve");
        let merged = onto(was, &renamed, without_the_first).ok();
        assert_eq!(
            merged.as_deref(),
            Some("r%5B0%5D.source=snyk&name=Eve&r%5B0%5D.level=high"),
            "one changed it"
        );
        assert_eq!(
            onto(was, &other_source, was).map_err(|_| ()),
            Ok(other_source.replace('[', "%5B").replace(']', "%5D"))
        );
    }

    #[test]
    fn a_text_whose_commas_moved_is_another_text() {
        assert_eq!(onto("title=a%2Cb", "title=a%2C+b", "title=a%2Cb").ok().as_deref(), Some("title=a%2C+b"));
        assert!(onto("title=a%2Cb", "title=a%2C+b", "title=c").is_err());
    }

    #[test]
    fn only_what_differs_is_sent_with_what_was_seen_of_it() {
        let stored = json!({ "name": "Ada", "days": null });
        let shown = json!({ "name": "Ada", "days": null, "id": "x" });
        let asked = json!({ "name": "Eve", "days": null, "url": "new" });
        let sent = change(&asked, &stored, &shown);
        assert_eq!(sent, json!({ "name": "Eve", "url": "new", "seen": { "name": "Ada" } }));
        assert!(is_any(&sent) && !is_any(&change(&stored, &stored, &shown)));
    }
}
