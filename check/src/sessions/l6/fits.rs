//! Which close code fits which input.

use guildhall_core::frame::{CloseCode, Malformed};

use crate::facts::Facts;
use crate::node_step::{NodeStep, StepInput};
use crate::protocol;

/// Whether a close with this code fits what the client has sent; B4 judges rates and sizes.
pub(crate) fn fits(step: &NodeStep, facts: &Facts, code: CloseCode) -> bool {
    let known = |token| facts.cast.cluster.accounts.contains_key(&token);
    match (code, step.input) {
        (CloseCode::Unknown | CloseCode::RateLimited, _) => true,
        (CloseCode::Decode, told) => {
            step.bytes > facts.cast.limits.frame_bytes
                || matches!(told, StepInput::Malformed(Malformed::Payload))
        }
        (CloseCode::UnknownOpcode, StepInput::Malformed(how)) => how == Malformed::Opcode,
        (CloseCode::NotAuthenticated, StepInput::Unheeded) => step.session.is_none(),
        (CloseCode::AlreadyAuthenticated, StepInput::Identify(_) | StepInput::Resume(_)) => {
            step.session.is_some() || step.identifying
        }
        (CloseCode::AuthenticationFailed, StepInput::Identify(identify)) => !known(identify.token),
        (CloseCode::InvalidShard, StepInput::Identify(identify)) => {
            !protocol::is_shard(identify.shard)
        }
        (CloseCode::InvalidIntents, StepInput::Identify(identify)) => {
            !protocol::are_documented(identify.intents)
        }
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
