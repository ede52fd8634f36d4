//! What a failed call to the table means.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;

use super::keys::Key;
use crate::Error;
use crate::error::Kind;

/// Codes by which the table says "not now". Source: AWS, "Error handling with `DynamoDB`", list of retryable errors.
const NOT_NOW: [&str; 11] = [
    "InternalServerError",
    "InternalServerException",
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// The error for a call that tried to do `what`, for example `read acme#ticket ticket#tkt-1`.
pub(super) fn failed<E>(what: &str, cause: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let kind = match &cause {
        SdkError::ServiceError(answer) => kind_of(answer.err().code()),
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            Kind::Unavailable
        }
        _ => Kind::Internal,
    };
    error(kind, what).because(cause)
}

/// The kind of failure that a code names.
fn kind_of(code: Option<&str>) -> Kind {
    match code {
        Some("ConditionalCheckFailedException" | "ConditionalCheckFailed") => Kind::Conflict,
        Some(code) if NOT_NOW.contains(&code) => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

/// What a cancelled transaction means: a failed condition decides before everything else, since repeating cannot help.
pub(super) fn cancelled(what: &str, reasons: &[CancellationReason]) -> Error {
    let codes: Vec<&str> = reasons.iter().filter_map(CancellationReason::code).collect();
    let kinds: Vec<Kind> = codes
        .iter()
        .filter(|code| **code != "None")
        .map(|code| match *code {
            // In the list of reasons this one has no `Exception` at its end.
            "TransactionConflict" => Kind::Unavailable,
            code => kind_of(Some(code)),
        })
        .collect();
    let worst =
        [Kind::Conflict, Kind::Internal, Kind::Unavailable].into_iter().find(|kind| kinds.contains(kind));
    error(worst.unwrap_or(Kind::Internal), what)
        .because(format!("the transaction was cancelled: {}", codes.join(", ")))
}

/// The error of a write whose condition does not hold.
pub(super) fn conflict(what: &str) -> Error {
    error(Kind::Conflict, what)
}

/// The error of a write that was to make something new where something else is.
pub(super) fn exists(key: &Key) -> Error {
    Error::conflict(format!("could not make {key}: another one with this key is there already"))
}

fn error(kind: Kind, what: &str) -> Error {
    let advice = match kind {
        Kind::Conflict => "it was changed meanwhile; read it again and repeat",
        Kind::Unavailable => "the table did not answer in time; try again",
        _ => "the table refused the call",
    };
    Error::new(kind, format!("could not {what}: {advice}"))
}

/// Whether a condition is among what cancelled a transaction.
pub(super) fn is_failed_condition(reasons: &[CancellationReason]) -> bool {
    reasons.iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;

    use super::{cancelled, kind_of};
    use crate::error::Kind;

    #[test]
    fn a_failed_condition_never_looks_like_throttling() {
        assert_eq!(kind_of(Some("ConditionalCheckFailedException")), Kind::Conflict);
        assert_eq!(kind_of(Some("ProvisionedThroughputExceededException")), Kind::Unavailable);
        assert_eq!(kind_of(Some("ValidationException")), Kind::Internal);
        assert_eq!(kind_of(None), Kind::Internal);
    }

    #[test]
    fn a_cancelled_transaction_is_a_conflict_only_if_a_condition_failed() {
        let reason = |code: &str| CancellationReason::builder().code(code).build();
        let kind = |codes: &[&str]| {
            cancelled("x", &codes.iter().map(|code| reason(code)).collect::<Vec<_>>()).kind().clone()
        };
        assert_eq!(kind(&["None", "ConditionalCheckFailed"]), Kind::Conflict);
        assert_eq!(kind(&["TransactionConflict", "None"]), Kind::Unavailable);
        assert_eq!(kind(&["ThrottlingError", "ConditionalCheckFailed"]), Kind::Conflict);
        assert_eq!(kind(&["ValidationError", "None"]), Kind::Internal);
    }
}
