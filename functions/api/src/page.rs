//! Lists in pages: `{"items": […], "next_cursor": …}`.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// Items on a page where the caller does not say.
const USUAL: usize = 50;

/// The most items on a page.
const MOST: usize = 200;

/// Which page is asked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next_cursor` of the page before; none for the first.
    pub cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    pub limit: Option<usize>,
}

impl PageQuery {
    /// The number of items asked for.
    pub fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit)
    }
}

/// Checks a page's size.
pub fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(limit) => Err(Problem::invalid("limit", format!("limit must be 1 to {MOST}, not {limit}"))),
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// The page as stored, each item turned into what the caller sees.
    pub fn of<S>(page: assay::dynamodb::Page<S>, view: impl FnMut(S) -> T) -> Self {
        Self { items: page.items.into_iter().map(view).collect(), next_cursor: page.next }
    }

    /// A list that fits one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}
