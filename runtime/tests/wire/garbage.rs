//! Any bytes are decoded to something, and to the right thing.

use guildhall_core::dispatch::Intents;
use guildhall_core::frame::{ClientFrame, Identify, Malformed, Resume};
use guildhall_core::id::{Seq, SessionId, Shard, Token};
use guildhall_runtime::wire::{
    ServerMessage, decode_client, decode_server, encode_body, encode_client,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::samples::{all, dispatch, urls};

const UNREADABLE: ClientFrame = ClientFrame::Malformed(Malformed::Payload);
const UNKNOWN: ClientFrame = ClientFrame::Malformed(Malformed::Opcode);

/// Frames that real clients send.
const CLIENT_FRAMES: &[&str] = &[
    r#"{"op":1,"d":null}"#,
    r#"{"op":1,"d":251}"#,
    r#"{"d":3,"op":1}"#,
    r#"{"op":2,"d":{"token":"Bot 0123456789abcdef0123456789abcdef","intents":33281,"shard":[0,1],
        "capabilities":0,"compress":true,"large_threshold":250,
        "properties":{"os":"linux","browser":"x","device":"x"},
        "presence":{"since":{"secs_since_epoch":1,"nanos_since_epoch":2},"afk":false,
        "status":"online","activities":[]}}}"#,
    r#"{"op":6,"d":{"token":"0123456789abcdef0123456789abcdef",
        "session_id":"00000000000000000000000000000001","seq":1337}}"#,
    r#"{"op":3,"d":{"since":91879201,"activities":[],"status":"online","afk":false}}"#,
    r#"{"op":4,"d":{"guild_id":"1","channel_id":null,"self_mute":false,"self_deaf":false}}"#,
    r#"{"op":8,"d":{"guild_id":"1","query":"","limit":0}}"#,
    r#"{"op":31,"d":{"guild_ids":["1"]}}"#,
    r#"{"op":43,"d":{}}"#,
    r#"{"op":14,"d":{}}"#,
];

/// Frames that nodes send.
fn server_frames() -> Vec<Vec<u8>> {
    let numbered = |(_, body)| [&encode_body(&dispatch(body), &urls())[..], b"7}"].concat();
    let hello = br#"{"op":10,"d":{"heartbeat_interval":41250}}"#;
    all().into_iter().map(numbered).chain([hello.to_vec()]).collect()
}

/// One of the frames with some bytes removed, inserted or changed.
fn mutated(frames: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let frame = prop::sample::select(frames);
    let interesting = prop::sample::select(br#"{}[]",:\0123456789eE+-."#.to_vec());
    let byte = prop_oneof![interesting, any::<u8>()];
    (frame, vec((any::<prop::sample::Index>(), byte, 0..4_u8), 0..6)).prop_map(
        |(mut frame, changes)| {
            for (index, byte, how) in changes {
                let at = index.index(frame.len().max(1));
                match how {
                    0 => frame.insert(at, byte),
                    1 if !frame.is_empty() => {
                        frame.remove(at);
                    }
                    2 => frame.truncate(at),
                    _ if !frame.is_empty() => frame[at] = byte,
                    _ => {}
                }
            }
            frame
        },
    )
}

/// JSON of any shape, with known field names in the wrong places.
fn json() -> impl Strategy<Value = Value> {
    let name =
        prop::sample::select(vec!["op", "d", "s", "t", "token", "seq", "shard", "user", "x"]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..50_u64).prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        Just(Value::from("GUILD_CREATE")),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((name.clone(), inner), 0..6).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}

/// Whether a result can be right, judged by a second parser.
fn plausible(bytes: &[u8], frame: ClientFrame) -> bool {
    // It can still be a frame: nested too deeply, or with too large numbers, in ignored fields.
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        let text = str::from_utf8(bytes).is_ok_and(|text| text.contains('{'));
        return text || frame == UNREADABLE;
    };
    // A duplicate field makes a frame unreadable.
    let Some(op) = value.get("op").and_then(Value::as_u64) else { return frame == UNREADABLE };
    frame == UNREADABLE
        || match op {
            1 => matches!(frame, ClientFrame::Heartbeat { .. }),
            2 => matches!(frame, ClientFrame::Identify(_)),
            6 => matches!(frame, ClientFrame::Resume(_)),
            3 | 4 | 8 | 31 | 43 => frame == ClientFrame::Other,
            _ => frame == UNKNOWN,
        }
}

proptest! {
    #[test]
    fn any_bytes_from_a_client_decode(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(plausible(&bytes, decode_client(&bytes)));
    }

    #[test]
    fn mutated_client_frames_decode_plausibly(
        bytes in mutated(CLIENT_FRAMES.iter().map(|text| text.as_bytes().to_vec()).collect()),
    ) {
        prop_assert!(plausible(&bytes, decode_client(&bytes)));
    }

    #[test]
    fn any_json_from_a_client_decodes(value in json(), op in 0..50_u64) {
        let whole = value.to_string();
        prop_assert!(plausible(whole.as_bytes(), decode_client(whole.as_bytes())));
        let framed = format!(r#"{{"op":{op},"d":{value}}}"#);
        prop_assert!(plausible(framed.as_bytes(), decode_client(framed.as_bytes())));
    }

    #[test]
    fn random_bytes_from_a_node_are_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_server(&bytes, &urls()).is_err());
    }

    #[test]
    fn mutated_node_frames_decode_or_are_refused(bytes in mutated(server_frames())) {
        let numbered = matches!(
            decode_server(&bytes, &urls()), Ok(ServerMessage::Dispatch { .. })
        );
        let value = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
        let has = value["op"] == 0 && value["s"].is_u64() && value["d"].is_object();
        prop_assert!(!numbered || has);
    }

    #[test]
    fn any_json_from_a_node_decodes_or_is_refused(
        value in json(),
        name in prop::sample::select(all()),
    ) {
        let _ = decode_server(value.to_string().as_bytes(), &urls());
        let text = format!(r#"{{"op":0,"t":"{}","d":{value},"s":1}}"#, name.1.name());
        let read = decode_server(text.as_bytes(), &urls());
        prop_assert!(read.is_err() || value.is_object());
    }
}

#[test]
fn real_client_frames_decode() {
    let token = Token(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let shard = Shard { id: 0, count: 1 };
    let identify = Identify { token, intents: Intents(33_281), shard };
    let resume = Resume { token, session: SessionId(1), seq: Seq(1_337) };
    let expected = [
        ClientFrame::Heartbeat { d: None },
        ClientFrame::Heartbeat { d: Some(Seq(251)) },
        ClientFrame::Heartbeat { d: Some(Seq(3)) },
        ClientFrame::Identify(identify),
        ClientFrame::Resume(resume),
        ClientFrame::Other,
        ClientFrame::Other,
        ClientFrame::Other,
        ClientFrame::Other,
        ClientFrame::Other,
        UNKNOWN,
    ];
    for (text, frame) in CLIENT_FRAMES.iter().zip(expected) {
        assert_eq!(decode_client(text.as_bytes()), frame, "{text}");
    }
}

#[test]
fn malformed_frames_are_unreadable() {
    let deep = format!(r#"{{"op":{}1{},"d":null}}"#, "[".repeat(9_999), "]".repeat(9_999));
    let texts: &[&[u8]] = &[
        b"",
        b" ",
        b"null",
        b"[]",
        b"[1,null]",
        b"{}",
        b"\xff\xfe",
        b"{\"op\":1,\"d\":\"\xff\"}",
        br#"{"op":"1"}"#,
        br#"{"op":1.0}"#,
        br#"{"op":-1}"#,
        br#"{"op":1e999}"#,
        br#"{"op":99999999999999999999}"#,
        br#"{"op":1,"op":1}"#,
        br#"{"op":1,"d":1} x"#,
        br#"{"op":1,"d":-1}"#,
        br#"{"op":1,"d":1.5}"#,
        br#"{"op":1,"d":{}}"#,
        br#"{"op":1,"d":99999999999999999999}"#,
        br#"{"op":99,"d":}"#,
        br#"{"op":2}"#,
        br#"{"op":2,"d":null}"#,
        br#"{"op":2,"d":["t",1,null]}"#,
        br#"{"op":2,"d":{"token":"t"}}"#,
        br#"{"op":2,"d":{"intents":1}}"#,
        br#"{"op":2,"d":{"token":null,"intents":1}}"#,
        br#"{"op":2,"d":{"token":"t","intents":-1}}"#,
        br#"{"op":2,"d":{"token":"t","token":"u","intents":1}}"#,
        br#"{"op":2,"d":{"token":"t","intents":1,"shard":[0]}}"#,
        br#"{"op":2,"d":{"token":"t","intents":1,"shard":[0,1,2]}}"#,
        br#"{"op":2,"d":{"token":"t","intents":1,"shard":[-1,1]}}"#,
        br#"{"op":6,"d":{"token":"t","session_id":"s"}}"#,
        br#"{"op":6,"d":{"token":"t","session_id":"s","seq":null}}"#,
        deep.as_bytes(),
    ];
    for text in texts {
        assert_eq!(decode_client(text), UNREADABLE, "{}", String::from_utf8_lossy(text));
    }
}

#[test]
fn ignored_fields_may_contain_anything() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for presence in ["null", "1e999", r#"{"a":1,"a":2}"#, &deep] {
        let text = format!(r#"{{"op":2,"d":{{"token":"t","intents":1,"presence":{presence}}}}}"#);
        assert!(matches!(decode_client(text.as_bytes()), ClientFrame::Identify(_)));
        let text = format!(r#"{{"op":3,"d":{presence}}}"#);
        assert_eq!(decode_client(text.as_bytes()), ClientFrame::Other);
        let text = format!(r#"{{"op":9007199254740993,"d":{presence}}}"#);
        assert_eq!(decode_client(text.as_bytes()), UNKNOWN);
    }
}

#[test]
fn unparsable_tokens_and_sessions_become_zero() {
    let almost = "0123456789abcdef0123456789abcde";
    for secret in ["", "Bot ", "hello", "+123456789abcdef0123456789abcdef", almost, "\\u0000"] {
        let text =
            format!(r#"{{"op":6,"d":{{"token":"{secret}","session_id":"{secret}","seq":1}}}}"#);
        let resume = Resume { token: Token(0), session: SessionId(0), seq: Seq(1) };
        assert_eq!(decode_client(text.as_bytes()), ClientFrame::Resume(resume), "{secret}");
    }
}

#[test]
fn numbers_too_large_for_their_type_become_invalid() {
    let identify = |intents: &str, shard: &str| {
        let fields = format!(r#""token":"t","intents":{intents},"shard":{shard}"#);
        let text = format!(r#"{{"op":2,"d":{{{fields}}}}}"#);
        let ClientFrame::Identify(identify) = decode_client(text.as_bytes()) else {
            panic!("{text}")
        };
        identify
    };
    assert!(identify("1", "null").shard.is_valid());
    assert!(!identify("4294967296", "null").intents.is_valid());
    for shard in ["[0,65536]", "[65536,65537]", "[70000,1]", "[1,1]", "[0,0]"] {
        assert!(!identify("1", shard).shard.is_valid(), "{shard}");
    }
}

#[test]
fn the_largest_client_frame_is_small() {
    let largest = ClientFrame::Identify(Identify {
        token: Token(u128::MAX),
        intents: Intents(u32::MAX),
        shard: Shard { id: u16::MAX, count: u16::MAX },
    });
    assert!(encode_client(&largest).len() < 4_096);
}

#[test]
fn invalid_node_frames_are_refused_with_a_reason() {
    let reason = |text: &str| decode_server(text.as_bytes(), &urls()).unwrap_err().to_string();
    let numbered = |t: &str, d: &str| reason(&format!(r#"{{"op":0,"t":"{t}","d":{d},"s":1}}"#));
    assert_eq!(reason(r#"{"op":1,"d":null}"#), "unknown opcode 1");
    let incomplete = "a required field is missing";
    assert_eq!(reason(r#"{"op":0,"t":"RESUMED","d":{}}"#), incomplete);
    assert_eq!(reason(r#"{"op":0,"d":{},"s":1}"#), incomplete);
    assert_eq!(numbered("SMALL_TALK", "{}"), "unknown event SMALL_TALK");
    assert_eq!(numbered("RESUMED", "null"), incomplete);
    assert_eq!(numbered("RESUMED", "[]"), "invalid JSON: not an object");
    let channel = r#"{"id":"1","guild_id":"1","permission_overwrites":
        [{"id":"1","type":2,"allow":"0","deny":"0"}]}"#;
    assert_eq!(numbered("CHANNEL_CREATE", channel), "unknown overwrite type 2");
    let ready = r#"{"user":{"id":"1"},"guilds":[],"resume_gateway_url":"ws://elsewhere",
        "session_id":"00000000000000000000000000000001"}"#;
    assert_eq!(numbered("READY", ready), "unknown gateway URL ws://elsewhere");
}
