//! Writes the frames that a node sends: unmasked, unfragmented WebSocket frames (RFC 6455, 5.2).
//! Each is appended to a buffer that may hold others.

use bytes::BufMut;
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::Seq;
use guildhall_core::time::Span;
use serde::Serialize;

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PONG: u8 = 10;

/// The longest payload of a close or pong frame, in bytes (RFC 6455, 5.5).
const MAX_CONTROL_PAYLOAD: usize = 125;

/// Writes a dispatch with its sequence number. `body` comes from
/// [`encode_body`](super::encode_body). Nothing is encoded or allocated here.
pub fn write_dispatch(out: &mut impl BufMut, body: &[u8], s: Seq) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(s.0);
    write_header(out, TEXT, body.len() + digits.len() + 1);
    out.put_slice(body);
    out.put_slice(digits.as_bytes());
    out.put_u8(b'}');
}

/// Writes op 7, 9, 10 or 11. The heartbeat interval is truncated to milliseconds.
pub fn write_control(out: &mut impl BufMut, frame: &ServerFrame) {
    match *frame {
        ServerFrame::Hello { heartbeat_interval } => {
            let heartbeat_interval = heartbeat_interval.as_micros() / Span::millis(1).as_micros();
            write_text(out, &ControlFrame { op: 10, d: Hello { heartbeat_interval } });
        }
        ServerFrame::HeartbeatAck => write_text(out, &ControlFrame { op: 11, d: () }),
        ServerFrame::Reconnect => write_text(out, &ControlFrame { op: 7, d: () }),
        ServerFrame::InvalidSession { resumable } => {
            write_text(out, &ControlFrame { op: 9, d: resumable })
        }
    }
}

/// Writes a close frame. The reason is truncated to 123 bytes.
pub fn write_close(out: &mut impl BufMut, code: u16, reason: &str) {
    let reason = &reason[..reason.floor_char_boundary(MAX_CONTROL_PAYLOAD - 2)];
    write_header(out, CLOSE, 2 + reason.len());
    out.put_u16(code);
    out.put_slice(reason.as_bytes());
}

/// Writes a pong with the payload of the ping, truncated to the 125 bytes that a ping may have.
pub fn write_pong(out: &mut impl BufMut, payload: &[u8]) {
    let payload = &payload[..payload.len().min(MAX_CONTROL_PAYLOAD)];
    write_header(out, PONG, payload.len());
    out.put_slice(payload);
}

/// A frame that is not a dispatch.
#[derive(Serialize)]
struct ControlFrame<D> {
    op: u8,
    d: D,
}

#[derive(Serialize)]
struct Hello {
    heartbeat_interval: u64,
}

fn write_text(out: &mut impl BufMut, payload: &impl Serialize) {
    let json = serde_json::to_vec(payload).expect("plain fields always serialize");
    write_header(out, TEXT, json.len());
    out.put_slice(&json);
}

/// Writes the header of an unfragmented message.
fn write_header(out: &mut impl BufMut, opcode: u8, length: usize) {
    const FIN: u8 = 0x80;
    out.put_u8(FIN | opcode);
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
