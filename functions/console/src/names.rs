//! What tokens are called, for pages that say who decided, asked or made something.

use std::collections::{BTreeMap, BTreeSet};

use assay::ids::TokenId;
use serde::Deserialize;

use crate::client::{Client, List, query};
use crate::problem::Problem;

/// How many ids are asked for at once, which is as many as the API takes.
const AT_ONCE: usize = 100;

/// Names of tokens by their ids.
#[derive(Debug, Default)]
pub struct Names(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Token {
    id: String,
    name: String,
}

impl Names {
    /// Reads the names of those `ids` that are tokens' ids; others are words of their own, such as `iam`.
    pub async fn read<'a>(client: &Client, ids: impl IntoIterator<Item = &'a str>) -> Result<Self, Problem> {
        let ids: BTreeSet<&str> = ids.into_iter().filter(|id| TokenId::parse(id).is_ok()).collect();
        let mut names = BTreeMap::new();
        for some in ids.into_iter().collect::<Vec<_>>().chunks(AT_ONCE) {
            let asked = query("/v1/tokens/names", &[("ids", Some(&some.join(",")))]);
            // A page does not stand or fall by what somebody is called.
            match client.get::<List<Token>>(&asked).await {
                Ok(found) => names.extend(found.items.into_iter().map(|token| (token.id, token.name))),
                Err(problem) => {
                    tracing::warn!(status = problem.status, "what tokens are called is not known");
                }
            }
        }
        Ok(Self(names))
    }

    /// What whoever did it is called; the id itself where that is not known.
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}
