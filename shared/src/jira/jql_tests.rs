use proptest::prelude::*;

use super::{Clause, Jql, quote};
use crate::ids::ProjectId;

/// Reads a quoted string as Jira does; gives the value and what stands behind it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('"')?;
    loop {
        let character = rest.chars().next()?;
        rest = &rest[character.len_utf8()..];
        match character {
            '"' => return Some((value, rest)),
            '\\' => {
                let escaped = rest.chars().next()?;
                rest = &rest[escaped.len_utf8()..];
                value.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let (digits, behind) = rest.split_at_checked(4)?;
                        rest = behind;
                        char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                    }
                    other => other,
                });
            }
            character if character.is_control() => return None,
            other => value.push(other),
        }
    }
}

#[test]
fn a_query_is_bounded_by_ids_and_milliseconds() {
    let ids = ["10001", "10002"].map(|id| ProjectId::parse(id).unwrap());
    let clause = Clause::parse("type = Change or labels = \"a b\"").unwrap();
    let jql = Jql::new()
        .projects(&ids)
        .clause(&clause)
        .created_from("2026-01-01T00:00:00Z".parse().unwrap())
        .created_before("2026-01-02T00:00:00Z".parse().unwrap())
        .not_done();
    assert_eq!(
        jql.text(),
        "project in (10001, 10002) AND (type = Change or labels = \"a b\") AND created >= 1767225600000 \
         AND created < 1767312000000 AND statusCategory != Done"
    );
    assert_eq!(jql.ordered(), format!("{} ORDER BY created ASC", jql.text()));
    assert_eq!(Jql::new().projects(&ids[..1]).label("assay").text(), "project = 10001 AND labels = assay");
    assert!(Jql::new().projects(&[]).is_unbounded());
}

#[test]
fn what_was_changed_in_a_window_has_one_order_only() {
    let jql = Jql::new()
        .updated_from("2026-01-01T00:00:00Z".parse().unwrap())
        .updated_before("2026-01-01T00:00:00.007Z".parse().unwrap());
    let window = "updated >= 1767225600000 AND updated < 1767225600007";
    assert_eq!(jql.by_change(), format!("{window} ORDER BY updated ASC, id ASC"));
}

#[test]
fn an_identifier_that_is_no_number_is_quoted() {
    let odd = ProjectId::parse("10001.or").unwrap();
    assert_eq!(
        Jql::new().projects([&odd]).label("a\" or \"b").text(),
        r#"project = "10001.or" AND labels = "a\" or \"b""#
    );
}

#[test]
fn a_persons_query_that_reaches_outside_its_brackets_is_refused_with_the_reason() {
    for (text, complaint) in [
        ("", "is empty"),
        ("   ", "is empty"),
        ("a = b) or (c = d", "closes a bracket"),
        ("(a = b", "does not close"),
        ("a = \"b", "a quote"),
        ("a = 'b", "a quote"),
        ("a = \"b\\\"", "a quote"),
        ("a = b ORDER BY created", "ORDER BY"),
        ("a = b order\n\tby created", "ORDER BY"),
        ("a = b Order By", "ORDER BY"),
        ("a = \\)", "backslash"),
        ("a = b\u{0}", "control"),
        (&"x".repeat(4001), "longer"),
    ] {
        let error = Clause::parse(text).unwrap_err().to_string();
        assert!(error.contains(complaint), "{text:?}: {error}");
    }
}

#[test]
fn a_persons_query_may_hold_quotes_brackets_and_words_that_look_like_an_order() {
    for text in [
        "type = Change",
        "summary ~ \"order by (\" AND (labels in (a, 'b)'))",
        "summary ~ \"say \\\"hi\\\"\"",
        "\"order\" = by",
        "cf[10001] = 'x' and issuekey in linkedIssues('A-1')",
        "status was Done before -1d",
    ] {
        assert_eq!(Clause::parse(&format!(" {text} ")).unwrap().as_str(), text);
    }
}

proptest! {
    #[test]
    fn quoting_never_lets_a_value_escape(value in any::<String>(), behind in "[ -~]{0,10}") {
        let text = format!("{}{behind}", quote(&value));
        prop_assert_eq!(unquote(&text), Some((value, behind.as_str())));
    }

    #[test]
    fn a_query_that_is_taken_closes_everything_that_it_opens(
        text in r#"([a-z =()"'\\]|order by|\\"|\\u0022){0,12}"#,
    ) {
        if Clause::parse(&text).is_ok() {
            let mut depth = 0_i32;
            let mut open: Option<char> = None;
            let mut characters = text.trim().chars();
            while let Some(character) = characters.next() {
                match (open, character) {
                    (_, '\\') => drop(characters.next()),
                    (Some(quote), character) if quote == character => open = None,
                    (None, '"' | '\'') => open = Some(character),
                    (None, '(') => depth += 1,
                    (None, ')') => depth -= 1,
                    (_, _) => {}
                }
                prop_assert!(depth >= 0);
            }
            prop_assert_eq!((depth, open), (0, None));
        }
    }
}

#[test]
fn types_statuses_and_words_of_titles_are_conditions_too() {
    let types =
        [crate::ids::IssueTypeId::parse("10100").unwrap(), crate::ids::IssueTypeId::parse("a").unwrap()];
    let jql = Jql::new().issue_types(&types).status("3").title(" Q3: \"audit\" (x*) ");
    assert_eq!(
        jql.newest_first(),
        "issuetype in (10100, \"a\") AND status = 3 AND summary ~ \"Q3*\" AND summary ~ \"audit*\" AND \
         summary ~ \"x*\" ORDER BY created DESC"
    );
    assert!(Jql::new().issue_types([]).title(" - ").is_unbounded());
}
