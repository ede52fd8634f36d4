//! Makes from settings what a function stands on. Each function takes only what it uses: a setting that is missing is
//! named, and the function does not start.

use std::sync::Arc;
use std::time::SystemTime;

use aws_config::SdkConfig;
use jiff::{SignedDuration, Timestamp};

use crate::clock::SystemClock;
use crate::config::Config;
use crate::dynamodb::Store;
use crate::jira::addresses::Addresses;
use crate::jira::{ReqwestSender, TokioSleeper};
use crate::operations::Core;
use crate::operations::announcing::Announcer;
use crate::operations::connecting::Connector;
use crate::operations::forge::ForgeAccess;
use crate::operations::session::{Deadline, JiraAccess};
use crate::random::SystemRandom;
use crate::secrets::{SecretStore, SecretsManager};
use crate::slack::{self, Outside};
use crate::sqs::{
    Backlog, ChecksRequest, Message, Queue, SqsGauge, SqsQueue, SyncRequest, UsageRequest, Work,
};
use crate::{Error, Result, aws, telemetry};

/// The moment that lies `kept_back` seconds before Lambda ends a function at `deadline`.
///
/// # Errors
/// When the moment cannot be told in a timestamp.
pub fn until(deadline: SystemTime, kept_back: i64) -> Result<Timestamp> {
    let bad = |cause: jiff::Error| Error::internal("Lambda's deadline is no moment").because(cause);
    let end = Timestamp::try_from(deadline).map_err(bad)?;
    end.checked_sub(SignedDuration::from_secs(kept_back)).map_err(bad)
}

/// Settings and the SDK's shared set-up.
pub struct Wiring {
    config: Config,
    sdk: SdkConfig,
    /// The key under which secrets are made; none in a function that makes none.
    secrets_key: Option<String>,
}

impl Wiring {
    /// Begins logging and reads the environment.
    ///
    /// # Errors
    /// When the SDK's own settings are missing.
    pub fn begin() -> Result<Self> {
        let config = Config::from_environment();
        telemetry::start(&config);
        Self::of(config)
    }

    /// Reads the given settings.
    pub fn of(config: Config) -> Result<Self> {
        let sdk = aws::sdk_config(&config)?;
        Ok(Self { config, sdk, secrets_key: None })
    }

    /// For a function that makes secrets: they are encrypted by the key that `ASSAY_KMS_KEY_ID` names, and never, because
    /// a setting was forgotten, by the account's own.
    ///
    /// # Errors
    /// When the key is not set.
    pub fn making_secrets(mut self) -> Result<Self> {
        self.secrets_key = Some(self.config.required("ASSAY_KMS_KEY_ID")?);
        Ok(self)
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Table, time and randomness.
    pub fn core(&self) -> Result<Core> {
        let table = self.config.required("ASSAY_TABLE")?;
        Ok(Core {
            store: Store::new(aws_sdk_dynamodb::Client::new(&self.sdk), table),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
        })
    }

    /// Where secrets are. A function that makes some begins with [`Wiring::making_secrets`].
    pub fn secrets(&self) -> Result<Arc<dyn SecretStore>> {
        let prefix = self.config.required("ASSAY_SECRET_PREFIX")?;
        let client = aws_sdk_secretsmanager::Client::new(&self.sdk);
        Ok(Arc::new(SecretsManager::new(client, prefix, self.secrets_key.clone(), Arc::new(SystemClock))))
    }

    /// What opens sessions with Jira.
    pub fn jira(&self) -> Result<JiraAccess> {
        Ok(JiraAccess {
            core: self.core()?,
            secrets: self.secrets()?,
            sender: Arc::new(ReqwestSender::new()?),
            addresses: Addresses::from_config(&self.config)?,
            sleeper: Arc::new(TokioSleeper),
            service_tokens: Arc::default(),
            deadline: Deadline::default(),
        })
    }

    /// What opens GitHub, over the same table, secrets and sender as `jira`.
    ///
    /// # Errors
    /// When `ASSAY_GITHUB_API_URL` is not set, or is neither https nor on this machine.
    pub fn forge(&self, jira: &JiraAccess) -> Result<ForgeAccess> {
        let name = "ASSAY_GITHUB_API_URL";
        let api_url = self.config.required(name)?.trim_end_matches('/').to_owned();
        if !crate::http::is_trustworthy(&api_url) {
            return Err(Error::internal(format!(
                "start: the environment variable {name} must be an https address (http only on this machine)"
            )));
        }
        Ok(ForgeAccess {
            core: jira.core.clone(),
            secrets: Arc::clone(&jira.secrets),
            sender: Arc::clone(&jira.sender),
            api_url,
            tokens: crate::github::InstallationTokens::default(),
        })
    }

    /// What makes connections.
    pub fn connector(&self) -> Result<Connector> {
        Ok(Connector { jira: self.jira()?, checks: self.checks_queue()?, public_url: self.public_url()? })
    }

    /// What tells channels. Only where Slack is said to be on this machine may messages go to this machine.
    pub fn announcer(&self) -> Result<Announcer> {
        let addresses = slack::Addresses::from_config(&self.config)?;
        let sender =
            if addresses.is_local() { ReqwestSender::new() } else { ReqwestSender::to_public_hosts() };
        Ok(Announcer { jira: self.jira()?, outside: Outside::new(Arc::new(sender?), addresses) })
    }

    /// The address of our own HTTP API, without a slash at its end.
    ///
    /// # Errors
    /// When `ASSAY_PUBLIC_URL` is not set, or is neither https nor http on this machine: browsers send sessions there.
    pub fn public_url(&self) -> Result<String> {
        check_public_url(self.config.required("ASSAY_PUBLIC_URL")?.trim_end_matches('/'))
    }

    /// The queue of sync requests.
    pub fn sync_queue(&self) -> Result<Arc<dyn Queue<SyncRequest>>> {
        self.queue("ASSAY_SYNC_QUEUE_URL")
    }

    /// The queue of evaluations.
    pub fn checks_queue(&self) -> Result<Arc<dyn Queue<ChecksRequest>>> {
        self.queue("ASSAY_CHECKS_QUEUE_URL")
    }

    /// The queue of ingestions, campaigns and actions.
    pub fn usage_queue(&self) -> Result<Arc<dyn Queue<UsageRequest>>> {
        self.queue("ASSAY_USAGE_QUEUE_URL")
    }

    /// What tells how much waits in each queue, and how much of it is parked.
    pub fn backlogs(&self) -> Result<Arc<[Backlog]>> {
        let client = aws_sdk_sqs::Client::new(&self.sdk);
        let gauge = |setting: &'static str| {
            let url = self.config.required(setting)?;
            Ok::<_, Error>(Arc::new(SqsGauge::new(client.clone(), url)))
        };
        let backlogs = [
            (Work::Sync, "ASSAY_SYNC_QUEUE_URL", "ASSAY_SYNC_DEAD_LETTERS_URL"),
            (Work::Checks, "ASSAY_CHECKS_QUEUE_URL", "ASSAY_CHECKS_DEAD_LETTERS_URL"),
            (Work::Usage, "ASSAY_USAGE_QUEUE_URL", "ASSAY_USAGE_DEAD_LETTERS_URL"),
        ];
        let backlogs = backlogs
            .into_iter()
            .map(|(work, queue, parked)| Ok(Backlog { work, queue: gauge(queue)?, parked: gauge(parked)? }));
        backlogs.collect()
    }

    fn queue<M: Message + 'static>(&self, setting: &'static str) -> Result<Arc<dyn Queue<M>>> {
        let url = self.config.required(setting)?;
        Ok(Arc::new(SqsQueue::new(aws_sdk_sqs::Client::new(&self.sdk), url)))
    }
}

/// Takes the address at which browsers find us, if what they send there reaches nobody else.
fn check_public_url(address: &str) -> Result<String> {
    if crate::http::is_trustworthy(address) || crate::http::is_plain_on_this_machine(address) {
        return Ok(address.to_owned());
    }
    let message = "start: the environment variable ASSAY_PUBLIC_URL must be an https address (http only on this machine)";
    Err(Error::internal(message))
}

#[cfg(test)]
mod tests {
    use super::check_public_url;

    #[test]
    fn sessions_are_sent_over_https_or_stay_on_this_machine() {
        for address in [
            "https://assay.example",
            "https://assay.example:8443/base",
            "http://localhost:4566",
            "http://assay.localhost",
            "http://127.0.0.1:4566",
            "http://127.8.9.10",
            "http://[::1]:4566",
        ] {
            assert_eq!(check_public_url(address).unwrap(), address);
        }
        for address in [
            "http://assay.example",
            "http://localhost.example",
            "http://notlocalhost",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://[::2]",
            "https://user@assay.example",
            "ftp://localhost",
            "assay.example",
            "",
        ] {
            let refused = check_public_url(address).unwrap_err().chain();
            assert!(refused.contains("ASSAY_PUBLIC_URL"), "{address}: {refused}");
        }
    }
}
