//! The limits of a plan that differ from the defaults: a failure may need one of them.

use std::collections::BTreeMap;
use std::fmt;

use guildhall_core::limits::Limits;
use serde::{Deserialize, Serialize};

/// The limits that differ from the defaults, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OtherLimits(BTreeMap<String, String>);

impl OtherLimits {
    /// Those of a plan.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        let defaults = values(&Limits::default());
        let other = values(limits).into_iter().filter(|(name, is)| defaults.get(name) != Some(is));
        Self(other.map(|(name, is)| (name, is.to_string().trim_matches('"').to_owned())).collect())
    }

    /// Whether all limits are the defaults.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The values as a plan writes them. Every limit has a TOML form.
fn values(limits: &Limits) -> toml::Table {
    toml::Table::try_from(limits).unwrap_or_default()
}

impl fmt::Display for OtherLimits {
    /// `catch_up_bytes 4096, ask_again 2s`, or `the defaults`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("the defaults");
        }
        let limits: Vec<_> = self.0.iter().map(|(name, is)| format!("{name} {is}")).collect();
        f.write_str(&limits.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use guildhall_core::time::Span;

    use super::*;

    #[test]
    fn only_those_that_differ_are_named() {
        assert_eq!(OtherLimits::of(&Limits::default()).to_string(), "the defaults");
        let ask_again = Span::secs(2);
        let limits = Limits { catch_up_bytes: 4_096, ask_again, ..Limits::default() };
        assert_eq!(OtherLimits::of(&limits).to_string(), "ask_again 2s, catch_up_bytes 4096");
    }
}
