use jiff::Timestamp;

use super::{ConnectInput, ScopeInput};

fn refusal(body: &str) -> String {
    let input: Result<ConnectInput, _> = serde_json::from_str(body);
    match input {
        Err(error) => error.to_string(),
        Ok(input) => {
            input.check(Timestamp::UNIX_EPOCH).err().and_then(|problem| problem.field).unwrap_or_default()
        }
    }
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let base = r#""site":"acme.atlassian.net","use_cases":["ticketing"]"#;
    assert_eq!(refusal(&format!(r#"{{"method":"api_token",{base},"token":"t"}}"#)), "email");
    assert_eq!(refusal(&format!(r#"{{"method":"api_token",{base},"email":"a@b"}}"#)), "token");
    assert_eq!(refusal(&format!(r#"{{"method":"oauth",{base},"token":"t"}}"#)), "token");
    assert_eq!(
        refusal(&format!(r#"{{"method":"service_account",{base},"client_id":"c"}}"#)),
        "client_secret"
    );
    assert_eq!(refusal(r#"{"method":"oauth","site":"acme.atlassian.net","use_cases":[]}"#), "use_cases");
    assert_eq!(refusal(r#"{"method":"oauth","use_cases":["usage"]}"#), "site");
    assert!(refusal(&format!(r#"{{"method":"oauth",{base},"colour":"red"}}"#)).contains("unknown field"));
    assert!(refusal(r#"{"method":"oauth","site":"https://x","use_cases":[]}"#).contains("scheme"));
    assert_eq!(refusal(&format!(r#"{{"method":"oauth",{base}}}"#)), "");
}

#[test]
fn project_keys_are_folded_and_those_that_are_none_are_named() {
    let scope = |keys: &[&str]| {
        ScopeInput { projects: keys.iter().map(|key| (*key).to_owned()).collect(), jql: None }
            .check("incidents")
    };
    assert_eq!(scope(&["chg", "CHG"]).unwrap().keys, ["CHG"]);
    assert_eq!(scope(&["CHG", "x y"]).unwrap_err().field.unwrap(), "incidents.projects[1]");
}
