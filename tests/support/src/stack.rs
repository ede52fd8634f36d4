//! The deployed functions on the local stack, as a script reaches them.
//!
//! `make test` brings the stack up and names its file in `ASSAY_STACK_FILE`; without it the tests say what to do. Tests
//! share the one stack and the one simulated site, so each uses a tenant of its own and asserts about its own things.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use assay::config::Config;
use serde::Deserialize;
use serde_json::Value;

/// A running stack.
pub struct Stack {
    /// The HTTP API's address.
    pub url: String,
    /// The simulator's address.
    pub jira: String,
    /// The simulated GitHub's address.
    pub github: String,
    /// Where the local AWS answers.
    pub aws: String,
    file: PathBuf,
    client: reqwest::Client,
}

/// The file that the local stack writes.
#[derive(Deserialize)]
struct File {
    url: String,
    jira_sim: String,
    github_sim: String,
    aws_endpoint: String,
}

/// A tenant's way into the API.
pub struct Tenant<'a> {
    stack: &'a Stack,
    token: String,
}

/// An answer: its status and its JSON body (null if it has none).
pub type Answer = (u16, Value);

impl Stack {
    /// The stack that `ASSAY_STACK_FILE` names.
    pub fn find() -> Self {
        let file = Config::from_environment().optional("ASSAY_STACK_FILE").expect(
            "ASSAY_STACK_FILE is not set: run the tests by `make test`, or `python3 infra/local_stack.py exec --instance test -- cargo nextest run`",
        );
        let text = std::fs::read_to_string(&file).expect("the stack's file can be read");
        let content: File =
            serde_json::from_str(&text).expect("the stack's file is as the local stack writes it");
        // The error says that there is a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The flow of consent is driven step by step, as a browser's redirects are seen.
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let client = builder.timeout(Duration::from_secs(35)).build().expect("a client");
        Self {
            url: content.url,
            jira: content.jira_sim,
            github: content.github_sim,
            aws: content.aws_endpoint,
            file: file.into(),
            client,
        }
    }

    /// A new token of a tenant, by direct invocation of the API's function.
    pub async fn tenant(&self, tenant: &str, role: &str) -> Tenant<'_> {
        let function = self.function("Api").await;
        let command =
            serde_json::json!({ "issue_token": { "tenant": tenant, "role": role, "name": "test" } });
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.aws);
        let (status, body) = self.send("POST", &url, None, Some(&command)).await;
        assert_eq!(status, 200, "{body}");
        Tenant { stack: self, token: body["token"].as_str().expect("a token").to_owned() }
    }

    /// The full name of the function whose name has `part` in it.
    pub async fn function(&self, part: &str) -> String {
        let url = format!("{}/2015-03-31/functions/", self.aws);
        let (_, body) = self.send("GET", &url, None, None).await;
        let names: Vec<String> = body["Functions"]
            .as_array()
            .expect("functions")
            .iter()
            .filter_map(|function| function["FunctionName"].as_str().map(ToOwned::to_owned))
            .collect();
        let plain = |name: &str| name.to_lowercase().replace('-', "");
        let wanted = plain(part);
        let found = names.iter().find(|name| plain(name).contains(&wanted));
        found.unwrap_or_else(|| panic!("no function is named like {part}: {names:?}")).clone()
    }

    /// Calls the simulator's control API.
    pub async fn simulator(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, &format!("{}{path}", self.jira), None, body).await
    }

    /// Calls the control API of the simulated GitHub.
    pub async fn at_github(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(method, &format!("{}{path}", self.github), None, body).await
    }

    /// A pull request as GitHub shows it to who has the simulated token.
    pub async fn github_pull(&self, repository: &str, number: u64) -> Answer {
        let url = format!("{}/repos/{repository}/pulls/{number}", self.github);
        self.send("GET", &url, Some("Bearer github_pat_simulated"), None).await
    }

    /// Calls Jira as the administrator of the demo site would.
    pub async fn as_person(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/sites/demo.atlassian.net{path}", self.jira);
        let basic = "Basic YWRtaW5AZXhhbXBsZS5jb206c2ltLWFkbWluLXRva2Vu";
        self.send(method, &url, Some(basic), body).await
    }

    /// Calls Jira as `acc-1` would, an ordinary person of the demo site.
    pub async fn as_account_1(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}/sites/demo.atlassian.net{path}", self.jira);
        let basic = "Basic YWNjb3VudC0xQGV4YW1wbGUuY29tOnNpbS10b2tlbi0x";
        self.send(method, &url, Some(basic), body).await
    }

    /// The simulator's live issues of one project.
    pub async fn issues(&self, project: &str) -> Vec<Value> {
        let (_, body) = self.simulator("GET", "/__sim/issues", None).await;
        let all = body["issues"].as_array().cloned().unwrap_or_default();
        all.into_iter()
            .filter(|issue| issue["project"] == project && issue["deleted"] != Value::Bool(true))
            .collect()
    }

    /// Opens an address as a browser would, without following redirects: status, `Location` and `Set-Cookie`.
    pub async fn browse(
        &self,
        url: &str,
        cookie: Option<&str>,
        form: Option<String>,
    ) -> (u16, String, String) {
        let method = if form.is_some() { "POST" } else { "GET" };
        let mut request = self.client.request(method.parse().expect("a method"), url);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.expect("an answer");
        let header = |name: &str| {
            answer.headers().get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned()
        };
        (answer.status().as_u16(), header("location"), header("set-cookie"))
    }

    /// The processes that run the function whose name has `part` in it.
    pub fn processes(&self, function: &str) -> Vec<u32> {
        let mark = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
        let port = self.aws.rsplit(':').next().unwrap_or_default().to_owned();
        let runs = |pid: &u32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let parts = environment.split(|byte| *byte == 0).map(String::from_utf8_lossy);
            let parts: Vec<String> = parts.map(std::borrow::Cow::into_owned).collect();
            let ours = |part: &String| part.starts_with("AWS_ENDPOINT_URL=") && part.ends_with(&port);
            parts.contains(&mark) && parts.iter().any(ours)
        };
        let entries = std::fs::read_dir("/proc").expect("/proc can be read").filter_map(Result::ok);
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(runs).collect()
    }

    /// Kills a process at once, as the loss of its machine would.
    pub async fn kill(pid: u32) {
        let kill = tokio::process::Command::new("kill")
            .args(["-9", &pid.to_string()])
            .stderr(Stdio::null())
            .status();
        kill.await.expect("kill runs");
    }

    /// Asks `condition` again and again until it gives something; fails with what it said last after `seconds`.
    pub async fn until<T, F>(&self, seconds: u64, what: &str, mut condition: F) -> T
    where
        F: AsyncFnMut() -> Result<T, String>,
    {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            match condition().await {
                Ok(value) => return value,
                Err(last) if Instant::now() > end => {
                    panic!("after {seconds} seconds still not {what}: {last}")
                }
                // A real queue and a real schedule are awaited here, with a bound.
                Err(_) => tokio::time::sleep(Duration::from_millis(300)).await,
            }
        }
    }

    /// The stack's file.
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    async fn send(
        &self,
        method: &str,
        url: &str,
        authorization: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let mut request =
            self.client.request(method.parse().expect("a method"), url).header("user-agent", "assay-test");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

impl Tenant<'_> {
    /// Calls the API.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let url = format!("{}{path}", self.stack.url);
        self.stack.send(method, &url, Some(&format!("Bearer {}", self.token)), body).await
    }

    /// Calls the API, which must answer with `status`.
    pub async fn must(&self, status: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (got, answer) = self.call(method, path, body).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        answer
    }

    /// All items of a list, page after page.
    pub async fn items(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page =
                if cursor.is_empty() { path.to_owned() } else { format!("{path}{separator}cursor={cursor}") };
            let answer = self.must(200, "GET", &page, None).await;
            all.extend(answer["items"].as_array().cloned().unwrap_or_default());
            match answer["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return all,
            }
        }
    }

    /// The token's text.
    pub fn token(&self) -> &str {
        &self.token
    }
}
