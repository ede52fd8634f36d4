//! What can happen in a life of two-way sync.

use jira_sim::FaultKind;
use proptest::prelude::*;

use super::broken::Guard;
use crate::misfortune::Misfortune;

/// Calls that may go wrong.
pub const OPERATIONS: [&str; 9] = [
    "createIssues",
    "searchAndReconsileIssuesUsingJqlPost",
    "bulkFetchIssues",
    "getIssue",
    "editIssue",
    "getTransitions",
    "doTransition",
    "getChangeLogs",
    "getBulkPermissions",
];

/// One thing that happens. Numbers say which of the things that there are then.
#[derive(Clone, Debug)]
pub enum Step {
    /// A person says in Assay that a task is done.
    Complete(usize),
    /// A person opens a task again in Assay.
    Reopen(usize),
    /// A person gives a task another title in Assay.
    Retitle(usize),
    /// A person gives a task another due day in Assay.
    Postpone(usize),
    /// A person gives a task to somebody, or to nobody, in Assay.
    HandOver(usize, bool),
    /// A person closes an issue in Jira.
    CloseIssue(usize),
    /// A person reopens an issue in Jira.
    ReopenIssue(usize),
    /// A person gives an issue another title in Jira.
    RetitleIssue(usize),
    /// A person writes an issue's description anew in Jira.
    DescribeIssue(usize),
    /// A person gives an issue another due day in Jira.
    PostponeIssue(usize),
    /// A person assigns an issue in Jira.
    AssignIssue(usize),
    /// A person comments on an issue in Jira.
    Comment(usize),
    /// A person moves an issue to another project in Jira.
    Move(usize),
    /// A person deletes an issue in Jira.
    Delete(usize),
    /// A person archives an issue in Jira.
    Archive(usize),
    /// A person restores an archived issue in Jira.
    Restore(usize),
    /// An administrator gives the project another key.
    Rename,
    /// A person assigns a change ticket, so that its check passes.
    AssignChange(usize),
    /// A person takes a change ticket's assignee away.
    UnassignChange(usize),
    /// A person creates a change ticket that nobody answers for.
    CreateChange,
    /// An administrator makes a field required, which no ticket fills; or takes it away again.
    Require(bool),
    /// An administrator of Assay changes the closure rule.
    Closure(u8),
    /// An administrator of Assay changes what follows reopening.
    Reopening(bool),
    /// An administrator of Assay changes what follows deletion.
    Gone(u8),
    /// An administrator of Assay changes the mode.
    Mode(bool),
    /// An administrator of Assay disables the setting, or enables it.
    Enable(bool),
    /// Everything is evaluated.
    Evaluate,
    /// Time passes.
    Pass(i64),
    /// The next calls of an operation go wrong.
    GoWrong {
        /// Which one of [`OPERATIONS`].
        operation: usize,
        /// Which one of [`misfortunes`].
        misfortune: usize,
        /// How many calls.
        times: u64,
    },
    /// Messages are delivered.
    Deliver,
    /// Messages are delivered to two workers at once.
    DeliverTwice,
    /// Messages are delivered to a worker that dies after so many of Jira's answers.
    Die(u32),
    /// All messages are lost.
    Lose,
    /// Jira's webhooks are delivered: how many of them are lost, whether some come twice, and whether in the wrong order.
    Webhooks {
        /// Every so many is lost; none if 0.
        lost: usize,
        /// Whether each comes twice.
        twice: bool,
        /// Whether the last one comes first.
        reversed: bool,
    },
    /// The search lags by so many seconds and, if it flickers, loses something in every so many searches.
    Lag {
        /// Seconds.
        seconds: u32,
        /// Every how manieth search; never if 0.
        flicker: u32,
    },
    /// Upkeep runs.
    Upkeep,
}

/// What goes wrong. A 404 and a 401 are no faults but news, which is believed.
pub fn misfortunes() -> Vec<Misfortune> {
    let mut all = vec![
        Misfortune::of("answer lost", FaultKind::AnswerLost),
        Misfortune::of("truncated body", FaultKind::Truncated),
        Misfortune::of("cut before the effect", FaultKind::CutBefore),
        Misfortune::status(500, None),
        Misfortune::status(503, Some(7)),
        Misfortune::status(409, None),
        Misfortune::html(200),
    ];
    all.extend(
        [None, Some("jira-burst-based"), Some("jira-quota-global-based")]
            .map(|reason| Misfortune::limited(reason, Some(9))),
    );
    all
}

/// One step of a life.
pub fn step() -> impl Strategy<Value = Step> {
    let which = || 0..12_usize;
    let wrong = (0..OPERATIONS.len(), 0..misfortunes().len(), 1..4_u64);
    let in_assay = prop_oneof![
        which().prop_map(Step::Complete),
        which().prop_map(Step::Reopen),
        which().prop_map(Step::Retitle),
        which().prop_map(Step::Postpone),
        (which(), any::<bool>()).prop_map(|(which, somebody)| Step::HandOver(which, somebody)),
    ];
    let in_jira = prop_oneof![
        3 => which().prop_map(Step::CloseIssue),
        3 => which().prop_map(Step::ReopenIssue),
        2 => which().prop_map(Step::RetitleIssue),
        2 => which().prop_map(Step::DescribeIssue),
        2 => which().prop_map(Step::PostponeIssue),
        2 => which().prop_map(Step::AssignIssue),
        1 => which().prop_map(Step::Comment),
        1 => which().prop_map(Step::Move),
        1 => which().prop_map(Step::Delete),
        1 => which().prop_map(Step::Archive),
        1 => which().prop_map(Step::Restore),
        1 => Just(Step::Rename),
        2 => which().prop_map(Step::AssignChange),
        2 => which().prop_map(Step::UnassignChange),
        1 => Just(Step::CreateChange),
        1 => any::<bool>().prop_map(Step::Require),
    ];
    let in_settings = prop_oneof![
        (0..3_u8).prop_map(Step::Closure),
        any::<bool>().prop_map(Step::Reopening),
        (0..3_u8).prop_map(Step::Gone),
        any::<bool>().prop_map(Step::Mode),
        any::<bool>().prop_map(Step::Enable),
    ];
    let webhooks = (0..4_usize, any::<bool>(), any::<bool>());
    let in_machines = prop_oneof![
        4 => Just(Step::Evaluate),
        4 => (1..15_i64).prop_map(Step::Pass),
        3 => (15..900_i64).prop_map(Step::Pass),
        4 => wrong.prop_map(|(operation, misfortune, times)| Step::GoWrong { operation, misfortune, times }),
        8 => Just(Step::Deliver),
        2 => Just(Step::DeliverTwice),
        2 => (1..6_u32).prop_map(Step::Die),
        1 => Just(Step::Lose),
        5 => webhooks.prop_map(|(lost, twice, reversed)| Step::Webhooks { lost, twice, reversed }),
        1 => (0..90_u32, 0..4_u32).prop_map(|(seconds, flicker)| Step::Lag { seconds, flicker }),
        2 => Just(Step::Upkeep),
    ];
    prop_oneof![4 => in_assay, 5 => in_jira, 1 => in_settings, 10 => in_machines]
}

/// One step of a life in which what a guard is for happens often.
pub fn step_against(guard: Guard) -> BoxedStrategy<Step> {
    let lost = misfortunes().iter().position(|it| it.name == "answer lost").unwrap_or(0);
    let loses_answer = |operation: &str| {
        let operation = OPERATIONS.iter().position(|it| *it == operation).unwrap_or(0);
        Just(Step::GoWrong { operation, misfortune: lost, times: 1 })
    };
    let time = prop_oneof![(1..120_i64).prop_map(Step::Pass), Just(Step::Deliver), Just(Step::Upkeep)];
    match guard {
        Guard::Lookup => {
            prop_oneof![loses_answer("createIssues"), Just(Step::CreateChange), Just(Step::Evaluate), time]
                .boxed()
        }
        Guard::Version => {
            prop_oneof![Just(Step::DeliverTwice), Just(Step::CreateChange), Just(Step::Evaluate), time]
                .boxed()
        }
        Guard::Echo => prop_oneof![
            loses_answer("editIssue"),
            (0..12_usize).prop_map(Step::Retitle),
            Just(Step::Evaluate),
            time
        ]
        .boxed(),
    }
}
