//! The address of a pull request, as whoever uses the API says it.

use url::Url;

use crate::pull::LONGEST_URL;
use crate::{Error, Result};

/// An address, and what it says about GitHub.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// The address itself, without what stands behind `?` and `#`.
    pub url: String,
    /// The repository at the tenant's GitHub; empty for other forges.
    pub repository: String,
    /// The number there; 0 for other forges.
    pub number: u64,
}

/// Reads `text` as the address of a pull request. `server` is where the tenant's GitHub shows them, if it is set up.
///
/// # Errors
/// `Invalid` when it is no https address that people could open.
pub fn address(text: &str, server: Option<&str>) -> Result<Address> {
    let refuse = || {
        let message =
            format!("url must be the https address of a pull request, at most {LONGEST_URL} characters");
        Error::invalid("url", message)
    };
    let mut url = Url::parse(text.trim()).map_err(|_| refuse())?;
    url.set_query(None);
    url.set_fragment(None);
    let is_good = url.scheme() == "https"
        && url.domain().is_some_and(|host| host.contains('.'))
        && url.username().is_empty()
        && url.password().is_none();
    let text = url.as_str().trim_end_matches('/').to_owned();
    if !is_good || text.len() > LONGEST_URL {
        return Err(refuse());
    }
    let parts: Vec<&str> = url.path().trim_matches('/').split('/').collect();
    if let [owner, name, "pull", number] = parts[..]
        && url.host_str() == server
        && let Some(number) = number.parse().ok().filter(|number| *number > 0)
        && crate::github::pull::parts_of(&format!("{owner}/{name}")).is_some()
    {
        return Ok(Address { url: text, repository: format!("{owner}/{name}"), number });
    }
    Ok(Address { url: text, repository: String::new(), number: 0 })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_pull_request_of_the_tenants_github_is_known_as_such() {
        let is = |text: &str, server: Option<&str>| {
            address(text, server).map(|it| (it.url, it.repository, it.number)).ok()
        };
        let own = ("https://github.com/acme/shop/pull/12".to_owned(), "acme/shop".to_owned(), 12);
        let text = "https://github.com/acme/shop/pull/12/?diff=split#files";
        assert_eq!(is(text, Some("github.com")), Some(own.clone()));
        let elsewhere = Some((own.0, String::new(), 0));
        assert_eq!(is(text, None), elsewhere);
        assert_eq!(is(text, Some("github.example.com")), elsewhere);
        let merge_request = "https://gitlab.com/acme/shop/-/merge_requests/3";
        assert_eq!(is(merge_request, Some("github.com")), Some((merge_request.to_owned(), String::new(), 0)));
    }

    #[test]
    fn what_people_could_not_open_is_no_address() {
        let long = format!("https://gitlab.com/{}", "x".repeat(600));
        for text in [
            "",
            "gitlab.com/x",
            "http://gitlab.com/x",
            "https://user:pass@gitlab.com/x",
            "https://localhost/x",
            "https://10.0.0.1/x",
            "javascript:alert(1)",
            long.as_str(),
        ] {
            assert!(address(text, None).is_err(), "{text}");
        }
    }
}
