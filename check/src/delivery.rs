//! D1–D7, D9: what a session is told, how often, and what becomes of a request.

pub(crate) mod d1;
pub(crate) mod d2;
pub(crate) mod d3;
pub(crate) mod d4;
pub(crate) mod d5;
pub(crate) mod d6;
pub(crate) mod d7;
pub(crate) mod d9;
