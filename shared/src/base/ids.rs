//! Identifiers. Each kind is a type of its own, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::random::{self, Random};
use crate::{Error, Result};

/// Declares an identifier type: non-empty text of a limited alphabet, at most 128 characters, so that it is safe in a
/// table key, a URL path and a log line.
macro_rules! identifier {
    ($(#[$documentation:meta])* $name:ident, $what:literal) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and takes it as an identifier.
            pub fn parse(text: &str) -> Result<Self> {
                if is_identifier(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::invalid($what, concat!(
                        $what, " must be 1 to 128 letters, digits, `-`, `_`, `.` or `:`")))
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;

            fn try_from(text: String) -> Result<Self> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                String::schema()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

/// Whether `text` may be an identifier: 1 to 128 letters, digits, `-`, `_`, `.` or `:`.
pub fn is_identifier(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

identifier!(
    /// One connection of a tenant to a Jira site.
    ConnectionId, "connection");
identifier!(
    /// One evaluation of one check.
    RunId, "run");
identifier!(
    /// One task. Begins with its check's id, so that the tasks of a check are neighbours in the table.
    TaskId, "task");
identifier!(
    /// One ticket: our record that an issue was, or must be, created.
    TicketId, "ticket");
identifier!(
    /// One sync setting.
    SettingId, "sync setting");
identifier!(
    /// One notification.
    NotificationId, "notification");
identifier!(
    /// One channel that notifications are sent to.
    ChannelId, "channel");
identifier!(
    /// One announcement: what one channel is told of one cause. Begins with its channel's id and a `.`.
    AnnouncementId, "announcement");
identifier!(
    /// One thing of a connection that ends: the connection's id, a `.`, and what ends.
    EndingId, "ending");
identifier!(
    /// One entry of the audit log.
    AuditId, "audit entry");
identifier!(
    /// One API token (its public half).
    TokenId, "token");
identifier!(
    /// One session of the console.
    SessionId, "session");
identifier!(
    /// Atlassian's identifier of a site; it survives the site's renaming.
    CloudId, "cloud id");
identifier!(
    /// Atlassian's identifier of an account.
    AccountId, "account");
identifier!(
    /// Jira's identifier of a group; it survives the group's renaming, the name does not.
    GroupId, "group");
identifier!(
    /// Jira's identifier of a project role, a number in text.
    RoleId, "project role");
identifier!(
    /// Jira's key of an application role, for example `jira-software`: the product that a licence is for.
    ProductKey, "product");
identifier!(
    /// One person of the organisation's own list of people.
    PersonId, "person");
identifier!(
    /// One access review campaign.
    CampaignId, "campaign");
identifier!(
    /// One action: something that Assay is asked to carry out in Jira, or in the organisation.
    ActionId, "action");
identifier!(
    /// One report of a scanner, as whoever sends it names it.
    ReportId, "report");
identifier!(
    /// Jira's identifier of a project, a number in text.
    ProjectId, "project");
identifier!(
    /// Jira's identifier of an issue, a number in text; it survives moving and renaming, the key does not.
    IssueId, "issue");
identifier!(
    /// Jira's identifier of an issue type, a number in text.
    IssueTypeId, "issue type");

/// A tenant: the organisation, or part of one, whose data this is. Begins every table key.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// Takes `text` as a tenant: 2 to 40 lower-case letters, digits and `-`, beginning with a letter.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = (2..=40).contains(&text.len())
            && text.as_bytes()[0].is_ascii_lowercase()
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(
                "tenant",
                "tenant must be 2 to 40 lower-case letters, digits and `-`, beginning with a letter",
            ))
        }
    }

    /// The tenant as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for TenantId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl utoipa::PartialSchema for TenantId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for TenantId {}

/// A fixed identifier made from what a thing stands for: the same parts always give the same text, so that making the
/// thing twice makes it once. The parts are joined with their lengths, so that no two lists of parts look alike.
pub fn fixed(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    data_encoding::BASE32_NOPAD.encode(&hash.finalize()[..15]).to_ascii_lowercase()
}

/// A new random identifier text with a readable beginning, for example `con-…`.
///
/// # Errors
/// When there is no randomness.
pub fn fresh(random: &dyn Random, beginning: &str) -> Result<String> {
    Ok(format!("{beginning}-{}", random::text(random, 15)?))
}

/// SHA-256 of `bytes` as lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// SHA-256 over bytes that come one after the other.
#[derive(Clone, Debug, Default)]
pub struct Hash(Sha256);

impl Hash {
    /// The digest of all that was written, hexadecimal.
    pub fn digest(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0.finalize())
    }
}

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionId, TenantId, fixed};

    #[test]
    fn identifiers_hold_nothing_that_could_split_a_key_or_a_path() {
        for text in ["", "a#b", "a/b", "a b", "a\nb", "ä", &"x".repeat(129)] {
            assert!(ConnectionId::parse(text).is_err(), "{text:?}");
        }
        assert!(ConnectionId::parse("con-abc.1:2_3").is_ok());
    }

    #[test]
    fn tenants_are_short_lower_case_words() {
        for text in ["", "a", "Acme", "1acme", "acme#x", "ac me", &"a".repeat(41)] {
            assert!(TenantId::parse(text).is_err(), "{text:?}");
        }
        assert!(TenantId::parse("acme-2").is_ok());
    }

    #[test]
    fn a_fixed_identifier_tells_its_parts_apart() {
        assert_eq!(fixed(&["a", "b"]), fixed(&["a", "b"]));
        assert_ne!(fixed(&["ab", ""]), fixed(&["a", "b"]));
    }
}
