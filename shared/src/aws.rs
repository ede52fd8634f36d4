//! What the clients of AWS share: one HTTPS client, the region, the credentials, time-outs and retries.
//!
//! Reads the environment that Lambda sets; writes nothing. Next come [`crate::dynamodb`], [`crate::secrets`] and
//! [`crate::sqs`]. The default chain of `aws-config` also asks files, containers and instances; a function has all it
//! needs in its environment, so that nothing is looked up before the first event.

#[cfg(test)]
pub(crate) mod scripted;

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::Result;
use crate::config::Config;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// How long one attempt at a call may take. The services answer within milliseconds; a lost packet must not cost more.
const ATTEMPT: Duration = Duration::from_secs(4);

/// How long a call may take with all its attempts: shorter than every function's time-out.
const OPERATION: Duration = Duration::from_secs(9);

/// How often a call is tried. All calls of this library are safe to repeat: see the conditions of [`crate::dynamodb`].
const ATTEMPTS: u32 = 3;

/// The configuration that all AWS clients of a process are made from, so that they share one HTTPS client.
///
/// | variable | meaning |
/// |---|---|
/// | `AWS_REGION` | the region; Lambda sets it |
/// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | the role's credentials; Lambda sets them |
/// | `AWS_ENDPOINT_URL` | another address than AWS's own, for the local stack |
///
/// # Errors
/// When the region is not set.
pub fn sdk_config(config: &Config) -> Result<SdkConfig> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .http_client(https_client())
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        // Bodies are small and the time-outs above bind them; watching each stream would only cost time.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    builder.set_endpoint_url(config.optional("AWS_ENDPOINT_URL"));
    Ok(builder.build())
}

fn https_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

    use super::scripted::Scripted;
    use super::sdk_config;
    use crate::config::Config;

    #[test]
    fn a_missing_region_is_named() {
        let error = sdk_config(&Config::from_pairs(&[])).unwrap_err();
        assert!(error.to_string().contains("AWS_REGION"), "{error}");
    }

    #[test]
    fn another_address_is_honoured_and_none_is_made_up() {
        let plain = sdk_config(&Config::from_pairs(&[("AWS_REGION", "eu-central-1")])).unwrap();
        assert_eq!(plain.endpoint_url(), None);
        assert_eq!(plain.region().map(AsRef::as_ref), Some("eu-central-1"));
        let pairs = [("AWS_REGION", "eu-central-1"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")];
        let local = sdk_config(&Config::from_pairs(&pairs)).unwrap();
        assert_eq!(local.endpoint_url(), Some("http://127.0.0.1:4566"));
    }

    #[tokio::test]
    async fn the_shared_client_also_speaks_to_an_address_without_tls() {
        let service = Scripted::new(vec![(200, serde_json::json!({ "SecretString": "one" }))]).await;
        let address = service.config.endpoint_url().unwrap();
        let pairs = [("AWS_REGION", "eu-central-1"), ("AWS_ENDPOINT_URL", address)];
        let credentials = Credentials::new("key", "secret", None, None, "test");
        let config = sdk_config(&Config::from_pairs(&pairs))
            .unwrap()
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build();
        let client = aws_sdk_secretsmanager::Client::new(&config);
        let answer = client.get_secret_value().secret_id("name").send().await.unwrap();
        assert_eq!(answer.secret_string(), Some("one"));
    }
}
