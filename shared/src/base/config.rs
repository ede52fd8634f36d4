//! Settings come from environment variables. A missing one stops the cold start and is named; nothing is guessed.

use crate::{Error, Result};

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Reads settings by name. The functions read the environment; tests read a list.
pub struct Config {
    lookup: Box<Lookup>,
}

impl Config {
    /// Reads the process's environment.
    pub fn from_environment() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place where the environment is read")]
        Self { lookup: Box::new(|name| std::env::var(name).ok()) }
    }

    /// Reads the given pairs.
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let pairs: std::collections::HashMap<String, String> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { lookup: Box::new(move |name| pairs.get(name).cloned()) }
    }

    /// The setting `name`, which must be there and not be empty.
    ///
    /// # Errors
    /// Names the variable.
    pub fn required(&self, name: &'static str) -> Result<String> {
        self.optional(name).ok_or_else(|| {
            Error::internal(format!(
                "start: the environment variable {name} is not set; set it and deploy again"
            ))
        })
    }

    /// The setting `name`, if it is there and not empty.
    pub fn optional(&self, name: &'static str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// The setting `name` as a number of seconds, which must be there and positive.
    ///
    /// # Errors
    /// Names the variable.
    pub fn seconds(&self, name: &'static str) -> Result<i64> {
        let text = self.required(name)?;
        text.parse().ok().filter(|seconds| *seconds > 0).ok_or_else(|| {
            Error::internal(format!("start: the environment variable {name} must be a whole number of seconds above 0, not {text:?}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn a_missing_setting_is_named() {
        let error = Config::from_pairs(&[("ASSAY_TABLE", "")]).required("ASSAY_TABLE").unwrap_err();
        assert!(error.to_string().contains("ASSAY_TABLE"), "{error}");
    }

    #[test]
    fn a_number_of_seconds_must_be_one() {
        assert!(
            Config::from_pairs(&[("WAIT", "soon")]).seconds("WAIT").unwrap_err().to_string().contains("WAIT")
        );
        assert_eq!(Config::from_pairs(&[("WAIT", "20")]).seconds("WAIT").unwrap(), 20);
    }
}
