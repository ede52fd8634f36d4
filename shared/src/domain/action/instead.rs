//! What can be asked for where an account cannot be removed, or not as it was asked for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Action, Instead};
use crate::account::{Account, Grant};
use crate::campaign::Directory;
use crate::ids::GroupId;

/// How many groups are named, at most.
const MOST_GROUPS: usize = 20;

/// The requests that keep an account out without removing it: suspending it and, where the organisation manages it,
/// deactivating it, if there is an API key of the organisation; and leaving each group that gives a product.
pub fn instead_of_removing(
    action: &Action,
    account: &Account,
    directory: &Directory,
    has_organisation: bool,
) -> Vec<Instead> {
    let with = |mut body: Value| {
        body["connection"] = json!(action.connection);
        body["account"] = json!(account.id);
        body["why"] = json!(action.why);
        body
    };
    let deactivating = |words: &str, how: &str| {
        let body = with(json!({ "what": "deactivate_user", "how": how }));
        Instead { words: words.to_owned(), body }
    };
    let mut found = Vec::new();
    if has_organisation {
        found.push(deactivating(
            "suspend its access to the organisation's products, which can be undone",
            "suspend",
        ));
        let managed = account.organisation.as_ref().and_then(|view| view.managed);
        if managed == Some(true) {
            let words =
                "deactivate its Atlassian account, which the organisation manages; that can be undone";
            found.push(deactivating(words, "deactivate"));
        }
    }
    let products = account.products.iter();
    let groups: BTreeSet<GroupId> =
        products.flat_map(|product| directory.groups_giving(product, account)).collect();
    found.extend(groups.into_iter().take(MOST_GROUPS).map(|group| {
        let grant = Grant::Group { group };
        let words = format!("take it out of {}, which gives it products", directory.words(&grant));
        Instead { words, body: with(json!({ "change": "remove", "grant": grant })) }
    }));
    found
}
