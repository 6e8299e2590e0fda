//! Encodes the frames that a client sends.

use guildhall_core::frame::{ClientFrame, Malformed};
use guildhall_core::id::{SessionId, Token};
use serde::Serialize;

/// The text message of a frame; [`decode_client`](super::decode_client()) reads it back as the same
/// frame.
///
/// A malformed frame is encoded as one of the many texts that are read as such.
#[must_use]
pub fn encode_client(frame: &ClientFrame) -> String {
    match frame {
        ClientFrame::Heartbeat { d } => json(1, d),
        ClientFrame::Identify(identify) => {
            let properties = Properties { os: "linux", browser: "guildhall", device: "guildhall" };
            let (token, intents) = (identify.token, identify.intents.0);
            let shard = [identify.shard.id, identify.shard.count];
            json(2, Identify { token, intents, shard, properties })
        }
        ClientFrame::Resume(resume) => {
            let (token, session_id, seq) = (resume.token, resume.session, resume.seq.0);
            json(6, Resume { token, session_id, seq })
        }
        ClientFrame::Other => json(3, ()),
        ClientFrame::Malformed(Malformed::Opcode) => json(99, ()),
        ClientFrame::Malformed(Malformed::Payload) => json("one", ()),
    }
}

#[derive(Serialize)]
struct ClientFrameJson<O, D> {
    op: O,
    d: D,
}

#[derive(Serialize)]
struct Identify {
    token: Token,
    intents: u32,
    shard: [u16; 2],
    properties: Properties,
}

#[derive(Serialize)]
struct Properties {
    os: &'static str,
    browser: &'static str,
    device: &'static str,
}

#[derive(Serialize)]
struct Resume {
    token: Token,
    session_id: SessionId,
    seq: u64,
}

fn json(op: impl Serialize, d: impl Serialize) -> String {
    serde_json::to_string(&ClientFrameJson { op, d }).expect("plain fields always serialize")
}
