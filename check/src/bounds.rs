//! B1–B4: bounds on memory, on work and on what is admitted.

pub(crate) mod b1;
pub(crate) mod b2;
pub(crate) mod b3;
pub(crate) mod b4;
