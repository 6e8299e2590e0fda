//! What is written is read again as what it was.

use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::frame::ServerFrame;
use guildhall_core::id::{NodeId, Seq};
use guildhall_core::time::Span;
use guildhall_runtime::wire::{
    FromServer, Places, body, control, decode, decode_server, encode_client, frame,
};
use quickcheck::{Gen, QuickCheck};

use crate::draw::{AnyDispatch, AnyFrame};
use crate::samples;

fn same() -> QuickCheck {
    QuickCheck::new().rng(Gen::from_size_and_seed(40, 0x11fe)).tests(4_000)
}

/// Of four nodes two have an address.
fn places() -> Places {
    let urls = [(NodeId(1), "ws://10.0.0.1:80"), (NodeId(3), "wss://gateway.example")];
    Places::new(urls.map(|(node, url)| (node, url.to_owned()))).unwrap()
}

/// The text of a frame.
fn text(out: &[u8]) -> &[u8] {
    let header = [2, 4, 10][usize::from(out[1]).saturating_sub(125)];
    &out[header..]
}

fn read(out: &[u8]) -> FromServer {
    decode_server(text(out), &places()).unwrap()
}

/// Whether a dispatch comes back, but for its source, and of its guild.
fn comes_back(dispatch: &Dispatch, s: Seq) -> bool {
    let mut out = Vec::new();
    frame(&mut out, &body(dispatch, &places()), s);
    let guild = dispatch.source.map(|source| source.guild);
    let dispatch = Dispatch { source: None, ..dispatch.clone() };
    read(&out) == FromServer::Dispatch { s, guild, dispatch }
}

#[test]
fn dispatches() {
    fn law(AnyDispatch(dispatch): AnyDispatch, s: u64) -> bool {
        comes_back(&dispatch, Seq(s))
    }
    same().quickcheck(law as fn(AnyDispatch, u64) -> bool);
}

#[test]
fn one_of_each() {
    let kinds: Vec<Body> = samples::all().into_iter().map(|(_, told)| told).collect();
    for told in &kinds {
        assert!(comes_back(&samples::dispatch(told.clone()), Seq(1)), "{told:?}");
    }
    // A kind that is missing here is missing among the snapshots too.
    let mut names: Vec<_> = kinds.iter().map(std::mem::discriminant).collect();
    names.dedup();
    assert_eq!(names.len(), 19);
}

#[test]
fn everything_else_that_a_node_says() {
    fn law(millis: u32, resumable: bool) -> bool {
        let heartbeat_interval = Span::millis(u64::from(millis));
        [
            ServerFrame::Hello { heartbeat_interval },
            ServerFrame::HeartbeatAck,
            ServerFrame::InvalidSession { resumable },
        ]
        .into_iter()
        .all(|said| {
            let mut out = Vec::new();
            control(&mut out, &said);
            read(&out) == FromServer::Control(said)
        })
    }
    same().quickcheck(law as fn(u32, bool) -> bool);
    let mut out = Vec::new();
    control(&mut out, &ServerFrame::Reconnect);
    assert_eq!(read(&out), FromServer::Control(ServerFrame::Reconnect));
}

#[test]
fn what_a_client_says() {
    fn law(AnyFrame(frame): AnyFrame) -> bool {
        decode(encode_client(&frame).as_bytes()) == frame
    }
    same().quickcheck(law as fn(AnyFrame) -> bool);
}
