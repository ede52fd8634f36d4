//! What somebody saw of a thing before they changed it, so that nobody's change is overwritten unseen.
//!
//! Whoever changes a thing may send along what they saw of it, as it was shown to them. It is compared in the very write that
//! makes the change:
//!
//! | a member of what was seen | stored now | after the change | then |
//! |---|---|---|---|
//! | is as it was | the same | anything | the change is made |
//! | is something else | changed by somebody | the same as stored | the change is made: it overwrites nothing |
//! | is something else | changed by somebody | something else | nothing is changed; [`Kind::Overtaken`] |
//!
//! A change that is sent again after its answer was lost finds the third column as it left it, and does no harm.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Kind;
use crate::{Error, Result};

/// Members that are maps, whose keys are data: a key more or less is another map. Of other objects only what was seen is
/// compared, since more may be shown than can be changed.
const MAPS: [&str; 3] = ["days_by_priority", "seat_prices", "values"];

/// Members of a thing as somebody saw them; what they did not see, or do not mind, is left out.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(transparent)]
pub struct Seen(Map<String, Value>);

impl Seen {
    /// Whether the change from `before` to `after`, both as they are shown, overwrites only what was seen.
    ///
    /// # Errors
    /// `Overtaken` with the first member that somebody else changed meanwhile; `Invalid` for one that there is not.
    pub fn check(&self, before: &impl Serialize, after: &impl Serialize) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let unreadable = |cause| Error::internal("could not write a thing as JSON").because(cause);
        let before = serde_json::to_value(before).map_err(unreadable)?;
        let after = serde_json::to_value(after).map_err(unreadable)?;
        let mut overtaken = Vec::new();
        for (name, seen) in &self.0 {
            let Some(stored) = before.get(name) else {
                return Err(Error::invalid(format!("seen.{name}"), "there is no such member to be seen"));
            };
            if !is_as_seen(name, stored, seen) && after.get(name) != Some(stored) {
                overtaken.push(name.as_str());
            }
        }
        let Some(first) = overtaken.first() else { return Ok(()) };
        let message = format!(
            "somebody else changed {} since it was read; read it again, then change it",
            overtaken.join(", ")
        );
        Err(Error::new(Kind::Overtaken { field: (*first).to_owned() }, message))
    }
}

/// Whether what is stored in the member `name` is what was seen: of an object, the members that were seen are compared; texts
/// without the white space around them, which no form keeps.
fn is_as_seen(name: &str, stored: &Value, seen: &Value) -> bool {
    match (stored, seen) {
        (Value::String(stored), Value::String(seen)) => stored.trim() == seen.trim(),
        (Value::Array(stored), Value::Array(seen)) => {
            stored.len() == seen.len()
                && stored.iter().zip(seen).all(|(stored, seen)| is_as_seen(name, stored, seen))
        }
        (Value::Object(stored), Value::Object(seen)) => {
            let is_whole = !MAPS.contains(&name) || stored.len() == seen.len();
            is_whole
                && seen
                    .iter()
                    .all(|(name, seen)| is_as_seen(name, stored.get(name).unwrap_or(&Value::Null), seen))
        }
        (stored, seen) => stored == seen,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Seen;
    use crate::error::Kind;

    fn check(seen: Value, after: &Value) -> Result<(), Kind> {
        let before =
            json!({ "name": "Ada", "left": true, "place": { "keys": ["A"], "found": [1] }, "none": null });
        let seen: Seen = serde_json::from_value(seen).unwrap();
        seen.check(&before, after).map_err(|error| error.kind().clone())
    }

    #[test]
    fn a_change_is_made_unless_it_overwrites_what_its_maker_did_not_see() {
        let renamed = || json!({ "name": "Eve", "left": true, "place": { "keys": ["A"] }, "none": null });
        let overtaken = || Err(Kind::Overtaken { field: "name".to_owned() });
        for (seen, expected) in [
            (json!({}), Ok(())),
            (json!({ "name": "Ada" }), Ok(())),
            (json!({ "name": " Ada " }), Ok(())),
            (json!({ "name": "Bob" }), overtaken()),
            (json!({ "name": null }), overtaken()),
            // Somebody changed what this change leaves alone.
            (json!({ "name": "Ada", "left": false, "none": 1 }), Ok(())),
        ] {
            assert_eq!(check(seen.clone(), &renamed()), expected, "{seen}");
        }
        let again = json!({ "name": "Ada" });
        assert_eq!(check(json!({ "name": "Bob" }), &again), Ok(()), "it is done already");
    }

    #[test]
    fn of_a_map_all_counts_so_that_what_somebody_added_is_not_taken_away() {
        let before =
            json!({ "seat_prices": { "jira": 500 }, "rules": [{ "source": { "values": { "a": 1 } } }] });
        let after = json!({ "seat_prices": { "wiki": 900 }, "rules": [] });
        for (seen, is_seen) in [
            (json!({ "seat_prices": { "jira": 500 } }), true),
            (json!({ "seat_prices": {} }), false),
            (json!({ "seat_prices": { "jira": 500, "wiki": 1 } }), false),
            (json!({ "rules": [{ "source": { "values": { "a": 1 } } }] }), true),
            (json!({ "rules": [{ "source": { "values": {} } }] }), false),
        ] {
            let checked: Seen = serde_json::from_value(seen.clone()).unwrap();
            assert_eq!(checked.check(&before, &after).is_ok(), is_seen, "{seen}");
        }
    }

    #[test]
    fn of_an_object_only_what_was_seen_counts_and_of_a_list_all() {
        let after = || json!({ "place": { "keys": ["B"] } });
        for (place, is_seen) in [
            (json!({ "keys": ["A"] }), true),
            (json!({ "keys": ["A"], "query": null }), true),
            (json!({ "keys": [] }), false),
            (json!({ "keys": ["A", "B"] }), false),
            (json!(["A"]), false),
        ] {
            assert_eq!(check(json!({ "place": place }), &after()).is_ok(), is_seen, "{place}");
        }
        let unknown = check(json!({ "colour": "red" }), &after());
        assert_eq!(unknown, Err(Kind::Invalid { field: "seen.colour".to_owned() }));
    }
}
