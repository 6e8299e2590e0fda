//! L1–L4, L6: how connections and sessions live and end.

pub(crate) mod l1;
pub(crate) mod l2;
pub(crate) mod l3;
pub(crate) mod l4;
pub(crate) mod l6;
