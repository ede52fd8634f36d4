//! Where Jira is known to differ from its own document. The list may only shrink, and each entry says why.

struct Difference {
    /// `*` = every operation.
    operation: &'static str,
    /// The end of the place in the body; `*` = every place.
    place: &'static str,
    /// Part of the validator's message.
    message: &'static str,
    /// Why Jira is right and the document is wrong.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by people and by the test below"))]
    reason: &'static str,
}

const NO_VALUE: &str =
    "Jira answers null for a side of a change that had no value; the document has no nullable there";

const UNASSIGN: &str =
    "the operation's own text says that null takes the assignee away; its schema has no nullable there";

const DIFFERENCES: &[Difference] = &[
    Difference {
        operation: "assignIssue",
        place: "/accountId",
        message: "null is not of type",
        reason: UNASSIGN,
    },
    Difference { operation: "*", place: "/from", message: "null is not of type", reason: NO_VALUE },
    Difference { operation: "*", place: "/fromString", message: "null is not of type", reason: NO_VALUE },
    Difference { operation: "*", place: "/to", message: "null is not of type", reason: NO_VALUE },
    Difference { operation: "*", place: "/toString", message: "null is not of type", reason: NO_VALUE },
];

/// Whether a problem is a known difference.
pub(super) fn problem(operation: &str, place: &str, message: &str) -> bool {
    DIFFERENCES.iter().any(|known| {
        (known.operation == "*" || known.operation == operation)
            && (known.place == "*" || place.ends_with(known.place))
            && message.contains(known.message)
    })
}

/// Statuses that every operation can have, though the document names them for few.
pub(super) fn status(status: u16) -> bool {
    // 401: the gateway's refusals. 403: permissions. 404: the gateway's unknown sites. 405, 415: wrong calls.
    // 410: removed operations. 429, 5xx: limits and failures.
    matches!(status, 401 | 403 | 404 | 405 | 410 | 415 | 429 | 500..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tolerated_difference_has_a_reason() {
        assert!(DIFFERENCES.iter().all(|known| known.reason.len() > 20));
    }
}
