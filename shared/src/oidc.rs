//! The sign-in services of tenants (OpenID Connect), as far as all of Assay must know them: where they are, and what they say
//! of themselves. Signing in itself is the console's, which alone verifies what they sign.

use serde::Deserialize;

use crate::http::public::check_address;
use crate::http::{Method, Request, Response, SendError};
use crate::slack::Outside;
use crate::{Error, Result};

use std::time::Duration;

/// How long one answer of a sign-in service may take.
pub const TIMEOUT: Duration = Duration::from_secs(7);

/// How many bytes of an answer are taken.
pub const LONGEST_ANSWER: usize = 512 * 1024;

/// The longest address of a service, in bytes.
const LONGEST_ISSUER: usize = 500;

/// What a service says of itself, as far as it is checked when it is entered.
///
/// Source: OpenID Connect Discovery 1.0, section 3.
#[derive(Debug, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// Where the service sends people back to.
pub fn redirect_uri(public_url: &str) -> String {
    format!("{public_url}/sign-in/callback")
}

/// Asks a service what it is.
///
/// # Errors
/// `Invalid` of `issuer` with what is wrong.
pub async fn discover(outside: &Outside, issuer: &str) -> Result<()> {
    let refuse = |why: String| Error::invalid("issuer", why);
    if issuer.len() > LONGEST_ISSUER {
        return Err(refuse(format!("issuer must have at most {LONGEST_ISSUER} characters")));
    }
    check_address(issuer, outside.addresses.is_local()).map_err(|why| refuse(format!("issuer {why}")))?;
    if issuer.contains(['?', '#']) {
        return Err(refuse("issuer must have no query and no fragment".to_owned()));
    }
    // Section 4.1: a slash at the end of the issuer is taken away first.
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let unread = |why: &str| {
        refuse(format!(
            "the sign-in service could not be asked at {address}: {why}; check the issuer, and that the service can be reached from the internet"
        ))
    };
    let request = Request {
        method: Method::Get,
        url: address.clone(),
        authorization: None,
        headers: Vec::new(),
        body: None,
        timeout: TIMEOUT,
    };
    let answer = outside.sender().send(request).await;
    let answer: Response = answer.map_err(|error| {
        let why = match &error {
            SendError::NotSent { .. } => "no connection",
            SendError::InDoubt { .. } => "no whole answer in time",
            SendError::TooLarge { .. } => "the answer is too long",
        };
        unread(why).because(error)
    })?;
    if answer.status != 200 || answer.body.len() > LONGEST_ANSWER {
        return Err(unread(&format!("it answered {}", answer.status)));
    }
    let found: Discovered = serde_json::from_slice(&answer.body)
        .map_err(|cause| unread("the answer is no OpenID configuration").because(cause))?;
    // The library that signs people in compares them byte by byte, too.
    if found.issuer != issuer {
        let called: String =
            found.issuer.chars().filter(|it| !it.is_control()).take(LONGEST_ISSUER).collect();
        return Err(refuse(format!("the sign-in service calls itself `{called}`; enter exactly that")));
    }
    for address in [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri] {
        check_address(address, outside.addresses.is_local())
            .map_err(|why| refuse(format!("the sign-in service names an address that {why}")))?;
    }
    Ok(())
}
