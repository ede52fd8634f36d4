//! The line in a pull request's description that names its ticket.
//!
//! ```text
//! Ticket: [SEC-12](https://acme.atlassian.net/browse/SEC-12) <!-- assay:ticket tkt-… -->
//! ```
//!
//! The comment at its end, which nobody sees, tells it from people's own words; it stands at the end since a line that
//! begins with one is not read as Markdown (`CommonMark`, "HTML blocks"). All else in the description is people's.

use crate::ids::TicketId;

/// The beginning of the comment.
const MARKER: &str = "<!-- assay:ticket ";

/// What is to be done with a description.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reference {
    /// Nothing: it names the ticket, or people took the line away.
    Kept,
    /// It is to be this one.
    New(String),
}

/// What is to be done so that `body` names the ticket whose issue has this key and address. `was_given` says that it was
/// given the line before: then one that is missing is not put back.
pub fn reference(body: &str, ticket: &TicketId, key: &str, url: &str, was_given: bool) -> Reference {
    let marker = format!("{MARKER}{ticket} -->");
    let link = format!("[{key}]({url})");
    let Some(place) = body.find(&marker) else {
        if was_given {
            return Reference::Kept;
        }
        let added = format!("Ticket: {link} {marker}");
        return Reference::New(if body.trim().is_empty() { added } else { format!("{body}\n\n{added}") });
    };
    // The link that stands before the comment, and nothing else of the line.
    let before = &body[..place];
    let begins = before.rfind('\n').map_or(0, |end| end + 1);
    let old = before[begins..].rfind('[').map(|at| begins + at);
    match old {
        Some(old) if before[old..].trim_end().ends_with(')') && before[old..].contains("](") => {
            let end = old + before[old..].trim_end().len();
            if before[old..end] == link {
                return Reference::Kept;
            }
            Reference::New(format!("{}{link}{}", &body[..old], &body[end..]))
        }
        // Somebody wrote the line anew.
        Some(_) | None => Reference::Kept,
    }
}

/// The lines of `body` that are people's: our own name the ticket, also where somebody meant one finding of it alone.
pub fn words_of_people(body: &str) -> String {
    body.lines().filter(|line| !line.contains(MARKER)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Reference, reference};
    use crate::ids::TicketId;

    const URL: &str = "https://acme.atlassian.net/browse/SEC-12";

    fn put(body: &str, key: &str, was_given: bool) -> Option<String> {
        let url = URL.replace("SEC-12", key);
        match reference(body, &TicketId::parse("tkt-1").unwrap(), key, &url, was_given) {
            Reference::Kept => None,
            Reference::New(body) => Some(body),
        }
    }

    #[test]
    fn the_line_is_added_once_behind_peoples_words() {
        let line = format!("Ticket: [SEC-12]({URL}) <!-- assay:ticket tkt-1 -->");
        assert_eq!(put("", "SEC-12", false).unwrap(), line);
        let body = put("What I did:\r\n\r\n- this [x](y)\r\n", "SEC-12", false).unwrap();
        assert_eq!(body, format!("What I did:\r\n\r\n- this [x](y)\r\n\n\n{line}"));
        assert_eq!(put(&body, "SEC-12", false), None);
        assert_eq!(put(&body, "SEC-12", true), None);
        let other = reference(&body, &TicketId::parse("tkt-2").unwrap(), "SEC-13", URL, false);
        assert!(
            matches!(other, Reference::New(both) if both.starts_with(&body)),
            "each ticket has its own line"
        );
    }

    #[test]
    fn a_line_that_people_took_away_is_not_put_back() {
        assert_eq!(put("What I did", "SEC-12", true), None);
    }

    #[test]
    fn another_key_is_written_into_the_line_and_nowhere_else() {
        let body = put("SEC-12 [SEC-12](x)", "SEC-12", false).unwrap() + "\n\nSEC-12 too";
        let moved = put(&body, "OPS-7", true).unwrap();
        assert_eq!(
            moved,
            "SEC-12 [SEC-12](x)\n\nTicket: [OPS-7](https://acme.atlassian.net/browse/OPS-7) <!-- assay:ticket tkt-1 -->\n\nSEC-12 too"
        );
        let edited = body.replace("Ticket: [", "see also [");
        assert!(put(&edited, "OPS-7", true).unwrap().contains("see also [OPS-7]"));
        let mine = "my words <!-- assay:ticket tkt-1 -->";
        assert_eq!(put(mine, "OPS-7", true), None);
    }
}
