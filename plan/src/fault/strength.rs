//! The magnitude of a fault, which shrinking reduces.

use guildhall_core::time::Span;

use super::{CutKind, InvalidLogin, ProtocolViolation};

/// A mutable reference to the magnitude of a fault.
#[derive(Debug)]
pub enum Strength<'a> {
    /// A duration.
    Span(&'a mut Span),
    /// A difference in milliseconds. Its sign does not change.
    Millis(&'a mut i64),
    /// A number of records, frames or bytes.
    Count(&'a mut u32),
    /// A number of dispatches.
    Dispatches(&'a mut u64),
}

impl Strength<'_> {
    /// Returns the magnitude, without its sign.
    #[must_use]
    pub const fn get(&self) -> u64 {
        match self {
            Self::Span(span) => span.as_micros(),
            Self::Millis(millis) => millis.unsigned_abs(),
            Self::Count(count) => **count as u64,
            Self::Dispatches(count) => **count,
        }
    }

    /// Sets the magnitude. A value out of range changes nothing.
    pub fn set(&mut self, to: u64) {
        match self {
            Self::Span(span) => **span = Span::micros(to),
            Self::Millis(millis) => {
                **millis = i64::try_from(to).map_or(**millis, |to| millis.signum() * to);
            }
            Self::Count(count) => **count = u32::try_from(to).unwrap_or(**count),
            Self::Dispatches(count) => **count = to,
        }
    }
}

impl CutKind {
    pub(super) const fn strength(&mut self) -> Option<Strength<'_>> {
        match self {
            Self::HalfOpen { late } => Some(Strength::Span(late)),
            Self::Fin | Self::Reset => None,
        }
    }
}

impl ProtocolViolation {
    pub(super) const fn strength(&mut self) -> Option<Strength<'_>> {
        match self {
            Self::Flood { frames: count } | Self::Huge { bytes: count } => {
                Some(Strength::Count(count))
            }
            Self::LieAhead { by } => Some(Strength::Dispatches(by)),
            Self::Broken | Self::Opcode | Self::Other | Self::IdentifyAgain | Self::ResumeAgain => {
                None
            }
        }
    }
}

impl InvalidLogin {
    pub(super) const fn strength(&mut self) -> Option<Strength<'_>> {
        match self {
            Self::Ahead { by } => Some(Strength::Dispatches(by)),
            Self::Token | Self::Shard | Self::Intents | Self::FromStart => None,
        }
    }
}
