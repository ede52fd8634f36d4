//! Where a form comes from: only from a page of ours. Asked before anything else of a request that may change something,
//! beside the mark that each form carries (see [`crate::form`]).

use http::{HeaderMap, Method, StatusCode, header};
use url::Url;

use crate::problem::Problem;

/// Lets reading through, and what a browser says is sent by a page of ours.
///
/// # Errors
/// When another site's page sent it, or the browser does not say which.
pub fn check(public_url: &str, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD) || is_ours(public_url, headers) {
        return Ok(());
    }
    let detail = "This form was not sent from a page of this console. Nothing was done; open the page and send it again.";
    Err(Problem::new(StatusCode::FORBIDDEN, "Not allowed", detail))
}

fn is_ours(public_url: &str, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A browser sends `Origin` with each form. What `Sec-Fetch-Site` says cannot be wrong either, where it is sent.
    let fetched = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let Some(origin) = text("origin").and_then(|origin| Url::parse(origin).ok()) else { return false };
    let Ok(public) = Url::parse(public_url) else { return false };
    // The address at which the browser found us, where we have several. A page that anybody on the way could have made is not
    // ours, whatever its host says.
    let found = text(header::HOST.as_str()).is_some_and(|host| authority(&origin).as_deref() == Some(host));
    fetched && (public.origin() == origin.origin() || (found && public.scheme() == origin.scheme()))
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn passes(method: &str, headers: &[(&'static str, &'static str)]) -> bool {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers: HeaderMap = headers.iter().map(header).collect();
        super::check("https://assay.example", &method.parse().unwrap(), &headers).is_ok()
    }

    #[test]
    fn a_form_comes_from_our_own_page_or_is_refused() {
        let ours = ("origin", "https://assay.example");
        assert!(passes("GET", &[]) && passes("HEAD", &[]));
        assert!(passes("POST", &[ours]));
        assert!(passes("POST", &[ours, ("sec-fetch-site", "same-origin")]));
        assert!(passes("POST", &[("origin", "https://a.example:8443"), ("host", "a.example:8443")]));
        for headers in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://assay.example.evil.example")],
            &[("origin", "http://assay.example")],
            &[("origin", "http://assay.example:443")],
            &[("origin", "https://assay.example:444")],
            &[("origin", "chrome-extension://assay.example")],
            &[ours, ("sec-fetch-site", "cross-site")],
            &[ours, ("sec-fetch-site", "same-site")],
        ] {
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                for host in ["assay.example", "assay.example:443"] {
                    let headers: Vec<_> = headers.iter().copied().chain([("host", host)]).collect();
                    assert!(!passes(method, &headers), "{method} {headers:?}");
                }
            }
        }
        let elsewhere = [("origin", "http://a.example"), ("host", "a.example")];
        assert!(!passes("POST", &elsewhere), "anybody on the way could have made that page");
    }
}
