//! The former path of [`FixedMap`](crate::fixed_map::FixedMap), for crates that still import it.

pub use crate::fixed_map::FixedMap as Roll;
