//! What a browser sends for a form as the page shows it.

use super::support::between;

/// The form's fields with what stands in them; `begins` is text of its opening tag, buttons send nothing.
#[track_caller]
pub fn filled(html: &str, begins: &str) -> Vec<(String, String)> {
    let form = between(html, begins, "</form>").unwrap_or_else(|| panic!("no {begins}: {html}"));
    let mut fields = Vec::new();
    let mut rest = form;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').unwrap();
        let tag = &rest[..end];
        let name = attribute(tag, "name");
        match tag.split_whitespace().next().unwrap_or_default() {
            "input" => {
                let is_choice = tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"");
                if !is_choice || tag.contains(" checked") {
                    fields.extend(name.map(|name| (name, attribute(tag, "value").unwrap_or_default())));
                }
            }
            "textarea" => {
                let text = between(&rest[end..], ">", "</textarea>").unwrap();
                fields.extend(name.map(|name| (name, plain(text))));
            }
            "select" => {
                let options = between(&rest[end..], ">", "</select>").unwrap();
                let values = |chosen: bool| {
                    let tags = options.split("<option").skip(1).map(|it| it.split('>').next().unwrap());
                    let tags: Vec<&str> = tags.filter(|tag| !chosen || tag.contains(" selected")).collect();
                    tags.into_iter().map(|tag| attribute(tag, "value").unwrap()).collect::<Vec<_>>()
                };
                let mut sent = values(true);
                if sent.is_empty() && !tag.contains(" multiple") {
                    sent = values(false).into_iter().take(1).collect();
                }
                fields.extend(sent.into_iter().filter_map(|value| Some((name.clone()?, value))));
            }
            _ => {}
        }
        rest = &rest[end..];
    }
    fields.retain(|(name, _)| name != "csrf");
    fields
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    between(tag, &format!(" {name}=\""), "\"").map(plain)
}

fn plain(text: &str) -> String {
    [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
