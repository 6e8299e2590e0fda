//! O1–O5: in which order a session is told.

pub(crate) mod o1;
pub(crate) mod o2;
pub(crate) mod o3;
pub(crate) mod o4;
pub(crate) mod o5;
