//! What follows what, in words: the API's rules with what each of them means.

/// One of the values of a rule.
#[derive(Clone, Copy, Debug)]
pub(in crate::pages) struct Rule {
    /// As the API calls it.
    pub(in crate::pages) value: &'static str,
    /// In a few words.
    pub(in crate::pages) name: &'static str,
    /// What it means.
    pub(in crate::pages) means: &'static str,
}

const fn rule(value: &'static str, name: &'static str, means: &'static str) -> Rule {
    Rule { value, name, means }
}

/// How tasks are put into tickets; the first one of each list is what is usual.
pub(in crate::pages) const MODES: &[Rule] = &[
    rule(
        "individual",
        "One ticket for each task",
        "Each task has an issue of its own, with its own assignee and due date.",
    ),
    rule(
        "batch",
        "One ticket for each assignee",
        "An issue lists all tasks of one person, and another one those of nobody.",
    ),
];

/// When a ticket is closed.
pub(in crate::pages) const CLOSURES: &[Rule] = &[
    rule(
        "all",
        "When all of its tasks are done",
        "The issue is closed step by step along the workflow of its project.",
    ),
    rule(
        "any",
        "When any of its tasks is done",
        "The others stay to be done without an open issue; what is opened after that gets the next ticket.",
    ),
    rule("never", "Never", "People close it; then its open tasks become completed."),
];

/// What happens when one side is opened again.
pub(in crate::pages) const REOPENINGS: &[Rule] = &[
    rule(
        "both",
        "Each follows the other",
        "A task that is opened again reopens its issue, and an issue that a person reopens reopens its tasks.",
    ),
    rule(
        "tasks",
        "Only tasks follow",
        "An issue that a person reopens reopens its tasks; a task that is opened again gets a new ticket.",
    ),
    rule(
        "issues",
        "Only issues follow",
        "A task that is opened again reopens its issue; an issue that a person reopens leaves its tasks as they are.",
    ),
    rule(
        "neither",
        "Neither follows",
        "A task that is opened again gets a new ticket; what people reopen in Jira changes no task.",
    ),
];

/// What happens when an issue is deleted or archived in Jira.
pub(in crate::pages) const GONE: &[Rule] = &[
    rule("ask", "Ask", "The ticket waits as gone until a person decides."),
    rule("recreate", "Make a new ticket", "Its open tasks get a new issue."),
    rule(
        "close_task",
        "Complete the task",
        "Whoever deleted the issue is taken to have said that the task is done.",
    ),
];

/// What becomes of the tickets of a setting that is disabled.
pub(in crate::pages) const RETIREMENTS: &[Rule] = &[
    rule(
        "keep",
        "Keep the issues",
        "They stay in Jira as they are and are not written any more. Enabling the setting again adopts them.",
    ),
    rule(
        "delete_uncommented",
        "Delete the issues that nobody commented on",
        "Those on which people commented stay as they are.",
    ),
    rule("delete", "Delete all issues", "This cannot be undone."),
];

/// The rule that a value stands for.
pub(in crate::pages) fn find(rules: &'static [Rule], value: &str) -> Rule {
    let unknown = rule("", "something that this console does not know", "");
    rules.iter().find(|rule| rule.value == value).copied().unwrap_or(unknown)
}
