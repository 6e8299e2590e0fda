//! C1–C3: what an honest client does.

pub(crate) mod c1;
pub(crate) mod c2;
pub(crate) mod c3;
