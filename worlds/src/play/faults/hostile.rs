//! What hostile clients and strangers say, on the wire.

use futures_util::{SinkExt, StreamExt};
use guildhall_core::frame::{ClientFrame, Identify, Resume};
use guildhall_core::id::{NodeId, Seq, SessionId, Token};
use guildhall_plan::fault::{Knock, Misdeed};
use guildhall_runtime::client::Wish;
use guildhall_runtime::rt::Rt;
use guildhall_runtime::wire::encode_client;
use tokio_websockets::{ClientBuilder, Message};

use super::super::Play;
use super::number;
use crate::net::Host;
use crate::world::World;

/// Messages at most that a stranger listens to before it gives up.
const PATIENCE: usize = 1_000;

impl<W: World> Play<W> {
    /// A hostile client speaks out of turn.
    pub(super) fn misbehave(&self, client: usize, deed: Misdeed) {
        let identity = self.topology.clients[client].identity;
        self.clients.wish(
            client,
            Wish::Utter(Box::new(move |machine| {
                let (session, last) = (machine.session(), machine.last());
                let say = |frame: ClientFrame| vec![encode_client(&frame)];
                match deed {
                    Misdeed::Flood { frames } => {
                        let beat = encode_client(&ClientFrame::Heartbeat { d: None });
                        vec![beat; frames as usize]
                    }
                    Misdeed::LieAhead { by } => {
                        say(ClientFrame::Heartbeat { d: Some(Seq(last.0 + by)) })
                    }
                    Misdeed::Broken => vec!["{\"op\":".to_owned()],
                    Misdeed::Opcode => vec!["{\"op\":99,\"d\":null}".to_owned()],
                    Misdeed::Other => vec!["{\"op\":3,\"d\":{}}".to_owned()],
                    Misdeed::Huge { bytes } => {
                        vec![format!("{{\"op\":1,\"d\":null}}{}", " ".repeat(bytes as usize))]
                    }
                    Misdeed::IdentifyAgain => {
                        let (token, intents) = (identity.token, identity.intents);
                        let shard = identity.shard;
                        say(ClientFrame::Identify(Identify { token, intents, shard }))
                    }
                    Misdeed::ResumeAgain => {
                        let session = session.unwrap_or_default();
                        say(ClientFrame::Resume(Resume {
                            token: identity.token,
                            session,
                            seq: last,
                        }))
                    }
                }
            })),
        );
    }

    /// A stranger opens a socket of its own, to say one thing on it.
    pub(super) fn steal(&self, index: usize, client: usize, token: bool) {
        let identity = self.topology.clients[client].identity;
        let Some((Some(session), seq)) = self.seen_of(client) else { return };
        let token = if token { identity.token } else { Token(!identity.token.0) };
        self.admit(index, identity.home, ClientFrame::Resume(Resume { token, session, seq }));
    }

    /// A stranger opens a socket of its own, to ask for what there is not.
    pub(super) fn knock(&self, index: usize, client: usize, says: Knock) {
        let identity = self.topology.clients[client].identity;
        let Some((session, last)) = self.seen_of(client) else { return };
        if let Some(frame) = says.frame(identity, session, last) {
            self.admit(index, identity.home, frame);
        }
    }

    /// The session that a client is in, and the last that it has taken of it.
    fn seen_of(&self, client: usize) -> Option<(Option<SessionId>, Seq)> {
        let bench = self.judge.bench();
        bench.written.of(number(client)).map(|taken| (taken.session, taken.last))
    }

    /// A stranger has something to say at a node.
    fn admit(&self, index: usize, node: NodeId, word: ClientFrame) {
        let rt = self.world.build(Host::Stranger(number(index)), 0);
        let at = self.world.door(node);
        rt.spawn(intrude(rt.clone(), at, encode_client(&word)));
    }
}

/// Says one thing, and listens until it is shown the door.
async fn intrude<R: Rt>(rt: R, at: std::net::SocketAddr, word: String) {
    let Ok(stream) = rt.connect(at).await else { return };
    let Ok(builder) = ClientBuilder::new().uri(&format!("ws://{at}/")) else { return };
    let Ok((mut socket, _)) = builder.connect_on(stream).await else { return };
    if socket.send(Message::text(word)).await.is_err() {
        return;
    }
    for _ in 0..PATIENCE {
        match socket.next().await {
            Some(Ok(message)) if !message.is_close() => {}
            Some(_) | None => return,
        }
    }
}
