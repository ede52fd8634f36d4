//! The pages that end connecting. No script, no outside request; all text from outside is escaped.

use assay::connection::{Connection, Problem};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

/// Connected, perhaps with things that are missing.
pub fn success(connection: &Connection) -> Response {
    let mut body = format!(
        "<p>{} is connected. Its checks are being evaluated now.</p>",
        escape(connection.site.as_str())
    );
    if !connection.problems.is_empty() {
        body.push_str("<p>Some of its use cases lack something:</p><ul>");
        let lines = connection
            .problems
            .iter()
            .map(|problem| format!("<li>{}: {}</li>", escape(&problem.what), escape(&problem.mend)));
        body.extend(lines);
        body.push_str("</ul>");
    }
    // An identifier holds nothing that would have to be escaped.
    body.extend([
        "<p><a href=\"/connections/",
        connection.id.as_str(),
        "\">See how far the first reading is</a></p>",
    ]);
    page(StatusCode::OK, "Connected", &body)
}

/// Not connected, for a reason that a person can mend.
pub fn problem(problem: &Problem) -> Response {
    let body = format!(
        "<p>What is wrong: {}.</p><p>How to mend it: {}.</p>",
        escape(&problem.what),
        escape(&problem.mend)
    );
    page(StatusCode::UNPROCESSABLE_ENTITY, "Not connected", &body)
}

/// Not connected, for another reason.
pub fn failure(status: StatusCode, message: &str) -> Response {
    page(status, "Not connected", &format!("<p>{}</p>", escape(message)))
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · Assay</title></head><body><main><h1>{title}</h1>{body}<p><a href=\"/\">Back to Assay</a></p></main></body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    ];
    (status, headers, html).into_response()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_from_outside_cannot_become_markup() {
        assert_eq!(super::escape("<b a=\"1\">&'"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;");
    }
}
