//! Scenarios and a checker of our own.

mod heard_within;

use guildhall::prelude::*;

pub use heard_within::HeardWithin;

guildhall::catalogue! {
    late_news
}

/// The checkers of our program.
pub fn checkers() -> CustomCheckers {
    heard_within(Span::secs(60))
}

/// The checker with this bound.
pub fn heard_within(most: Span) -> CustomCheckers {
    CustomCheckers::new().with("heard-within", move || HeardWithin::new(most))
}
