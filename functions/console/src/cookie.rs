//! Cookies: read from a request, made for an answer.

use http::{HeaderMap, HeaderValue, header};

/// The session.
pub const SESSION: &str = "assay";
/// What the next page says once.
pub const NOTICE: &str = "assay-notice";
/// The time zone, which a script may set, too.
pub const ZONE: &str = "assay-zone";

/// The name of a cookie that only this very host can have set. On the plain address of this machine a browser takes no
/// such name.
pub fn name(secure: bool, name: &str) -> String {
    if secure { format!("__Host-{name}") } else { name.to_owned() }
}

/// A cookie for the answer, for `seconds`; it is hidden from scripts. `value` holds no `;`, since it is ours.
pub fn set(secure: bool, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).ok()
}

/// A cookie of the request.
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    assay::cookie::find(headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes), name)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; assay-notice=x; assay=y"));
        headers.append(header::COOKIE, HeaderValue::from_bytes(b"b=z=1; c=\xe4; d=2").unwrap());
        assert_eq!(super::get(&headers, "assay"), Some("y"));
        assert_eq!(super::get(&headers, "b"), Some("z=1"));
        assert_eq!(super::get(&headers, "d"), Some("2"), "what is no text hides nothing");
        assert_eq!(super::get(&headers, "notice"), None);
    }
}
