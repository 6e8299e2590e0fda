//! One session by itself: the cost of a dispatch and of a replay.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use guildhall_core::context::Cx;
use guildhall_core::credit::Credit;
use guildhall_core::dispatch::{Body, Dispatch, Intents};
use guildhall_core::id::{Connection, Seq, SessionId, Shard, UserId};
use guildhall_core::limits::Limits;
use guildhall_core::machine::Sink;
use guildhall_core::mutant::Plant;
use guildhall_core::node::{Outbox, Output};
use guildhall_core::replay::{Log, LogId, Logs};
use guildhall_core::session::{Push, Session};
use guildhall_core::time::Instant;

struct OneLog(Log);

impl Logs for OneLog {
    fn log(&self, _: LogId) -> &Log {
        &self.0
    }
}

/// Adds up the sequence numbers of the dispatches.
struct Count(u64);

impl Sink<Output> for Count {
    fn emit(&mut self, _: Output) {}
}

impl Outbox for Count {
    fn dispatch(&mut self, _: Connection, s: Seq, _: &Arc<Dispatch>) {
        self.0 = self.0.wrapping_add(s.0);
    }
}

const LOG: LogId = LogId { relay: 0, class: 0 };

fn session(c: &mut Criterion) {
    let limits = Limits::default();
    let dispatch = Arc::new(Dispatch::private(Body::Resumed));
    let connection = Connection { slot: 0, generation: 1 };
    let fresh = || {
        let mut session = Session::new(SessionId(1), UserId(1), Shard::default(), Intents::USUAL);
        session.attach(connection, Credit::new(u32::MAX));
        session
    };

    let mut group = c.benchmark_group("session");
    group.throughput(Throughput::Elements(1));
    let (mut told, mut logs, mut count) = (fresh(), OneLog(Log::default()), Count(0));
    group.bench_function("step", |b| {
        b.iter(|| {
            let index = logs.0.append(dispatch.clone());
            told.drained(dispatch.bytes);
            let push = told.push_shared(&limits, &logs, (LOG, index), &dispatch, &mut count);
            logs.0.trim(&limits);
            assert!(push == Push::Fine, "the session keeps up");
        });
    });

    let (mut away, mut logs) = (fresh(), OneLog(Log::default()));
    for _ in 0..1_000 {
        let index = logs.0.append(dispatch.clone());
        let push = away.push_shared(&limits, &logs, (LOG, index), &dispatch, &mut count);
        assert!(push == Push::Fine, "the session keeps up");
    }
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("replay/dispatches=1000", |b| {
        b.iter(|| {
            let mut session = away.clone();
            let credit = Credit::new(u32::MAX);
            let plant = &mut Plant::new(None);
            let cx = &mut Cx::new(Instant::ZERO.into(), &limits, plant);
            let resumed = session.resume(cx, connection, credit, Seq::ZERO);
            assert!(resumed.is_ok(), "the log still holds everything");
            session.pump(cx, &logs, &mut count)
        });
    });
    group.finish();
}

criterion_group!(benches, session);
criterion_main!(benches);
