//! The payloads of dispatches, field by field: every field that public clients require, and
//! everything that the state machines know.
//!
//! A field that the state machines do not know has the value of a newly created object.

pub(super) mod channel;
pub(super) mod guild;
pub(super) mod member;
pub(super) mod message;
pub(super) mod ready;

/// An empty list.
type EmptyList = [(); 0];
const EMPTY: EmptyList = [];
/// `null`.
type Null = ();
