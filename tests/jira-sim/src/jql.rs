//! JQL: text → tokens → clauses → a predicate on issues.
//!
//! Jira is lenient where it hurts: a query with an unknown field, project or value is not refused by search but
//! matches nothing. Only what cannot be read at all, and a query without any restriction, is 400.
//! `POST /jql/parse?validation=strict` tells the difference; it is made of the same parts.

mod compile;
mod dates;
mod parser;
mod predicate;
mod tokens;

pub(crate) use compile::{Context, compile};
pub(crate) use parser::parse;
pub(crate) use predicate::{Predicate, SortKey, matches, sort_value};

/// A query as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// `None`: the query is unbounded.
    pub(crate) clause: Option<Clause>,
    /// Field and whether descending.
    pub(crate) order: Vec<(String, bool)>,
}

/// A restriction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clause {
    All(Vec<Clause>),
    Any(Vec<Clause>),
    Not(Box<Clause>),
    Term { field: String, operator: Operator, operand: Operand },
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    NotContains,
    In,
    NotIn,
    Is,
    IsNot,
}

impl Operator {
    pub(crate) fn is_negated(self) -> bool {
        matches!(self, Self::NotEquals | Self::NotContains | Self::NotIn | Self::IsNot)
    }

    pub(crate) fn is_order(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Value(String),
    List(Vec<Operand>),
    Empty,
    Function(String, Vec<String>),
}
