//! The domain of a Jira Cloud site, as a person types it.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The ending that every Jira Cloud site has.
const ENDING: &str = ".atlassian.net";

/// A site's domain, for example `acme.atlassian.net`: exactly one label below `atlassian.net`, in lower case.
///
/// Nothing else is ever made into a host name, so that credentials cannot be sent anywhere but to Atlassian.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteDomain(String);

impl SiteDomain {
    /// Parses what a person typed. Upper-case ASCII letters are folded and surrounding spaces dropped; all else that is
    /// not a bare `<name>.atlassian.net` is refused with a message that says which part is too much.
    pub fn parse(text: &str) -> Result<Self> {
        let typed = text.trim();
        if let Some(complaint) = complaint_about(typed) {
            return Err(Error::invalid(
                "site",
                format!(
                    "the Jira domain {complaint}; enter it like `your-company.atlassian.net`, without `https://` and without a path"
                ),
            ));
        }
        Ok(Self(typed.to_ascii_lowercase()))
    }

    /// The domain as text, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn complaint_about(typed: &str) -> Option<&'static str> {
    if typed.is_empty() {
        return Some("is missing");
    }
    if typed.len() > 80 {
        return Some("is too long");
    }
    if !typed.is_ascii() {
        return Some("has characters other than plain letters, digits and `-`");
    }
    if typed.contains("://") {
        return Some("has a scheme");
    }
    if typed.contains('@') {
        return Some("has a user part");
    }
    if typed.contains(['/', '?', '#', '\\']) {
        return Some("has a path");
    }
    if typed.contains(':') {
        return Some("has a port");
    }
    let lower = typed.to_ascii_lowercase();
    let Some(label) = lower.strip_suffix(ENDING) else {
        return Some("does not end in `.atlassian.net`");
    };
    let label_fits = (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
        // `xn--` begins a label in another script that may look like a familiar one.
        && !label.starts_with("xn--");
    if label_fits { None } else { Some("has a name that is not one word of letters, digits and `-`") }
}

impl std::fmt::Display for SiteDomain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for SiteDomain {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<SiteDomain> for String {
    fn from(site: SiteDomain) -> Self {
        site.0
    }
}

impl utoipa::PartialSchema for SiteDomain {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

impl utoipa::ToSchema for SiteDomain {}

#[cfg(test)]
mod tests {
    use super::SiteDomain;

    #[test]
    fn a_bare_domain_is_taken_and_folded() {
        assert_eq!(SiteDomain::parse(" Acme-2.Atlassian.net ").unwrap().as_str(), "acme-2.atlassian.net");
    }

    #[test]
    fn everything_that_could_lead_elsewhere_is_refused_by_name() {
        for (typed, complaint) in [
            ("", "missing"),
            ("https://acme.atlassian.net", "scheme"),
            ("acme.atlassian.net/browse", "path"),
            ("acme.atlassian.net?x=1", "path"),
            ("acme.atlassian.net\\evil", "path"),
            ("acme.atlassian.net:8080", "port"),
            ("acme@evil.atlassian.net", "user part"),
            ("127.0.0.1", "does not end"),
            ("atlassian.net", "does not end"),
            ("acme.atlassian.net.evil.example", "does not end"),
            ("acme.atlassian.net.", "does not end"),
            ("evilatlassian.net", "does not end"),
            (".atlassian.net", "not one word"),
            ("a.b.atlassian.net", "not one word"),
            ("-acme.atlassian.net", "not one word"),
            ("xn--cme-5cd.atlassian.net", "not one word"),
            ("ac me.atlassian.net", "not one word"),
            ("\u{430}cme.atlassian.net", "plain letters"),
            ("acme\u{3002}atlassian.net", "plain letters"),
        ] {
            let error = SiteDomain::parse(typed).unwrap_err().to_string();
            assert!(error.contains(complaint), "{typed:?}: {error}");
        }
    }
}
