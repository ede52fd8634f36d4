//! A document as HTML, everything escaped. Nodes without a form of their own show their children.

use serde_json::Value;

use crate::page::html::escape;

/// The HTML of a document or node.
pub(crate) fn to_html(node: &Value) -> String {
    let inner: String = node["content"].as_array().into_iter().flatten().map(to_html).collect();
    match node["type"].as_str().unwrap_or_default() {
        "text" => text(node),
        "paragraph" => format!("<p>{inner}</p>"),
        "heading" => {
            let level = node["attrs"]["level"].as_u64().unwrap_or(3).clamp(1, 6);
            format!("<h{level}>{inner}</h{level}>")
        }
        "bulletList" => format!("<ul>{inner}</ul>"),
        "orderedList" => format!("<ol>{inner}</ol>"),
        "listItem" => format!("<li>{inner}</li>"),
        "codeBlock" => format!("<pre><code>{inner}</code></pre>"),
        "blockquote" => format!("<blockquote>{inner}</blockquote>"),
        "panel" => {
            let kind = escape(node["attrs"]["panelType"].as_str().unwrap_or("info"));
            format!("<div class=\"panel {kind}\">{inner}</div>")
        }
        "rule" => "<hr>".to_owned(),
        "table" => format!("<table>{inner}</table>"),
        "tableRow" => format!("<tr>{inner}</tr>"),
        "tableHeader" => format!("<th>{inner}</th>"),
        "tableCell" => format!("<td>{inner}</td>"),
        "hardBreak" => "<br>".to_owned(),
        "mention" => {
            let id = node["attrs"]["id"].as_str().unwrap_or_default();
            format!("<b>{}</b>", escape(node["attrs"]["text"].as_str().unwrap_or(id)))
        }
        "inlineCard" | "blockCard" => link(node["attrs"]["url"].as_str().unwrap_or_default(), None),
        _ => inner,
    }
}

fn text(node: &Value) -> String {
    let mut html = escape(node["text"].as_str().unwrap_or_default());
    for mark in node["marks"].as_array().into_iter().flatten() {
        html = match mark["type"].as_str().unwrap_or_default() {
            "strong" => format!("<strong>{html}</strong>"),
            "em" => format!("<em>{html}</em>"),
            "code" => format!("<code>{html}</code>"),
            "strike" => format!("<s>{html}</s>"),
            "underline" => format!("<u>{html}</u>"),
            "link" => link(mark["attrs"]["href"].as_str().unwrap_or_default(), Some(&html)),
            _ => html,
        };
    }
    html
}

/// Only web addresses become links; `javascript:` and the like stay text.
fn link(address: &str, html: Option<&str>) -> String {
    let escaped = escape(address);
    let shown = html.unwrap_or(&escaped);
    if address.starts_with("https://") || address.starts_with("http://") {
        format!("<a href=\"{escaped}\" rel=\"noreferrer\">{shown}</a>")
    } else {
        shown.to_owned()
    }
}
