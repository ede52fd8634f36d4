//! Forms: what a browser sends, and what is shown again where it was refused.
//!
//! A form is `application/x-www-form-urlencoded`. Each carries, in the hidden field `csrf`, a mark that only a page made
//! for this session can hold. A mark that is older than an hour lets the form in, so that it can be shown again with what was
//! entered, but changes nothing (see [`crate::client::Client::refuse_changes`]).

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use assay::console::Mark;
use assay::ids::fixed;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;

use crate::Console;
use crate::frame::Visit;
use crate::problem::Problem;

/// The most fields of a form.
pub(crate) const MOST_FIELDS: usize = 1000;

/// The hidden field that carries the mark.
pub const MARK: &str = "csrf";

/// The hidden field that carries what was stored when the page was made (see [`crate::meanwhile`]).
pub const WAS: &str = "was";

/// The fields of a form, as they were sent. No handler can take them as they are: whoever is signed in sends a [`Form`], whose mark
/// is checked; whoever signs in a [`SignIn`].
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub(crate) async fn of(request: Request, console: &Console) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, console).await.map_err(|_| {
            let detail = "The form is larger than what is accepted; send less at a time.";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail)
        })?;
        // Browsers end the lines of a longer text with CR and LF, as HTML says.
        let field = |(name, value): (String, String)| (name, value.replace("\r\n", "\n"));
        let sent = form_urlencoded::parse(&bytes).into_owned().map(field);
        let fields: Vec<_> = sent.take(MOST_FIELDS + 1).collect();
        if fields.len() > MOST_FIELDS {
            let detail = "The form has more fields than are accepted; send less at a time.";
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail));
        }
        Ok(Self(fields))
    }

    /// Fields in their order.
    pub(crate) fn in_order(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The lines of a text of several lines; empty ones are left out.
    pub fn lines(&self, name: &str) -> Vec<&str> {
        self.text(name).lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }

    /// What stands in an address behind the question mark: a form that asks and changes nothing.
    pub fn of_query(query: &str) -> Self {
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().take(MOST_FIELDS).collect())
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With a value for a field that was not sent, or is empty.
    #[must_use]
    pub fn or(mut self, name: &str, value: &str) -> Self {
        if self.text(name).is_empty() {
            self.0.retain(|(key, _)| key != name);
            self.0.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(key, _)| key != name);
        self
    }

    /// With these texts for a field, and no others.
    #[must_use]
    pub fn with(mut self, name: &str, texts: &[&str]) -> Self {
        self.0.retain(|(key, _)| key != name);
        self.0.extend(texts.iter().map(|text| (name.to_owned(), (*text).to_owned())));
        self
    }

    /// These fields, and then others; the first of a name that stands for one text counts.
    #[must_use]
    pub fn then(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The names and the texts of all fields, in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.trim()))
    }

    /// A field's text without white space around it; empty where it is missing.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// The same; none where it is empty.
    pub fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// All texts of a field that may be given more than once, or as a list with commas; empty ones are left out.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let given = self.0.iter().filter(|(key, _)| key == name);
        given.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|text| !text.is_empty()).collect()
    }

    /// Whether a box was ticked, or the button of that name pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A field as a whole number.
    ///
    /// # Errors
    /// When it is something else; none if it is empty.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Problem> {
        let number = |text: &str| text.parse().map_err(|_| Problem::invalid(name, "Enter a whole number."));
        self.optional(name).map(number).transpose()
    }
}

/// A form of somebody who is signed in, sent from a page of this very session. Taken as a handler's last argument.
pub struct Form {
    fields: Fields,
    mark: String,
    /// The mark that the forms of the answer carry instead of a new one.
    again: Arc<OnceLock<String>>,
}

impl std::ops::Deref for Form {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl Form {
    /// What makes a form that is sent twice do its work once: it stands for this form with these entries.
    pub fn once(&self) -> String {
        let parts = self.fields.0.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        fixed(&[self.mark.as_str()].into_iter().chain(parts).collect::<Vec<_>>())
    }

    /// What was entered, without a problem.
    pub fn kept(&self) -> Entered {
        Entered::so_far(self.fields.clone(), None)
    }

    /// Lets the forms of the answer carry this form's mark where what failed may work in a moment: what was begun before it failed
    /// is found again when the same form is sent again, and not begun twice.
    pub fn hold(&self, problem: &Problem) {
        if problem.is_passing() {
            let _ = self.again.set(self.mark.clone());
        }
    }

    /// What to show again, with the problem that the API found.
    pub fn refused(self, problem: Problem) -> Entered {
        self.hold(&problem);
        Entered::so_far(self.fields, Some(problem))
    }
}

impl FromRequest<Console> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Problem> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or_else(Problem::signed_out)?;
        Self::checked(&visit, Fields::of(request, console).await?)
    }
}

impl Form {
    /// The form, if it was sent from a page of this very session.
    pub(crate) fn checked(visit: &Visit, mut fields: Fields) -> Result<Self, Problem> {
        let mark = fields.text(MARK).to_owned();
        match visit.form_key.check(&mark, visit.frame.now) {
            Mark::Ours => {}
            Mark::Late => visit.client.refuse_changes(),
            Mark::Foreign => {
                let detail = "This form belongs to another sign-in, or was altered. Nothing was done; open the page and send it again.";
                return Err(Problem::new(StatusCode::FORBIDDEN, "Not allowed", detail));
            }
        }
        fields.0.retain(|(name, _)| name != MARK);
        let again = visit.frame.who.as_ref().map(|who| Arc::clone(&who.again)).unwrap_or_default();
        Ok(Self { fields, mark, again })
    }
}

/// Where the sign-in pages are, on which a form carries no mark.
const SIGN_IN: &str = "/sign-in";

/// A form of a sign-in page: there is no session yet that could have marked it. It changes nothing but who is signed in, and
/// cannot be taken anywhere but below `/sign-in`.
pub struct SignIn(Fields);

impl std::ops::Deref for SignIn {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.0
    }
}

impl FromRequest<Console> for SignIn {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Problem> {
        let rest = request.uri().path().strip_prefix(SIGN_IN);
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Err(Problem::ours("a form without a mark is for the sign-in pages alone"));
        }
        Fields::of(request, console).await.map(Self)
    }
}

/// What stands in a form that is shown: nothing, what is stored, or what was entered and why it was refused.
#[derive(Clone, Default)]
pub struct Entered {
    fields: Fields,
    problem: Option<Problem>,
    /// What is stored now in fields that somebody else changed meanwhile.
    meanwhile: BTreeMap<String, String>,
}

impl Entered {
    /// What is stored.
    pub fn of<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { fields: Fields(fields), ..Self::default() }
    }

    /// What was asked for in an address, and why that is not possible.
    pub fn with<'a>(fields: impl IntoIterator<Item = (&'a str, String)>, problem: Problem) -> Self {
        Self { problem: Some(problem), ..Self::of(fields) }
    }

    /// What was entered so far, with what is wrong with it, if anything is.
    pub fn so_far(fields: Fields, problem: Option<Problem>) -> Self {
        Self { fields, problem: problem.map(Problem::beside_form), meanwhile: BTreeMap::new() }
    }

    /// What was entered while somebody else changed the same; `meanwhile` is what is stored now in those fields.
    pub(crate) fn overtaken(fields: Fields, stored: &Fields, meanwhile: BTreeMap<String, String>) -> Self {
        let fields = fields.with(WAS, &[&stored.written()]);
        Self { fields, problem: Some(Problem::overtaken()), meanwhile }
    }

    /// The same with other fields: those that it has and what goes with them.
    #[must_use]
    pub fn holding(self, fields: Fields) -> Self {
        Self { fields, ..self }
    }

    /// What was stored when the page was made, for the hidden field `was`.
    pub fn was(&self) -> String {
        match (self.fields.optional(WAS), &self.problem) {
            (Some(was), _) => was.to_owned(),
            (None, None) => self.fields.written(),
            (None, Some(_)) => String::new(),
        }
    }

    /// What is stored now in a field that somebody else changed meanwhile.
    pub fn meanwhile(&self, name: &str) -> Option<&str> {
        self.meanwhile.get(name).map(String::as_str)
    }

    /// The fields.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The text of a field.
    pub fn value(&self, name: &str) -> &str {
        self.fields.text(name)
    }

    /// Whether a box is ticked, or a choice taken.
    pub fn chosen(&self, name: &str, value: &str) -> bool {
        self.fields.0.iter().any(|(key, given)| key == name && given == value)
    }

    /// All fields that somebody else changed meanwhile, and what is stored in them now.
    pub fn all_meanwhile(&self) -> impl Iterator<Item = (&str, &str)> {
        self.meanwhile.iter().map(|(name, now)| (name.as_str(), now.as_str()))
    }

    /// Whether a choice is the one that somebody else made meanwhile.
    pub fn is_now(&self, name: &str, value: &str) -> bool {
        self.meanwhile(name) == Some(value)
    }

    /// What is wrong with a field: the API names it as a path, of which the beginning is enough.
    pub fn error(&self, name: &str) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        let rest = problem.field.as_deref()?.strip_prefix(name)?;
        (rest.is_empty() || rest.starts_with(['.', '['])).then_some(problem.detail.as_str())
    }

    /// Why the form was refused.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Entered, Fields, Form};
    use crate::problem::Problem;

    fn form(mark: &str, fields: &[(&str, &str)]) -> Form {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Form { fields: Fields(fields), mark: mark.to_owned(), again: Arc::default() }
    }

    #[test]
    fn fields_are_read_without_white_space_and_lists_by_comma_or_one_by_one() {
        let form = form("m", &[("site", " a "), ("project", "CHG, OPS"), ("project", "SEC"), ("on", "")]);
        assert_eq!(form.text("site"), "a");
        assert_eq!((form.text("none"), form.optional("none")), ("", None));
        assert_eq!(form.all("project"), ["CHG", "OPS", "SEC"]);
        assert!(form.has("on") && !form.has("off"));
        assert_eq!(form.number("on").unwrap(), None);
        assert_eq!(form.number("site").unwrap_err().field.as_deref(), Some("site"));
    }

    #[test]
    fn what_stands_in_an_address_is_read_as_a_form_and_gets_what_is_usual_where_it_says_nothing() {
        let fields =
            Fields::of_query("project=SEC&labels=a%2C+b&mode=").or("mode", "batch").or("project", "X");
        assert_eq!((fields.text("project"), fields.text("mode")), ("SEC", "batch"));
        assert_eq!(fields.all("labels"), ["a", "b"]);
        assert!(Fields::of_query("").is_empty() && !fields.is_empty());
        assert_eq!(fields.iter().count(), 3);
    }

    #[test]
    fn the_same_form_stands_for_the_same_request_and_an_edited_one_for_another() {
        let once = |mark, value| form(mark, &[("site", value)]).once();
        assert_eq!(once("m", "a"), once("m", "a"));
        assert_ne!(once("m", "a"), once("m", "b"));
        assert_ne!(once("m", "a"), once("n", "a"));
    }

    #[test]
    fn a_refused_form_shows_what_was_entered_and_the_error_at_its_field() {
        let problem = Problem::invalid("change_management.projects[0]", "There is no such project.");
        let entered = form("m", &[("change_management.projects", "X")]).refused(problem);
        assert_eq!(entered.value("change_management.projects"), "X");
        assert_eq!(entered.error("change_management.projects"), Some("There is no such project."));
        assert_eq!(entered.error("change_management"), Some("There is no such project."));
        assert_eq!(entered.error("change"), None);
        assert!(Entered::default().problem().is_none());
        assert!(Entered::of([("a", "b".to_owned())]).chosen("a", "b"));
    }
}
