//! A message as Slack shows it: Block Kit.
//!
//! Source: Slack, "Block Kit" reference: at most 50 blocks; a header's text is plain and at most 150 characters, a section's
//! 3,000, an address 3,000. "Formatting text": `&`, `<` and `>` are escaped, and nothing else.

use serde_json::{Value, json};

use crate::announcement::{Line, Message, What};

/// The longest header, in characters.
const LONGEST_HEADER: usize = 150;

/// The longest text of a section, in characters.
const LONGEST_SECTION: usize = 3000;

/// The longest address, in characters.
const LONGEST_URL: usize = 2500;

/// The message that Slack's incoming webhook takes.
pub fn blocks(message: &Message) -> Value {
    let sign = match message.what {
        What::Began => "⚠️",
        What::Over | What::Passed => "✅",
        What::Test => "ℹ️",
    };
    let title = format!("{sign} {}", message.title);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": cut(&title, LONGEST_HEADER), "emoji": true },
    })];
    blocks.extend(message.lines.iter().map(|line| section(message, line)));
    if message.further() > 0 {
        blocks.push(text_section(&format!("and {} more", message.further())));
    }
    blocks
        .push(json!({ "type": "context", "elements": [markdown(&cut(&context(message), LONGEST_SECTION))] }));
    // Beside blocks the text is what a notification on a phone says.
    json!({ "text": cut(&escape(&title), LONGEST_SECTION), "blocks": blocks })
}

fn section(message: &Message, line: &Line) -> Value {
    let text = if line.name.is_empty() || message.count == 1 {
        escape(&line.text)
    } else {
        format!("*{}*: {}", escape(&line.name), escape(&line.text))
    };
    let mut section = text_section(&text);
    if let Some(url) = line.url.as_ref().filter(|url| url.chars().count() <= LONGEST_URL) {
        section["accessory"] = json!({
            "type": "button",
            "text": { "type": "plain_text", "text": "Open in Jira" },
            "url": url,
        });
    }
    section
}

fn text_section(text: &str) -> Value {
    json!({ "type": "section", "text": markdown(&cut(text, LONGEST_SECTION)) })
}

fn markdown(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

/// When, and whose: a date in the reader's own time zone.
fn context(message: &Message) -> String {
    let mut parts = vec![format!("since {}", date(message.began_at))];
    let ends = message.lines.iter().filter_map(|line| line.recovered_at).max();
    match message.what {
        What::Over | What::Passed => parts.extend(ends.map(|end| format!("until {}", date(end)))),
        What::Test => parts.clear(),
        What::Began => {}
    }
    if message.again > 1 {
        parts.push(format!("began again {} times since the message before", message.again));
    }
    parts.push(format!("tenant {}", escape(message.tenant.as_str())));
    parts.push("Assay".to_owned());
    parts.join(" · ")
}

/// Source: Slack, "Formatting text for app surfaces", dates.
fn date(at: jiff::Timestamp) -> String {
    let shown = at.strftime("%Y-%m-%d %H:%M UTC");
    format!("<!date^{}^{{date_short_pretty}} {{time}}|{shown}>", at.as_second())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// `text` with at most `longest` characters; an escape is not cut in two.
fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(longest - 1).collect();
    if let Some(at) = cut.rfind('&')
        && !cut[at..].contains(';')
    {
        cut.truncate(at);
    }
    cut.push('…');
    cut
}
