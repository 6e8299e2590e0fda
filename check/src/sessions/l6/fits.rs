//! Which close code fits what.

use guildhall_core::frame::{CloseCode, Malformed};

use crate::facts::Facts;
use crate::scene::{Scene, Told};

/// Whether a close with this code fits what the client has sent; B4 judges rates and sizes.
pub(crate) fn fits(scene: &Scene, facts: &Facts, code: CloseCode) -> bool {
    let known = |token| facts.cast.cluster.accounts.contains_key(&token);
    match (code, scene.told) {
        (CloseCode::Unknown | CloseCode::RateLimited, _) => true,
        (CloseCode::Decode, told) => {
            scene.bytes > facts.cast.limits.frame_bytes
                || matches!(told, Told::Malformed(Malformed::Payload))
        }
        (CloseCode::UnknownOpcode, Told::Malformed(how)) => how == Malformed::Opcode,
        (CloseCode::NotAuthenticated, Told::Unheeded) => scene.session.is_none(),
        (CloseCode::AlreadyAuthenticated, Told::Identify(_) | Told::Resume(_)) => {
            scene.session.is_some() || scene.identifying
        }
        (CloseCode::AuthenticationFailed, Told::Identify(identify)) => !known(identify.token),
        (CloseCode::InvalidShard, Told::Identify(identify)) => !identify.shard.is_valid(),
        (CloseCode::InvalidIntents, Told::Identify(identify)) => !identify.intents.is_valid(),
        (
            CloseCode::UnknownOpcode
            | CloseCode::NotAuthenticated
            | CloseCode::AlreadyAuthenticated
            | CloseCode::AuthenticationFailed
            | CloseCode::InvalidShard
            | CloseCode::InvalidIntents,
            _,
        ) => false,
    }
}
