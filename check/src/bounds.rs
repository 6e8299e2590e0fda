//! B1–B4: how much is kept, how much is said, and what is refused before it is.

pub(crate) mod b1;
pub(crate) mod b2;
pub(crate) mod b3;
pub(crate) mod b4;
