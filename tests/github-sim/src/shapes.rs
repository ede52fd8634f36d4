//! How GitHub shows things: <https://docs.github.com/rest/pulls/pulls> and the payloads of
//! <https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request>.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::state::{APP, INSTALLATION, Installation, OWNER, Pull, Repository};

const API: &str = "https://api.github.com";
const WEB: &str = "https://github.com";

/// `2026-06-15T12:00:00Z`: whole seconds.
pub(crate) fn time(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Forty hexadecimal digits that stand for a commit.
pub(crate) fn sha(of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    data_encoding::HEXLOWER.encode(&digest[..20])
}

/// A number that stays the same for a login.
fn user_id(login: &str) -> u64 {
    let digest = Sha256::digest(login.as_bytes());
    u64::from(u32::from_be_bytes([0, digest[0], digest[1], digest[2]])) + 1_000_000
}

/// An account: a person, an organisation, or an App's own (`assay-simulated[bot]`).
pub(crate) fn user(login: &str) -> Value {
    let id = user_id(login);
    let api = format!("{API}/users/{}", login.replace('[', "%5B").replace(']', "%5D"));
    let kind = if login.ends_with("[bot]") {
        "Bot"
    } else if login == OWNER {
        "Organization"
    } else {
        "User"
    };
    let html = match login.strip_suffix("[bot]") {
        Some(slug) => format!("{WEB}/apps/{slug}"),
        None => format!("{WEB}/{login}"),
    };
    json!({
        "login": login,
        "id": id,
        "node_id": format!("U_kgDO{id}"),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        "gravatar_id": "",
        "url": api,
        "html_url": html,
        "followers_url": format!("{api}/followers"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{api}/subscriptions"),
        "organizations_url": format!("{api}/orgs"),
        "repos_url": format!("{api}/repos"),
        "events_url": format!("{api}/events{{/privacy}}"),
        "received_events_url": format!("{api}/received_events"),
        "type": kind,
        "user_view_type": "public",
        "site_admin": false,
    })
}

/// Addresses of a repository's parts: the name of the member without `_url`, and what follows the repository's own.
const PARTS: [(&str, &str); 37] = [
    ("archive", "/{archive_format}{/ref}"),
    ("assignees", "/assignees{/user}"),
    ("blobs", "/git/blobs{/sha}"),
    ("branches", "/branches{/branch}"),
    ("collaborators", "/collaborators{/collaborator}"),
    ("comments", "/comments{/number}"),
    ("commits", "/commits{/sha}"),
    ("compare", "/compare/{base}...{head}"),
    ("contents", "/contents/{+path}"),
    ("contributors", "/contributors"),
    ("deployments", "/deployments"),
    ("downloads", "/downloads"),
    ("events", "/events"),
    ("forks", "/forks"),
    ("git_commits", "/git/commits{/sha}"),
    ("git_refs", "/git/refs{/sha}"),
    ("git_tags", "/git/tags{/sha}"),
    ("hooks", "/hooks"),
    ("issue_comment", "/issues/comments{/number}"),
    ("issue_events", "/issues/events{/number}"),
    ("issues", "/issues{/number}"),
    ("keys", "/keys{/key_id}"),
    ("labels", "/labels{/name}"),
    ("languages", "/languages"),
    ("merges", "/merges"),
    ("milestones", "/milestones{/number}"),
    ("notifications", "/notifications{?since,all,participating}"),
    ("pulls", "/pulls{/number}"),
    ("releases", "/releases{/id}"),
    ("stargazers", "/stargazers"),
    ("statuses", "/statuses/{sha}"),
    ("subscribers", "/subscribers"),
    ("subscription", "/subscription"),
    ("tags", "/tags"),
    ("teams", "/teams"),
    ("trees", "/git/trees{/sha}"),
    ("svn", ""),
];

pub(crate) fn repository(of: &Repository) -> Value {
    let (api, html) = (format!("{API}/repos/{}", of.full_name), format!("{WEB}/{}", of.full_name));
    let created = time(of.created);
    let open = of.pulls.values().filter(|pull| pull.open).count();
    let mut shown = json!({
        "id": of.id,
        "node_id": format!("R_kgDO{}", of.id),
        "name": of.name(),
        "full_name": of.full_name,
        "private": of.private,
        "owner": user(of.owner()),
        "html_url": html,
        "description": null,
        "fork": false,
        "url": api,
        "clone_url": format!("{html}.git"),
        "git_url": format!("git://github.com/{}.git", of.full_name),
        "ssh_url": format!("git@github.com:{}.git", of.full_name),
        "homepage": null,
        "language": "Rust",
        "license": null,
        "size": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "forks_count": 0,
        "open_issues_count": open,
        "forks": 0,
        "open_issues": open,
        "watchers": 0,
        "has_issues": true,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "mirror_url": null,
        "archived": of.archived,
        "disabled": false,
        "allow_forking": true,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": if of.private { "private" } else { "public" },
        "created_at": created,
        "updated_at": created,
        "pushed_at": created,
        "default_branch": "main",
    });
    for (part, rest) in PARTS {
        shown[format!("{part}_url")] = json!(format!("{}{rest}", if part == "svn" { &html } else { &api }));
    }
    shown
}

/// What a repository by itself shows beside that.
pub(crate) fn whole_repository(of: &Repository) -> Value {
    let mut shown = repository(of);
    shown["network_count"] = json!(0);
    shown["subscribers_count"] = json!(0);
    shown
}

/// Whose token it is, as that account sees itself.
pub(crate) fn myself(login: &str) -> Value {
    let mut shown = user(login);
    for name in ["name", "company", "location", "email", "hireable", "bio"] {
        shown[name] = Value::Null;
    }
    for name in ["public_repos", "public_gists", "followers", "following"] {
        shown[name] = json!(0);
    }
    shown["blog"] = json!("");
    for name in ["created_at", "updated_at"] {
        shown[name] = json!("2026-01-01T00:00:00Z");
    }
    shown
}

pub(crate) fn pull(repo: &Repository, of: &Pull) -> Value {
    let number = of.number;
    let api = format!("{API}/repos/{}/pulls/{number}", repo.full_name);
    let issue = format!("{API}/repos/{}/issues/{number}", repo.full_name);
    let html = format!("{WEB}/{}/pull/{number}", repo.full_name);
    let head_sha = sha(&format!("{}#{number}:{}", repo.full_name, of.pushes));
    let statuses = format!("{API}/repos/{}/statuses/{head_sha}", repo.full_name);
    let side = |branch: &str, sha: &str| {
        json!({
            "label": format!("{}:{branch}", repo.owner()),
            "ref": branch,
            "sha": sha,
            "user": user(repo.owner()),
            "repo": repository(repo),
        })
    };
    let merged = of.merged.as_ref();
    let link = |href: &str| json!({ "href": href });
    json!({
        "url": api,
        "id": of.id,
        "node_id": format!("PR_kwDO{}", of.id),
        "html_url": html,
        "diff_url": format!("{html}.diff"),
        "patch_url": format!("{html}.patch"),
        "issue_url": issue,
        "number": number,
        "state": if of.open { "open" } else { "closed" },
        "locked": false,
        "title": of.title,
        "user": user(&of.by),
        "body": of.body,
        "created_at": time(of.created),
        "updated_at": time(of.updated),
        "closed_at": of.closed.map(time),
        "merged_at": merged.map(|(at, _)| time(*at)),
        "merge_commit_sha": merged.map(|_| sha(&format!("{}#{number}:merge", repo.full_name))),
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": null,
        "draft": of.draft,
        "commits_url": format!("{api}/commits"),
        "review_comments_url": format!("{api}/comments"),
        "review_comment_url": format!("{API}/repos/{}/pulls/comments{{/number}}", repo.full_name),
        "comments_url": format!("{issue}/comments"),
        "statuses_url": statuses,
        "head": side(&of.head, &head_sha),
        "base": side(&of.base, &sha(&format!("{}:{}", repo.full_name, of.base))),
        "_links": {
            "self": link(&api),
            "html": link(&html),
            "issue": link(&issue),
            "comments": link(&format!("{issue}/comments")),
            "review_comments": link(&format!("{api}/comments")),
            "review_comment": link(&format!("{API}/repos/{}/pulls/comments{{/number}}", repo.full_name)),
            "commits": link(&format!("{api}/commits")),
            "statuses": link(&statuses),
        },
        "author_association": "MEMBER",
        "auto_merge": null,
        "active_lock_reason": null,
        "merged": merged.is_some(),
        "mergeable": null,
        "rebaseable": null,
        "mergeable_state": "unknown",
        "merged_by": merged.map(|(_, by)| user(by)),
        "comments": 0,
        "review_comments": 0,
        "maintainer_can_modify": false,
        "commits": 1 + of.pushes,
        "additions": 3,
        "deletions": 1,
        "changed_files": 1,
    })
}

/// The App by itself.
pub(crate) fn app(created: Timestamp) -> Value {
    let (id, client_id, slug) = APP;
    json!({
        "id": id,
        "slug": slug,
        "client_id": client_id,
        "node_id": format!("A_kwDO{id}"),
        "owner": user(OWNER),
        "name": "Assay (simulated)",
        "description": "",
        "external_url": "https://assay.example.com",
        "html_url": format!("{WEB}/apps/{slug}"),
        "created_at": time(created),
        "updated_at": time(created),
        "permissions": { "metadata": "read", "pull_requests": "write" },
        "events": ["pull_request"],
        "installations_count": 1,
    })
}

pub(crate) fn installation(of: &Installation, created: Timestamp) -> Value {
    let (id, client_id, slug) = APP;
    json!({
        "id": INSTALLATION,
        "client_id": client_id,
        "account": user(OWNER),
        "repository_selection": "selected",
        "access_tokens_url": format!("{API}/app/installations/{INSTALLATION}/access_tokens"),
        "repositories_url": format!("{API}/installation/repositories"),
        "html_url": format!("{WEB}/organizations/{OWNER}/settings/installations/{INSTALLATION}"),
        "app_id": id,
        "app_slug": slug,
        "target_id": user_id(OWNER),
        "target_type": "Organization",
        "permissions": of.permissions,
        "events": ["pull_request"],
        "created_at": time(created),
        "updated_at": time(created),
        "single_file_name": null,
        "has_multiple_single_files": false,
        "single_file_paths": [],
        "suspended_by": of.suspended.map(|_| user(OWNER)),
        "suspended_at": of.suspended.map(time),
    })
}
