//! Cookies of a request, read as the bytes that they are: another application on this host may have set one that is no text.

/// The value of the cookie `name` in the lines of the header `Cookie`; none where there is none, or it is not plain ASCII.
///
/// Only space and tab stand around a pair (RFC 6265, 4.2.1): what else looks like white space is part of a name, so that no name
/// can be taken for another one.
pub fn find<'a>(lines: impl IntoIterator<Item = &'a [u8]>, name: &str) -> Option<&'a str> {
    lines.into_iter().flat_map(|line| line.split(|byte| *byte == b';')).find_map(|pair| {
        let value = trimmed(pair).strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(value).ok().filter(|value| value.is_ascii())
    })
}

fn trimmed(mut pair: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = pair {
        pair = rest;
    }
    pair
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_cookie_is_found_among_others_by_its_whole_name() {
        let lines = || [&b"a=1; assay-notice=x;\tassay=y ;c"[..], b"b=z=1; e="];
        assert_eq!(find(lines(), "assay"), Some("y"));
        assert_eq!(find(lines(), "b"), Some("z=1"));
        assert_eq!(find(lines(), "e"), Some(""));
        for none in ["notice", "ASSAY", "c", "y"] {
            assert_eq!(find(lines(), none), None, "{none}");
        }
    }

    #[test]
    fn what_another_application_put_there_neither_hides_a_cookie_nor_passes_for_one() {
        let line = &b"name=J\xf6rg; assay=y; \xff=\xfe"[..];
        assert_eq!(find([line], "assay"), Some("y"));
        assert_eq!(find([line], "name"), None, "it is not plain");
        for before in ["\u{a0}", "\u{2003}", "\u{b}", "\u{c}", "\u{85}"] {
            let line = format!("{before}assay=evil; assay{before}=evil; assay=y");
            assert_eq!(find([line.as_bytes()], "assay"), Some("y"), "{before:?}");
        }
    }
}
