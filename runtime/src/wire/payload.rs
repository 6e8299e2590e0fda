//! What dispatches say, field by field: all that public clients insist on, and what the machines
//! know beyond that.
//!
//! Fields that the machines know nothing of have the value of something that was just made.

pub(super) mod channel;
pub(super) mod guild;
pub(super) mod member;
pub(super) mod message;
pub(super) mod ready;

/// A list with nothing in it.
type Nothing = [(); 0];
const NOTHING: Nothing = [];
/// `null`.
type Null = ();
