//! The Atlassian organisation that a connection may also ask, by an API key of the organisation.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An organisation whose API key is kept beside the connection's own credentials.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Organisation {
    /// Atlassian's identifier.
    pub id: String,
    /// Its name when the key was verified.
    pub name: String,
    /// When the key was entered and verified.
    #[schema(value_type = String)]
    pub verified_at: Timestamp,
    /// The day on which the key ends, if somebody said so.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub key_ends_on: Option<Date>,
}
