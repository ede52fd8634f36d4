//! Plain HTML: one small style sheet inside the page, no request to anywhere else.

use crate::call::Answer;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#172b4d}\
a{color:#0052cc}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dfe1e6;vertical-align:top}\
.status{padding:0 .4rem;border-radius:3px;background:#dfe1e6;font-size:.85em}.status.done{background:#e3fcef}.status.indeterminate{background:#deebff}\
.panel{padding:.2rem .8rem;margin:.6rem 0;background:#deebff;border-radius:3px}.panel.warning{background:#fffae6}.panel.error{background:#ffebe6}\
pre{background:#f4f5f7;padding:.6rem;overflow:auto}blockquote{border-left:3px solid #dfe1e6;margin-left:0;padding-left:1rem}\
form{display:inline-block;margin:.2rem .4rem .2rem 0}button{padding:.3rem .8rem}nav{margin-bottom:1rem}textarea{width:30rem;max-width:100%}dt{font-weight:600}";

/// Text made safe for HTML, inside and outside of attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// A whole page.
#[derive(Debug)]
pub(crate) struct Html(String);

impl Html {
    /// `body` is HTML already; `title` is text.
    pub(crate) fn page(title: &str, body: &str) -> Self {
        let title = escape(title);
        Self(format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\
             <body><nav><a href=\"/\">Simulated Jira</a></nav><h1>{title}</h1>{body}</body></html>"
        ))
    }

    pub(crate) fn answer(self, status: u16) -> Answer {
        // `form-action` is left open: the consent page's form ends with a redirect to the app.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
        Answer::html(status, self.0)
            .with_header("content-security-policy", policy.to_owned())
            .with_header("referrer-policy", "no-referrer".to_owned())
    }
}
