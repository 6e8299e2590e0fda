//! D1–D4, D6: what a session is told, how often, and what may break it off.

pub(crate) mod d1;
pub(crate) mod d2;
pub(crate) mod d3;
pub(crate) mod d4;
pub(crate) mod d6;
