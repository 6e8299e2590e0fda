//! Nothing but benches lives in this package; see `benches/`.
