//! I4: what must not show through.

pub(crate) mod i4;
