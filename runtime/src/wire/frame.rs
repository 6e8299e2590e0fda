//! Frames that a node writes: WebSocket frames (RFC 6455, 5.2), unmasked and whole, appended to a
//! buffer that may hold others already.

use bytes::BufMut;
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::Seq;
use guildhall_core::time::Span;
use serde::Serialize;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

/// The longest payload of a close or pong frame (RFC 6455, 5.5).
const CONTROL: usize = 125;

/// A dispatch under its number in one session. `body` comes from [`body`](super::body); nothing is
/// encoded or allocated here.
pub fn frame(out: &mut impl BufMut, body: &[u8], s: Seq) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(s.0);
    head(out, TEXT, body.len() + digits.len() + 1);
    out.put_slice(body);
    out.put_slice(digits.as_bytes());
    out.put_u8(b'}');
}

/// Op 7, 9, 10 or 11. The interval of a Hello is told in whole milliseconds.
pub fn control(out: &mut impl BufMut, frame: &ServerFrame) {
    match *frame {
        ServerFrame::Hello { heartbeat_interval } => {
            let heartbeat_interval = heartbeat_interval.as_micros() / Span::millis(1).as_micros();
            text(out, &Plain { op: 10, d: Hello { heartbeat_interval } });
        }
        ServerFrame::HeartbeatAck => text(out, &Plain { op: 11, d: () }),
        ServerFrame::Reconnect => text(out, &Plain { op: 7, d: () }),
        ServerFrame::InvalidSession { resumable } => text(out, &Plain { op: 9, d: resumable }),
    }
}

/// A close frame. Of the reason only what fits is told: 123 bytes.
pub fn close(out: &mut impl BufMut, code: u16, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(CONTROL - 2)];
    head(out, CLOSE, 2 + reason.len());
    out.put_u16(code);
    out.put_slice(reason.as_bytes());
}

/// The answer to a ping, with the ping's payload; what is longer than a ping may be is left out.
pub fn pong(out: &mut impl BufMut, payload: &[u8]) {
    let payload = &payload[..payload.len().min(CONTROL)];
    head(out, PONG, payload.len());
    out.put_slice(payload);
}

/// A frame that is no dispatch.
#[derive(Serialize)]
struct Plain<D> {
    op: u8,
    d: D,
}

#[derive(Serialize)]
struct Hello {
    heartbeat_interval: u64,
}

fn text(out: &mut impl BufMut, payload: &impl Serialize) {
    let json = serde_json::to_vec(payload).expect("plain fields are always JSON");
    head(out, TEXT, json.len());
    out.put_slice(&json);
}

/// The header of a frame that is the whole of its message.
fn head(out: &mut impl BufMut, opcode: u8, length: usize) {
    const LAST: u8 = 0x80;
    out.put_u8(LAST | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=125), _) => out.put_u8(short),
        (_, Ok(long)) => {
            out.put_u8(126);
            out.put_u16(long);
        }
        (_, Err(_)) => {
            out.put_u8(127);
            out.put_u64(length as u64);
        }
    }
}
