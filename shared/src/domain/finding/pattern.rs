//! Patterns of names, in which `*` stands for any text.

/// Whether `text` is 1 to `longest` characters in one line.
pub(crate) fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control)
}

/// Whether `text` is as `pattern` says, in which `*` stands for any text, also none; letters' case does not count.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_fits_with_stars_for_any_text() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("web-*", "web-1", true),
            ("web-*", "a web-1", false),
            ("*/api", "shop/API", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "ac", false),
            ("ab*ba", "aba", false),
            ("exact", "exact", true),
            ("exact", "exactly", false),
        ] {
            assert_eq!(fits(pattern, text), is, "{pattern} {text}");
        }
    }
}
