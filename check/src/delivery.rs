//! D1–D7, D9–D11: which dispatches a session gets, how often, and the outcome of requests.

pub(crate) mod d1;
pub(crate) mod d10;
pub(crate) mod d11;
pub(crate) mod d2;
pub(crate) mod d3;
pub(crate) mod d4;
pub(crate) mod d5;
pub(crate) mod d6;
pub(crate) mod d7;
pub(crate) mod d9;
