//! What stands in the navigation, in one place.

use assay::access::Role;

/// One entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What it says.
    pub name: &'static str,
    /// Where it leads; it is the present one on all pages below that path, too.
    pub path: &'static str,
    /// Who may see what is there; others are not shown the entry.
    pub role: Role,
    /// Further paths whose pages, and those below, belong to it.
    also: &'static [&'static str],
}

/// The entries, in their order. A new page adds its line here.
pub const ENTRIES: &[Entry] = &[
    entry("Overview", "/", Role::Auditor),
    Entry { also: &["/connect", "/oauth-app"], ..entry("Connections", "/connections", Role::Auditor) },
    entry("Checks", "/checks", Role::Auditor),
    entry("Tasks", "/tasks", Role::Auditor),
    entry("Tickets", "/tickets", Role::Auditor),
    entry("Active Sync", "/sync-settings", Role::Auditor),
    entry("Vulnerabilities", "/vulnerabilities", Role::Auditor),
    entry("Configurations", "/project-configurations", Role::Auditor),
    Entry { also: &["/github"], ..entry("Pull requests", "/pull-requests", Role::Auditor) },
    entry("People", "/people", Role::Auditor),
    entry("Accounts", "/accounts", Role::Auditor),
    entry("Groups", "/groups", Role::Auditor),
    entry("Access reviews", "/campaigns", Role::Auditor),
    Entry { also: &["/licences"], ..entry("Usage", "/usage", Role::Auditor) },
    entry("Actions", "/actions", Role::Auditor),
    entry("Notifications", "/notifications", Role::Auditor),
    entry("API tokens", "/tokens", Role::Admin),
    entry("Single sign-on", "/single-sign-on", Role::Admin),
    entry("Audit log", "/audit-log", Role::Auditor),
];

const fn entry(name: &'static str, path: &'static str, role: Role) -> Entry {
    Entry { name, path, role, also: &[] }
}

impl Entry {
    /// Whether the page at `path` (with or without a query) belongs to it.
    pub fn holds(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        if self.path == "/" {
            return path == "/";
        }
        let mut paths = std::iter::once(self.path).chain(self.also.iter().copied());
        paths.any(|of| path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::ENTRIES;

    #[test]
    fn a_page_belongs_to_one_entry() {
        for (path, name) in [("/", "Overview"), ("/checks?outcome=fail", "Checks"), ("/checks/B1", "Checks")]
        {
            let holding: Vec<&str> =
                ENTRIES.iter().filter(|entry| entry.holds(path)).map(|it| it.name).collect();
            assert_eq!(holding, [name], "{path}");
        }
        assert!(!ENTRIES.iter().any(|entry| entry.holds("/checksum")));
    }
}
