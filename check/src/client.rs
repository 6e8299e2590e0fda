//! C1–C3: the client's half.

pub(crate) mod c1;
pub(crate) mod c2;
pub(crate) mod c3;
