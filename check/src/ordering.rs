//! O1–O5: the order of dispatches, events and causes.

pub(crate) mod o1;
pub(crate) mod o2;
pub(crate) mod o3;
pub(crate) mod o4;
pub(crate) mod o5;
