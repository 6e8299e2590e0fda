//! The former path of [`FixedMap`], for crates that still import it.

pub use crate::fixed_map::FixedMap as Roll;
