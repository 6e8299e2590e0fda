//! Annotations: the lines on stdout that GitHub shows beside a run's name.
//!
//! One a group of failures, since it shows ten of a step and drops the rest.

use std::fmt;

use crate::finding::{Finding, Level};

/// A line for a group of failures.
pub(crate) fn annotation(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let title = format!("{} {} ({})", finding.kind, finding.which, finding.seeds);
    format!("::{level} title={}::{}", Property(&title), Message(&finding.block))
}

/// A text as the message of a workflow command.
struct Message<'a>(&'a str);

/// A text as a property of one, where two more characters mean something.
struct Property<'a>(&'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(self.0, &['%', '\r', '\n'], f)
    }
}

impl fmt::Display for Property<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escaped(self.0, &['%', '\r', '\n', ':', ','], f)
    }
}

fn escaped(text: &str, special: &[char], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|letter| {
        if special.contains(&letter) {
            write!(f, "%{:02X}", u32::from(letter))
        } else {
            write!(f, "{letter}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_or_a_property_is_escaped() {
        let text = "100%,\r\nat: 3";
        assert_eq!(Message(text).to_string(), "100%25,%0D%0Aat: 3");
        assert_eq!(Property(text).to_string(), "100%25%2C%0D%0Aat%3A 3");
    }
}
