//! Every address of Jira and Atlassian that is called or linked to.

use crate::config::Config;
use crate::connection::Method;
use crate::http::is_trustworthy;
use crate::ids::{AccountId, CloudId};
use crate::site::SiteDomain;
use crate::{Error, Result};

/// Where the sites, Atlassian's API and Atlassian's sign-in are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// A site; `{site}` stands for its domain.
    site: String,
    /// Atlassian's API, without a slash at the end.
    api: String,
    /// Atlassian's sign-in, without a slash at the end.
    auth: String,
}

impl Default for Addresses {
    /// The real ones.
    fn default() -> Self {
        Self {
            site: "https://{site}".to_owned(),
            api: "https://api.atlassian.com".to_owned(),
            auth: "https://auth.atlassian.com".to_owned(),
        }
    }
}

impl Addresses {
    /// Reads `ASSAY_SITE_URL`, `ASSAY_ATLASSIAN_API_URL` and `ASSAY_ATLASSIAN_AUTH_URL`. None has a default here: a
    /// test's function must not reach the real Atlassian because a setting was forgotten.
    ///
    /// # Errors
    /// When one is not set, is neither https nor on this machine, or the first lacks `{site}`. The variable is named.
    pub fn from_config(config: &Config) -> Result<Self> {
        let read = |name: &'static str| {
            let address = config.required(name)?.trim_end_matches('/').to_owned();
            if is_trustworthy(&address.replace("{site}", "demo.atlassian.net")) {
                Ok(address)
            } else {
                Err(Error::internal(format!(
                    "start: the environment variable {name} must be an https address (http only on this machine)"
                )))
            }
        };
        let addresses = Self {
            site: read("ASSAY_SITE_URL")?,
            api: read("ASSAY_ATLASSIAN_API_URL")?,
            auth: read("ASSAY_ATLASSIAN_AUTH_URL")?,
        };
        if addresses.site.contains("{site}") {
            Ok(addresses)
        } else {
            Err(Error::internal("start: the environment variable ASSAY_SITE_URL must contain {site}"))
        }
    }

    /// The site itself.
    pub fn site(&self, site: &SiteDomain) -> String {
        self.site.replace("{site}", site.as_str())
    }

    /// The beginning of Jira's REST addresses for a connection: the site for an unscoped API token, Atlassian's gateway
    /// for every other way to connect.
    ///
    /// Source: introduction of the specification; support.atlassian.com, "Manage API tokens for your Atlassian
    /// account".
    pub fn jira(&self, method: Method, site: &SiteDomain, cloud_id: &CloudId) -> String {
        match method {
            Method::ApiToken => self.site(site),
            Method::Oauth | Method::ServiceAccount | Method::ScopedApiToken => {
                format!("{}/ex/jira/{}", self.api, segment(cloud_id.as_str()))
            }
        }
    }

    /// Where a person looks at an issue.
    pub fn browse(&self, site: &SiteDomain, key: &str) -> String {
        format!("{}/browse/{}", self.site(site), segment(key))
    }

    /// Tells a site's cloud id without credentials.
    ///
    /// Source: support.atlassian.com, "Retrieve my Atlassian site's cloud ID".
    pub fn tenant_info(&self, site: &SiteDomain) -> String {
        format!("{}/_edge/tenant_info", self.site(site))
    }

    /// Lists the sites that an OAuth grant covers.
    pub fn accessible_resources(&self) -> String {
        format!("{}/oauth/token/accessible-resources", self.api)
    }

    /// Lists the organisations that an organisation API key can manage.
    ///
    /// Source: Atlassian's document of the organisations API.
    pub fn organisations(&self) -> String {
        format!("{}/admin/v1/orgs", self.api)
    }

    /// Lists the accounts of an organisation that its administration knows, in all its directories.
    ///
    /// Source: Atlassian's document of the organisations API, `searchDirectoryUsers`; `-` stands for all directories.
    pub fn organisation_users(&self, organisation: &str) -> String {
        format!("{}/admin/v2/orgs/{}/directories/-/users/search", self.api, segment(organisation))
    }

    /// The directories of an organisation.
    ///
    /// Source: Atlassian's document of the organisations API, `getDirectoriesForOrg`.
    pub fn directories(&self, organisation: &str) -> String {
        format!("{}/admin/v2/orgs/{}/directories", self.api, segment(organisation))
    }

    /// An account of one of an organisation's directories; `deed` is empty, `/suspend` or `/restore`.
    ///
    /// Source: Atlassian's document of the organisations API.
    pub fn directory_user(
        &self,
        organisation: &str,
        directory: &str,
        account: &AccountId,
        deed: &str,
    ) -> String {
        let (directory, account) = (segment(directory), segment(account.as_str()));
        format!("{}/{directory}/users/{account}{deed}", self.directories(organisation))
    }

    /// The management of an account; `deed` is empty, `/lifecycle/disable` or `/lifecycle/enable`.
    ///
    /// Source: Atlassian's document of the user management API.
    pub fn managed_account(&self, account: &AccountId, deed: &str) -> String {
        format!("{}/users/{}/manage{deed}", self.api, segment(account.as_str()))
    }

    /// Takes the report which accounts' personal data are stored.
    ///
    /// Source: Atlassian, "User privacy developer guide".
    pub fn report_accounts(&self) -> String {
        format!("{}/app/report-accounts/", self.api)
    }

    /// Gives tokens.
    pub fn token(&self) -> String {
        format!("{}/oauth/token", self.auth)
    }

    /// The consent page, without its query.
    pub fn authorize(&self) -> String {
        format!("{}/authorize", self.auth)
    }
}

/// `text` as one segment of a path: everything but letters, digits, `-`, `_`, `.` and `~` is percent-encoded, and a
/// segment that would mean a folder is too.
pub fn segment(text: &str) -> String {
    let encoded = encode(text);
    if encoded.chars().all(|character| character == '.') { encoded.replace('.', "%2E") } else { encoded }
}

/// `pairs` as a query, with its question mark; nothing if there are none.
pub fn query(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{Addresses, is_trustworthy, query, segment};
    use crate::config::Config;
    use crate::connection::Method;
    use crate::ids::CloudId;
    use crate::site::SiteDomain;

    /// What the template sets on AWS.
    const REAL: [(&str, &str); 3] = [
        ("ASSAY_SITE_URL", "https://{site}"),
        ("ASSAY_ATLASSIAN_API_URL", "https://api.atlassian.com"),
        ("ASSAY_ATLASSIAN_AUTH_URL", "https://auth.atlassian.com"),
    ];

    #[test]
    fn each_address_must_be_set_and_is_named() {
        for (missing, _) in REAL {
            let pairs: Vec<_> = REAL.into_iter().filter(|(name, _)| *name != missing).collect();
            let error = Addresses::from_config(&Config::from_pairs(&pairs)).unwrap_err();
            assert!(error.to_string().contains(missing), "{error}");
        }
    }

    #[test]
    fn the_real_addresses_are_those_that_the_template_sets() {
        let addresses = Addresses::from_config(&Config::from_pairs(&REAL)).unwrap();
        assert_eq!(addresses, Addresses::default());
        let site = SiteDomain::parse("acme.atlassian.net").unwrap();
        let cloud = CloudId::parse("11111111-2222-4333-8444-555555555555").unwrap();
        assert_eq!(addresses.jira(Method::ApiToken, &site, &cloud), "https://acme.atlassian.net");
        let gateway = format!("https://api.atlassian.com/ex/jira/{cloud}");
        assert_eq!(addresses.jira(Method::ScopedApiToken, &site, &cloud), gateway);
        assert_eq!(addresses.jira(Method::Oauth, &site, &cloud), gateway);
        assert_eq!(addresses.jira(Method::ServiceAccount, &site, &cloud), gateway);
        assert_eq!(addresses.browse(&site, "CHG-1"), "https://acme.atlassian.net/browse/CHG-1");
    }

    #[test]
    fn the_local_stack_puts_the_site_into_the_path() {
        let pairs = [
            ("ASSAY_SITE_URL", "http://127.0.0.1:8089/sites/{site}"),
            ("ASSAY_ATLASSIAN_API_URL", "http://127.0.0.1:8089/"),
            ("ASSAY_ATLASSIAN_AUTH_URL", "http://127.0.0.1:8089"),
        ];
        let addresses = Addresses::from_config(&Config::from_pairs(&pairs)).unwrap();
        let site = SiteDomain::parse("demo.atlassian.net").unwrap();
        assert_eq!(
            addresses.tenant_info(&site),
            "http://127.0.0.1:8089/sites/demo.atlassian.net/_edge/tenant_info"
        );
        assert_eq!(addresses.token(), "http://127.0.0.1:8089/oauth/token");
    }

    #[test]
    fn an_address_that_would_carry_credentials_in_the_open_stops_the_start_and_is_named() {
        for (name, value) in [
            ("ASSAY_ATLASSIAN_API_URL", "http://api.atlassian.com"),
            ("ASSAY_ATLASSIAN_AUTH_URL", "auth.atlassian.com"),
            ("ASSAY_SITE_URL", "https://user@{site}"),
            ("ASSAY_SITE_URL", "https://example.com"),
        ] {
            let pairs: Vec<_> =
                REAL.into_iter().filter(|(other, _)| *other != name).chain([(name, value)]).collect();
            let error = Addresses::from_config(&Config::from_pairs(&pairs)).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        assert!(!is_trustworthy("http://127.0.0.1.example.com/"));
        assert!(is_trustworthy("http://[::1]:8089/x"));
    }

    #[test]
    fn nothing_in_a_segment_or_a_query_can_lead_elsewhere() {
        assert_eq!(segment("../a?b#c d/ä"), "..%2Fa%3Fb%23c%20d%2F%C3%A4");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(query(&[("a", "1&b=2"), ("c", "x y")]), "?a=1%26b%3D2&c=x%20y");
    }
}
