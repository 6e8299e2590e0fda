//! WebSocket frames, as another implementation reads them.

use futures_util::StreamExt;
use guildhall_core::frame::{CloseCode, ServerFrame};
use guildhall_core::id::Seq;
use guildhall_runtime::wire::{write_close, write_control, write_dispatch, write_pong};
use tokio::io::AsyncWriteExt;
use tokio_websockets::{ClientBuilder, Limits, Message};

/// The first `count` messages that a client reads.
#[tokio::main(flavor = "current_thread")]
async fn read(out: &[u8], count: usize) -> Vec<Message> {
    let (mut node, client) = tokio::io::duplex(out.len());
    node.write_all(out).await.unwrap();
    let messages = ClientBuilder::new().limits(Limits::unlimited()).take_over(client);
    messages.take(count).map(Result::unwrap).collect().await
}

#[test]
fn consecutive_frames_of_every_length() {
    let lengths = [0, 1, 122, 123, 124, 125, 126, 127, 65_532, 65_533, 65_534, 65_535, 70_000];
    let mut out = Vec::new();
    for length in lengths {
        write_dispatch(&mut out, &vec![b'x'; length], Seq(1));
        write_control(&mut out, &ServerFrame::HeartbeatAck);
    }
    let messages = read(&out, 2 * lengths.len());
    for (pair, length) in messages.chunks(2).zip(lengths) {
        let expected = format!("{}1}}", "x".repeat(length));
        assert!(pair[0].is_text());
        assert_eq!(pair[0].as_text(), Some(expected.as_str()));
        assert_eq!(pair[1].as_text(), Some(r#"{"op":11,"d":null}"#));
    }
}

#[test]
fn the_sequence_number_ends_the_frame() {
    let mut out = Vec::new();
    for s in [0, 9, 10, u64::MAX] {
        write_dispatch(&mut out, br#"{"op":0,"s":"#, Seq(s));
    }
    let texts: Vec<_> =
        read(&out, 4).iter().map(|it| it.as_text().unwrap_or_default().to_owned()).collect();
    let expected = [0, 9, 10, u64::MAX].map(|s| format!(r#"{{"op":0,"s":{s}}}"#));
    assert_eq!(texts, expected);
}

#[test]
fn a_close_has_its_code_and_a_truncated_reason() {
    let long = "é".repeat(100);
    for (reason, expected) in [("", ""), ("too slow", "too slow"), (&long, &long[..122])] {
        let mut out = Vec::new();
        write_close(&mut out, CloseCode::NotAuthenticated.code(), reason);
        let messages = read(&out, 1);
        let (code, reason) = messages[0].as_close().unwrap();
        assert_eq!((u16::from(code), reason), (4003, expected));
    }
}

#[test]
fn a_pong_has_the_payload_of_the_ping() {
    for length in [0, 4, 125, 300] {
        let ping = vec![7; length];
        let mut out = Vec::new();
        write_pong(&mut out, &ping);
        let messages = read(&out, 1);
        assert!(messages[0].is_pong());
        assert_eq!(&messages[0].as_payload()[..], &ping[..length.min(125)]);
    }
}
