//! I1–I9: users get what they may see, and nothing else.

pub(crate) mod i1;
pub(crate) mod i2;
pub(crate) mod i3;
pub(crate) mod i4;
pub(crate) mod i5;
pub(crate) mod i7;
pub(crate) mod i8;
pub(crate) mod i9;
