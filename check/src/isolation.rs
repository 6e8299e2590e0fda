//! Isolation: nobody is told what is not theirs, and nobody is kept from what is.

pub(crate) mod i1;
pub(crate) mod i2;
pub(crate) mod i3;
pub(crate) mod i4;
pub(crate) mod i5;
pub(crate) mod i7;
pub(crate) mod i8;
