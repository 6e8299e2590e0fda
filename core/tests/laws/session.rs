//! A session against its model: the same numbers and contents on the same connections, the same
//! refusals, the same windows.

use std::sync::Arc;

use guildhall_core::context::Cx;
use guildhall_core::credit::Credit;
use guildhall_core::dispatch::{Dispatch, Intents};
use guildhall_core::id::{Connection, Seq, SessionId, Shard, UserId};
use guildhall_core::mutant::Plant;
use guildhall_core::node::Output;
use guildhall_core::session::{Push, Session};
use guildhall_core::time::Instant;
use proptest_state_machine::{StateMachineTest, prop_state_machine};

use crate::model::{Action, KEPT, KEPT_BYTES, Model, Outcome, limits};
use crate::replay::{Shelf, log_id, message};

/// The real one, with the logs that it shares.
struct Real {
    session: Session,
    shelf: Shelf,
    generations: u32,
    made: u64,
    outcome: Outcome,
}

fn connection(generation: u32) -> Connection {
    Connection { slot: 3, generation }
}

impl Real {
    fn fresh(generation: u32) -> Session {
        let (id, shard) = (SessionId(1), Shard::default());
        let mut session = Session::new(id, UserId(1), shard, Intents::USUAL);
        session.attach(connection(generation), Credit::new(1_500));
        session
    }

    fn act(&mut self, action: &Action) {
        let (limits, mut out) = (limits(), Vec::new());
        self.made += 1;
        let Self { session, shelf, .. } = self;
        let plant = &mut Plant::new(None);
        let cx = &mut Cx::new(Instant::ZERO.into(), &limits, plant);
        let push = match *action {
            Action::Shared { log, length } => {
                let dispatch = Arc::new(message(self.made, length));
                let at = (log_id(log), shelf.0[log].append(dispatch.clone()));
                let push = session.push_shared(&limits, shelf, at, &dispatch, &mut out);
                shelf.0[log].trim(&limits);
                Some(push)
            }
            Action::Own { length } => {
                let dispatch = Arc::new(message(self.made, length));
                Some(session.push_own(&limits, shelf, dispatch, &mut out))
            }
            Action::Resume { seq, window } => {
                let (to, credit) = (connection(self.generations + 1), Credit::new(window));
                match session.resume(cx, to, credit, Seq(seq)) {
                    Ok(()) => {
                        self.generations += 1;
                        Some(session.pump(cx, shelf, &mut out))
                    }
                    Err(refused) => {
                        self.outcome.refused = Some(refused);
                        None
                    }
                }
            }
            Action::Drained(bytes) => session.connection().is_some().then(|| {
                session.drained(bytes);
                session.pump(cx, shelf, &mut out)
            }),
            Action::Acknowledge(seq) => {
                if session.connection().is_some() {
                    session.acknowledge(cx, Seq(seq), shelf);
                }
                None
            }
            Action::Leave { log } => {
                session.keep_own(log_id(log), shelf);
                shelf.0[log].clear();
                None
            }
            Action::Detach => {
                session.detach(Instant::ZERO);
                None
            }
        };
        self.outcome.push = push;
        self.outcome.written = out.iter().map(written).collect();
    }
}

fn written(output: &Output) -> (u32, u64, Dispatch) {
    match output {
        Output::Dispatch { connection, s, dispatch } => {
            (connection.generation, s.0, Dispatch::clone(dispatch))
        }
        other => panic!("a session only writes: {other:?}"),
    }
}

struct SessionLaw;

impl StateMachineTest for SessionLaw {
    type SystemUnderTest = Real;
    type Reference = Model;

    fn init_test(_: &Model) -> Real {
        let (session, shelf) = (Real::fresh(1), Shelf::default());
        Real { session, shelf, generations: 1, made: 0, outcome: Outcome::default() }
    }

    fn apply(mut real: Real, model: &Model, action: Action) -> Real {
        match real.outcome.push {
            Some(Push::Overflow) => {
                real.generations += 1;
                real.session = Real::fresh(real.generations);
            }
            Some(Push::Slow) => {
                real.session.detach(Instant::ZERO);
            }
            Some(Push::Fine) | None => {}
        }
        real.outcome = Outcome::default();
        real.act(&action);
        assert_eq!(real.outcome, model.outcome, "after {action:?}");
        real
    }

    fn check_invariants(real: &Real, model: &Model) {
        let (session, replay) = (&real.session, real.session.replay());
        let generation = model.wire.as_ref().map(|wire| wire.generation);
        assert_eq!(session.connection().map(|connection| connection.generation), generation);
        if real.outcome.push == Some(Push::Overflow) {
            return;
        }
        assert_eq!((replay.low().0, replay.last().0), (model.low, model.last()));
        assert_eq!(replay.bytes(), model.bytes());
        assert!(
            replay.len() <= KEPT && replay.bytes() <= KEPT_BYTES,
            "the window is within limits"
        );
        assert_eq!(session.live_unsent(), model.live_unsent());
        let wire = model.wire.as_ref();
        let unsent = wire.map_or(0, |wire| model.last() - wire.sent);
        assert_eq!(session.unsent(), unsent);
        let room = wire.is_some_and(|wire| wire.credit > 0);
        assert_eq!(session.has_room(), room && unsent == 0);
    }
}

prop_state_machine! {
    #![proptest_config(crate::cases(2000))]

    #[test]
    fn a_session_writes_what_its_model_writes(sequential 1..80 => SessionLaw);
}
