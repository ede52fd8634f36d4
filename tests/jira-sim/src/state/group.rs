//! Groups: their ids never change, their names may.

/// A group of a site; the members are the accounts that name it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `jira-software` and the like, if the group gives access to a product.
    pub(crate) application: Option<String>,
    /// `admin`, `site-admin` or `user`.
    pub(crate) access_type: &'static str,
}

pub(crate) fn default_groups() -> Vec<Group> {
    let group = |number: u8, name: &str, access_type| Group {
        id: format!("00000000-0000-4000-8000-00000000000{number}"),
        name: name.to_owned(),
        application: Some("jira-software".to_owned()),
        access_type,
    };
    vec![
        group(1, "jira-administrators", "admin"),
        group(2, "jira-users", "user"),
        group(3, "site-admins", "site-admin"),
    ]
}
