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
}

/// The entries, in their order. A new page adds its line here.
pub const ENTRIES: &[Entry] = &[
    Entry { name: "Overview", path: "/", role: Role::Auditor },
    Entry { name: "Connections", path: "/connections", role: Role::Auditor },
    Entry { name: "Checks", path: "/checks", role: Role::Auditor },
    Entry { name: "Tasks", path: "/tasks", role: Role::Auditor },
    Entry { name: "Tickets", path: "/tickets", role: Role::Auditor },
    Entry { name: "Active Sync", path: "/sync-settings", role: Role::Auditor },
    Entry { name: "Vulnerabilities", path: "/vulnerabilities", role: Role::Auditor },
    Entry { name: "Configurations", path: "/project-configurations", role: Role::Auditor },
    Entry { name: "Pull requests", path: "/pull-requests", role: Role::Auditor },
    Entry { name: "People", path: "/people", role: Role::Auditor },
    Entry { name: "Accounts", path: "/accounts", role: Role::Auditor },
    Entry { name: "Groups", path: "/groups", role: Role::Auditor },
    Entry { name: "Access reviews", path: "/campaigns", role: Role::Auditor },
    Entry { name: "Usage", path: "/usage", role: Role::Auditor },
    Entry { name: "Actions", path: "/actions", role: Role::Auditor },
    Entry { name: "Notifications", path: "/notifications", role: Role::Auditor },
    Entry { name: "API tokens", path: "/tokens", role: Role::Admin },
    Entry { name: "Audit log", path: "/audit-log", role: Role::Auditor },
];

impl Entry {
    /// Whether the page at `path` (with or without a query) belongs to it.
    pub fn holds(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let below = path.strip_prefix(self.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below && (self.path != "/" || path == "/")
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
