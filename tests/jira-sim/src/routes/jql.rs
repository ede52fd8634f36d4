//! `POST /jql/parse` and `POST /jql/match`.

use serde_json::{Value, json};

use super::bulk::texts;
use crate::{
    call::{Answer, Call, Reply},
    jql,
    state::World,
};

/// `validation=strict` tells of unknown fields and values; `warn` tells the same as warnings; `none` nothing.
pub(crate) fn parse(world: &mut World, call: &Call) -> Reply {
    let validation = call.query.get("validation").unwrap_or("strict");
    if !["strict", "warn", "none"].contains(&validation) {
        return Err(Answer::bad_request("validation must be strict, warn or none."));
    }
    let queries = texts(&call.body["queries"]);
    if queries.is_empty() {
        return Err(Answer::bad_request("queries is required."));
    }
    let context = jql::Context {
        site: &world.sites[call.site],
        accounts: &world.accounts,
        caller: call.caller.account(),
        now: call.now,
    };
    let parsed = queries.iter().map(|query| {
        let mut value = json!({ "query": query });
        match jql::parse(query) {
            Err(message) => value["errors"] = json!([message]),
            Ok(parsed) => {
                let clause = parsed.clause.as_ref();
                let problems = clause.map(|clause| jql::compile(clause, &context).1).unwrap_or_default();
                let member = if validation == "strict" { "errors" } else { "warnings" };
                if !problems.is_empty() && validation != "none" {
                    value[member] = json!(problems);
                }
            }
        }
        value
    });
    let parsed: Vec<Value> = parsed.collect();
    Ok(Answer::ok(json!({ "queries": parsed })))
}

/// Exact for the given ids: this does not go through the index.
pub(crate) fn matches(world: &mut World, call: &Call) -> Reply {
    let queries = texts(&call.body["jqls"]);
    let ids: Vec<u64> =
        call.body["issueIds"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    if queries.is_empty() || ids.is_empty() || ids.len() > 1000 {
        return Err(Answer::bad_request("jqls and issueIds (at most 1000) are required."));
    }
    let site = &world.sites[call.site];
    let account = call.caller.account();
    let context = jql::Context { site, accounts: &world.accounts, caller: account, now: call.now };
    let seen = ids.iter().filter_map(|id| site.visible_issue(&id.to_string(), account));
    let issues: Vec<_> = seen.filter(|issue| issue.archived.is_none()).collect();
    let matches = queries.iter().map(|query| {
        let compiled =
            jql::parse(query).map(|query| query.clause.map(|clause| jql::compile(&clause, &context)));
        match compiled {
            Err(message) => json!({ "matchedIssues": [], "errors": [message] }),
            Ok(Some((_, errors))) if !errors.is_empty() => json!({ "matchedIssues": [], "errors": errors }),
            Ok(compiled) => {
                let fits = |issue: &crate::state::issue::Issue| {
                    compiled.as_ref().is_none_or(|(predicate, _)| jql::matches(predicate, issue, site))
                };
                let found: Vec<u64> =
                    issues.iter().filter(|issue| fits(issue)).map(|issue| issue.id).collect();
                json!({ "matchedIssues": found, "errors": [] })
            }
        }
    });
    let matches: Vec<Value> = matches.collect();
    Ok(Answer::ok(json!({ "matches": matches })).costing(issues.len(), 1))
}
