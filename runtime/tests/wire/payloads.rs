//! Snapshots of one dispatch of each kind. A change here is visible to every client.

use guildhall_core::frame::ServerFrame;
use guildhall_core::id::Seq;
use guildhall_core::time::Span;
use guildhall_runtime::wire::{encode_body, write_control, write_dispatch};
use serde_json::Value;

use crate::samples::{all, dispatch, urls};

/// The text of a short frame.
fn text(frame: &[u8]) -> &str {
    let header = if frame[1] < 126 { 2 } else { 4 };
    str::from_utf8(&frame[header..]).unwrap()
}

fn matches_snapshot(name: &str, json: &str) {
    let mut value: Value = serde_json::from_str(json).unwrap();
    // Independent of the features that other packages enable.
    value.sort_all_objects();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/wire"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    settings.bind(|| insta::assert_snapshot!(name, pretty));
}

#[test]
fn dispatches() {
    for (name, body) in all() {
        let mut out = Vec::new();
        write_dispatch(&mut out, &encode_body(&dispatch(body), &urls()), Seq(3));
        matches_snapshot(name, text(&out));
    }
}

#[test]
fn control_frames() {
    let heartbeat_interval = Span::millis(41_250);
    for (name, sent) in [
        ("hello", ServerFrame::Hello { heartbeat_interval }),
        ("heartbeat_ack", ServerFrame::HeartbeatAck),
        ("invalid_session", ServerFrame::InvalidSession { resumable: false }),
    ] {
        let mut out = Vec::new();
        write_control(&mut out, &sent);
        matches_snapshot(name, text(&out));
    }
    let mut out = Vec::new();
    write_control(&mut out, &ServerFrame::Reconnect);
    matches_snapshot("reconnect", text(&out));
}

/// Some clients search for the opcode and the name from the front.
#[test]
fn opcode_and_name_come_first_and_the_number_last() {
    for (_, body) in all() {
        let name = body.name();
        let made = encode_body(&dispatch(body), &urls());
        let text = str::from_utf8(&made).unwrap();
        assert!(text.starts_with(&format!(r#"{{"op":0,"t":"{name}","d":{{"#)), "{text}");
        assert!(text.ends_with(r#"},"s":"#), "{text}");
        for key in [r#""op":"#, r#""t":"#, r#""s":"#] {
            assert_eq!(text.matches(key).count(), 1, "{key} in {text}");
        }
    }
}
