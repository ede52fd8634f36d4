use super::{Incoming, Location, Package, Severity, cleaned, one_line};
use crate::error::Kind;

fn incoming() -> Incoming {
    Incoming {
        fingerprint: String::new(),
        title: "SQL injection".to_owned(),
        description: "line\nline".to_owned(),
        fix: String::new(),
        severity: Severity::High,
        score: None,
        rule: "sqli".to_owned(),
        advisory: String::new(),
        asset: "shop/api".to_owned(),
        location: Some(Location { path: "src/a.rs".to_owned(), line: Some(3) }),
        package: None,
        links: vec!["https://example.com/sqli".to_owned()],
    }
}

#[test]
fn a_fingerprint_is_made_of_what_tells_a_finding_from_others_and_not_of_its_texts() {
    let made = incoming().checked().unwrap().fingerprint;
    let reworded = Incoming { title: "Other".to_owned(), description: String::new(), ..incoming() };
    assert_eq!(reworded.checked().unwrap().fingerprint, made);
    for other in [
        Incoming { rule: "xss".to_owned(), ..incoming() },
        Incoming { advisory: "CVE-2026-1".to_owned(), ..incoming() },
        Incoming { asset: "shop/web".to_owned(), ..incoming() },
        Incoming { location: None, ..incoming() },
        Incoming { location: Some(Location { path: "src/a.rs".to_owned(), line: Some(4) }), ..incoming() },
        Incoming { package: Some(Package { name: "log4j".to_owned(), ..Package::default() }), ..incoming() },
    ] {
        assert_ne!(other.checked().unwrap().fingerprint, made);
    }
    let given = Incoming { fingerprint: "own".to_owned(), ..incoming() };
    assert_eq!(given.checked().unwrap().fingerprint, "own");
}

#[test]
fn two_advisories_of_one_rule_and_package_are_two_findings_and_one_that_is_its_own_rule_is_one() {
    let made = |rule: &str, advisory: &str| {
        let (rule, advisory) = (rule.to_owned(), advisory.to_owned());
        let package = Some(Package { name: "log4j".to_owned(), ..Package::default() });
        Incoming { rule, advisory, package, ..incoming() }.checked().unwrap().fingerprint
    };
    assert_ne!(made("vulnerable-dependency", "CVE-2026-1"), made("vulnerable-dependency", "CVE-2026-2"));
    assert_eq!(made("CVE-2026-1", "CVE-2026-1"), made("CVE-2026-1", ""));
    assert_eq!(made("", "CVE-2026-1"), made("CVE-2026-1", ""));
}

#[test]
fn every_part_has_a_limit_and_is_named_when_it_breaks_it() {
    let long = |count| "x".repeat(count);
    let package = |name: String, version: String| Some(Package { name, version, fixed_in: String::new() });
    for (field, broken) in [
        ("title", Incoming { title: String::new(), ..incoming() }),
        ("title", Incoming { title: "two\nlines".to_owned(), ..incoming() }),
        ("title", Incoming { title: long(201), ..incoming() }),
        ("description", Incoming { description: long(8001), ..incoming() }),
        ("description", Incoming { description: "\u{0}".to_owned(), ..incoming() }),
        ("fix", Incoming { fix: long(4001), ..incoming() }),
        ("rule", Incoming { rule: " x".to_owned(), ..incoming() }),
        ("advisory", Incoming { advisory: long(201), ..incoming() }),
        ("asset", Incoming { asset: String::new(), ..incoming() }),
        ("location.path", Incoming { location: Some(Location::default()), ..incoming() }),
        ("package.name", Incoming { package: package(String::new(), String::new()), ..incoming() }),
        ("package.version", Incoming { package: package("p".to_owned(), long(201)), ..incoming() }),
        ("links", Incoming { links: vec!["https://a".to_owned(); 11], ..incoming() }),
        ("links[0]", Incoming { links: vec!["javascript:alert(1)".to_owned()], ..incoming() }),
        ("fingerprint", Incoming { fingerprint: long(501), ..incoming() }),
        ("fingerprint", Incoming { rule: String::new(), location: None, ..incoming() }),
    ] {
        let error = broken.checked().unwrap_err();
        assert_eq!(*error.kind(), Kind::Invalid { field: field.to_owned() }, "{error}");
    }
}

#[test]
fn texts_of_scanners_are_brought_into_form() {
    assert_eq!(one_line("  a\r\n b\u{7}c ", 10), "a b c");
    assert_eq!(one_line("abcdef", 4), "abc…");
    assert_eq!(cleaned("\u{0}a\n\tb ", 10), "a\n\tb");
    assert_eq!(cleaned(" \u{0} abcd \u{0}\n", 4), "abcd");
    assert_eq!(cleaned("abcd e", 4), "abc…");
    assert_eq!(one_line("abcd  \n", 4), "abcd");
    assert_eq!(one_line("ab cd", 4), "ab …");
    assert_eq!(one_line("abc d", 4), "abc…");
}
