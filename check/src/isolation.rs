//! I4, I8: what must not show through.

pub(crate) mod i4;
pub(crate) mod i8;
