//! Lists in pages: `{"items": […], "next_cursor": …}`.
//!
//! A cursor goes on with the list that gave it and with no other: it carries a mark made of the tenant, the list and its
//! filters. The mark keeps no secret; it is there so that a cursor that was mixed up is refused instead of giving a page
//! that looks like an answer.

use assay::ids::{TenantId, fixed};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// Items on a page where the caller does not say.
const USUAL: usize = 50;

/// The most items on a page.
const MOST: usize = 200;

/// How long the mark of a cursor is.
const MARK: usize = 10;

/// Which page is asked for.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next_cursor` of the page before; none for the first.
    pub cursor: Option<String>,
    /// How many items, 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<usize>,
}

/// A page that was asked for, checked.
#[derive(Debug)]
pub struct Asked {
    /// Where to go on, in the words of whoever makes the list.
    pub after: Option<String>,
    /// How many items at most.
    pub limit: usize,
    mark: String,
}

impl PageQuery {
    /// The page of the tenant's list that `list` names, with its filters.
    pub fn of(self, tenant: &TenantId, list: &[&str]) -> Result<Asked, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::invalid("limit", format!("limit must be 1 to {MOST}, not {limit}")));
        }
        let parts: Vec<&str> = [tenant.as_str()].into_iter().chain(list.iter().copied()).collect();
        let mark = fixed(&parts)[..MARK].to_owned();
        let after = self.cursor.map(|cursor| unmark(&cursor, &mark)).transpose()?;
        Ok(Asked { after, limit, mark })
    }
}

impl Asked {
    /// The list's own place in a cursor that can be given back.
    pub fn cursor(&self, place: Option<String>) -> Option<String> {
        place.map(|place| format!("{place}.{}", self.mark))
    }
}

fn unmark(cursor: &str, mark: &str) -> Result<String, Problem> {
    match cursor.rsplit_once('.') {
        Some((place, shown)) if shown == mark && !place.is_empty() => Ok(place.to_owned()),
        _ => {
            let message =
                "the cursor is not one that this list gave with these filters; leave it out to begin anew";
            Err(Problem::invalid("cursor", message))
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last. A page may be short and yet not the last.
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// The page as stored, each item turned into what the caller sees.
    pub fn of<S>(asked: &Asked, page: assay::dynamodb::Page<S>, view: impl FnMut(S) -> T) -> Self {
        Self { items: page.items.into_iter().map(view).collect(), next_cursor: asked.cursor(page.next) }
    }

    /// A list that fits one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

#[cfg(test)]
mod tests {
    use assay::ids::TenantId;

    use super::PageQuery;

    #[test]
    fn a_cursor_goes_on_with_its_own_list_alone() {
        let tenant = TenantId::parse("acme").unwrap();
        let first = PageQuery::default().of(&tenant, &["tasks", "B1"]).unwrap();
        let cursor = first.cursor(Some("abc".to_owned()));
        let query = || PageQuery { cursor: cursor.clone(), limit: None };
        assert_eq!(query().of(&tenant, &["tasks", "B1"]).unwrap().after.unwrap(), "abc");
        let other = TenantId::parse("other").unwrap();
        for refused in [query().of(&tenant, &["tasks", ""]), query().of(&other, &["tasks", "B1"])] {
            assert_eq!(refused.unwrap_err().field.unwrap(), "cursor");
        }
    }
}
