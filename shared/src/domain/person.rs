//! People: who works for the organisation, by its own list.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, TenantId, fixed};
use crate::{Error, Result};

/// The longest e-mail address, in characters. Source: RFC 5321, 4.5.3.1.3 (256 with its angle brackets).
pub const LONGEST_EMAIL: usize = 254;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 200;

/// Whether a person works here, as the list says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonStatus {
    /// Works here.
    Active,
    /// Has left.
    Left,
}

impl PersonStatus {
    /// The status as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Left => "left",
        }
    }
}

/// A person.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The tenant.
    pub tenant: TenantId,
    /// Identifier; fixed from the e-mail address that the person was first known by.
    pub id: PersonId,
    /// E-mail address, in lower case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Whether the person works here.
    pub status: PersonStatus,
    /// E-mail address of the manager, in lower case.
    pub manager: Option<String>,
    /// The last day of work, if one is set.
    #[schema(value_type = Option<String>)]
    pub ends_on: Option<Date>,
    /// When this was last changed.
    #[schema(value_type = String)]
    pub updated_at: Timestamp,
    /// Version of this record; rises with each change.
    pub version: u64,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names and e-mail addresses are personal data, which no log may hold.
        formatter
            .debug_struct("Person")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// Whether the person has left by the day `today` of the tenant's time zone: the last day of work is still one.
    pub fn has_left(&self, today: Date) -> bool {
        self.status == PersonStatus::Left || self.ends_on.is_some_and(|ends_on| ends_on < today)
    }

    /// A new person, whose id is made from the address.
    pub fn new(tenant: TenantId, details: Details, now: Timestamp) -> Result<Self> {
        let id = id_of(&tenant, &details.email)?;
        let Details { email, name, status, manager, ends_on } = details;
        Ok(Self { tenant, id, email, name, status, manager, ends_on, updated_at: now, version: 1 })
    }

    /// What the list says of the person.
    pub fn details(&self) -> Details {
        Details {
            email: self.email.clone(),
            name: self.name.clone(),
            status: self.status,
            manager: self.manager.clone(),
            ends_on: self.ends_on,
        }
    }

    /// Takes over what the list says now. Returns whether that is anything new. The id stays.
    pub fn take(&mut self, details: Details, now: Timestamp) -> bool {
        if self.details() == details {
            return false;
        }
        let Details { email, name, status, manager, ends_on } = details;
        (self.email, self.name, self.status) = (email, name, status);
        (self.manager, self.ends_on, self.updated_at) = (manager, ends_on, now);
        true
    }
}

/// The id of the person who is first known by the address `email`: the same address in any case always gives the same id.
pub fn id_of(tenant: &TenantId, email: &str) -> Result<PersonId> {
    PersonId::parse(&format!("per-{}", fixed(&[tenant.as_str(), &email.to_lowercase()])))
}

/// What the list says of a person.
#[derive(Clone, Eq, PartialEq)]
pub struct Details {
    /// E-mail address, in lower case.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Whether the person works here.
    pub status: PersonStatus,
    /// E-mail address of the manager, in lower case.
    pub manager: Option<String>,
    /// The last day of work, if one is set.
    pub ends_on: Option<Date>,
}

impl Details {
    /// Checks each part, and brings it into the form in which it is kept.
    ///
    /// # Errors
    /// `Invalid`, with the part to blame and without what stands in it.
    pub fn checked(mut self) -> Result<Self> {
        self.email = check_email("email", &self.email)?;
        self.name = check_name(&self.name)?;
        self.manager = self.manager.map(|manager| check_email("manager", &manager)).transpose()?;
        if self.manager.as_ref() == Some(&self.email) {
            return Err(Error::invalid("manager", "manager must be somebody else's address"));
        }
        Ok(self)
    }
}

/// An e-mail address as it is kept: trimmed and in lower case. What is before the `@` is not looked at closer, since
/// only the domain's own mail server knows what it may be.
fn check_email(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    let parts = text.rsplit_once('@');
    let fits = parts.is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
    });
    let is_odd = |character: char| {
        character.is_whitespace() || character.is_control() || matches!(character, '<' | '>' | ',' | ';')
    };
    if !fits || text.chars().count() > LONGEST_EMAIL || text.contains(is_odd) {
        let rule = format!(
            "{field} must be one e-mail address, such as `anna@example.com`, of at most {LONGEST_EMAIL} characters"
        );
        return Err(Error::invalid(field, rule));
    }
    Ok(text.to_lowercase())
}

fn check_name(text: &str) -> Result<String> {
    let text = text.trim();
    if (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Error::invalid("name", format!("name must be 1 to {LONGEST_NAME} characters in one line")))
}

#[cfg(test)]
mod tests {
    use super::{Details, Person, PersonStatus, id_of};
    use crate::error::Kind;
    use crate::ids::TenantId;

    fn details(email: &str, name: &str) -> Details {
        let (email, name) = (email.to_owned(), name.to_owned());
        Details { email, name, status: PersonStatus::Active, manager: None, ends_on: None }
    }

    #[test]
    fn a_person_keeps_the_id_that_the_first_address_gave() {
        let tenant = TenantId::parse("acme").unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut person = Person::new(tenant.clone(), details("anna@example.com", "Anna"), now).unwrap();
        assert_eq!(person.id, id_of(&tenant, "Anna@Example.com").unwrap());
        assert!(!person.take(details("anna@example.com", "Anna"), now), "nothing is new");
        let id = person.id.clone();
        assert!(person.take(details("ann@example.com", "Anna"), now));
        assert_eq!((person.id, person.email.as_str()), (id, "ann@example.com"));
        assert_ne!(id_of(&TenantId::parse("other").unwrap(), "anna@example.com").unwrap().as_str(), "");
    }

    #[test]
    fn a_person_is_still_here_on_the_last_day() {
        let tenant = TenantId::parse("acme").unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut person = Person::new(tenant, details("anna@example.com", "Anna"), now).unwrap();
        person.ends_on = Some("2026-03-31".parse().unwrap());
        assert!(!person.has_left("2026-03-31".parse().unwrap()));
        assert!(person.has_left("2026-04-01".parse().unwrap()));
    }

    #[test]
    fn what_is_no_address_and_no_name_is_refused_without_being_said_again() {
        for email in [
            "",
            "zoe",
            "@there.org",
            "zoe@",
            "zoe@there",
            "zoe@.com",
            "a b@there.org",
            "Zoe <zoe@there.org>",
            "a@there.org,b@there.org",
        ] {
            let refused = details(email, "Anna").checked().err().unwrap();
            assert_eq!(refused.kind(), &Kind::Invalid { field: "email".to_owned() }, "{email}");
            assert!(email.is_empty() || !refused.to_string().contains(email), "{refused}");
        }
        for name in ["", " ", "a\nb", &"x".repeat(201)] {
            assert!(details("anna@example.com", name).checked().is_err(), "{name}");
        }
        let kept = details(" Anna.O'Neil+x@Example.COM ", " Anna ").checked().unwrap();
        assert_eq!((kept.email.as_str(), kept.name.as_str()), ("anna.o'neil+x@example.com", "Anna"));
    }
}
