//! L1–L9: the life of connections, sessions, relays and owners, planned stops, and service.

pub(crate) mod l1;
pub(crate) mod l2;
pub(crate) mod l3;
pub(crate) mod l4;
pub(crate) mod l5;
pub(crate) mod l6;
pub(crate) mod l7;
pub(crate) mod l8;
pub(crate) mod l9;
