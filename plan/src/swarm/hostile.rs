//! What hostile clients and intruders send.

use crate::fault::{InvalidLogin, ProtocolViolation};
use crate::seed::Key;

/// Draws an invalid login of an intruder.
pub(super) fn invalid_login(key: Key) -> InvalidLogin {
    match key.with(0).below(5) {
        0 => InvalidLogin::Token,
        1 => InvalidLogin::Shard,
        2 => InvalidLogin::Intents,
        3 => InvalidLogin::FromStart,
        _ => InvalidLogin::Ahead { by: key.with(1).between(1, 1_000_000) },
    }
}

/// Draws a violation of the protocol by a hostile client.
pub(super) fn violation(key: Key) -> ProtocolViolation {
    let frames = *key.with(1).pick(&[2, 30, 300]);
    match key.with(0).below(8) {
        0 => ProtocolViolation::Flood { frames },
        1 => ProtocolViolation::LieAhead { by: key.with(1).between(1, 1_000) },
        2 => ProtocolViolation::Broken,
        3 => ProtocolViolation::Opcode,
        4 => ProtocolViolation::Huge { bytes: *key.with(1).pick(&[4_097, 5_000, 100_000]) },
        5 => ProtocolViolation::IdentifyAgain,
        6 => ProtocolViolation::ResumeAgain,
        _ => ProtocolViolation::Other,
    }
}
