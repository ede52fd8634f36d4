//! People: who works for the organisation, by its own list.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, TenantId};

/// Whether a person works here, as the list says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonStatus {
    /// Works here.
    Active,
    /// Has left.
    Left,
}

/// A person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The tenant.
    pub tenant: TenantId,
    /// Identifier; fixed from the e-mail address that the person was first known by.
    pub id: PersonId,
    /// E-mail address, in lower case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Whether the person works here.
    pub status: PersonStatus,
    /// E-mail address of the manager, in lower case.
    pub manager: Option<String>,
    /// The last day of work, if one is set.
    #[schema(value_type = Option<String>)]
    pub ends_on: Option<Date>,
    /// When this was last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl Person {
    /// Whether the person has left by the day `today` of the tenant's time zone: the last day of work is still one.
    pub fn has_left(&self, today: Date) -> bool {
        self.status == PersonStatus::Left || self.ends_on.is_some_and(|ends_on| ends_on < today)
    }
}
