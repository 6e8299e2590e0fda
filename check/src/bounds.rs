//! B1, B2, B4: how much is kept, and what is refused before it is.

pub(crate) mod b1;
pub(crate) mod b2;
pub(crate) mod b4;
