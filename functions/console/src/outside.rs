//! Addresses that others gave us, before they become links.

use url::Url;

/// The address, if it is one of the web (http or https); all others, such as `javascript:`, are shown as text.
pub fn web(address: &str) -> Option<&str> {
    let url = Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::web;

    #[test]
    fn only_addresses_of_the_web_become_links() {
        for address in ["https://example.com/a?b#c", "http://10.0.0.1:8080/"] {
            assert_eq!(web(address), Some(address));
        }
        for address in
            ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "ftp://a/b", "//a", "a", ""]
        {
            assert_eq!(web(address), None, "{address}");
        }
    }
}
