//! The cost of a change of permissions on a node with 10,000 sessions: one evaluation for each
//! visibility class, and one dispatch for each session concerned.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use guildhall_benches::{Stage, guild};
use guildhall_core::dispatch::Intents;
use guildhall_core::event::{Channel, Event};
use guildhall_core::id::{ChannelId, RoleId, UserId};
use guildhall_core::permission::{Overwrite, Permissions, Target};

const SESSIONS: u64 = 10_000;

/// An update of a channel: hidden from one role, or visible to all.
fn channel(is_hidden: bool) -> Event {
    let deny = if is_hidden { Permissions::VIEW_CHANNEL } else { Permissions::SEND_MESSAGES };
    let target = Target::Role(RoleId(100));
    let overwrites = [Overwrite { target, deny, allow: Permissions::NONE }].into();
    Event::ChannelUpdate(Channel { id: ChannelId(1_000), overwrites })
}

fn permission(c: &mut Criterion) {
    let mut group = c.benchmark_group("permission");
    group.sample_size(20);
    for kinds in [1, 100, 1_000] {
        let mut stage = Stage::new(guild(SESSIONS, kinds, 50));
        for user in 1..=SESSIONS {
            // One session in a hundred receives channel events, so that the evaluations dominate.
            let intents = if user % 100 == 0 { Intents::GUILDS } else { Intents::GUILD_MESSAGES };
            stage.enter(UserId(user), intents);
        }
        stage.form();
        let mut is_hidden = false;
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("roles", kinds), |b| {
            b.iter(|| {
                is_hidden = !is_hidden;
                let record = stage.record(channel(is_hidden));
                stage.arrive(record);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, permission);
criterion_main!(benches);
