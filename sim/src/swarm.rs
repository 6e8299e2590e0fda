//! Weather: the faults that a seed adds to a story.
//!
//! Each seed first draws which families exist at all, about half of them, then how strong they are,
//! how frames travel, and how tight the bounds are that the story leaves open. Rare combinations come about because most seeds leave most things out.
//! Two patterns are drawn on purpose, because real bugs live there: a second fault during the
//! recovery from the first, and a late word of a connection that is no more.

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::time::{Instant, Span};

use crate::fault::{Ending, Family, Fault, Milestone, Stage, Way};
use crate::plan::{FaultPlan, Latency, Plan};
use crate::seed::{Domain, Key, Ratio};

/// Adds the weather of the plan's own seed, of `families`, from the start until `until`.
pub fn weather(plan: &mut Plan, families: &[Family], until: Instant) {
    let key = plan.seed.key(Domain::Swarm);
    travel(plan, key.text("travel"));
    bounds(plan, key.text("bounds"));
    wishes(plan, key.text("wishes"));
    for &family in families {
        let key = key.text(family.name());
        if key.with(0).chance(Ratio::of(1, 2)) {
            let count = key.with(1).between(1, 6);
            for nth in 0..count {
                strike(plan, family, key.with(2).with(nth), until);
            }
        }
    }
}

/// How frames travel in this seed.
fn travel(plan: &mut Plan, key: Key) {
    let far = *key.with(0).pick(&[5, 20, 50, 200]);
    let (low, high) = (Span::millis(1), Span::millis(far));
    plan.network.client = match key.with(1).below(3) {
        0 => Latency::Constant { span: high },
        1 => Latency::Uniform { low, high },
        _ => Latency::LongTail { low, high: high.scaled(8, 1) },
    };
    plan.network.window = *key.with(2).pick(&[4_096, 16_384, 65_536, 262_144]);
}

/// What clients want to be told in this seed: mostly the usual, so that all the others hear of what
/// goes wrong, and now and then all or next to nothing.
fn wishes(plan: &mut Plan, key: Key) {
    let all = Intents(Intents::USUAL.0 | Intents::GUILD_MEMBERS.0);
    for (client, nth) in plan.clients.iter_mut().zip(0..) {
        if key.with(nth).with(0).chance(Ratio::of(1, 6)) {
            client.intents = *key.with(nth).with(1).pick(&[Intents::GUILDS, all]);
        }
    }
}

/// How tight the bounds are in this seed. What the story has set stays; half of the rest stays at
/// its default, so that every bound is met alone as well as among other tight ones.
fn bounds(plan: &mut Plan, key: Key) {
    let (usual, limits) = (Limits::default(), &mut plan.limits);
    macro_rules! maybe {
        ($($name:ident: $choices:expr;)*) => { $(
            let key_of = key.text(stringify!($name));
            if limits.$name == usual.$name && key_of.with(0).chance(Ratio::of(1, 2)) {
                limits.$name = *key_of.with(1).pick(&$choices);
            }
        )* };
    }
    let before = limits.clone();
    maybe! {
        heartbeat_interval: [Span::secs(2), Span::secs(5), Span::secs(15)];
        session_ttl: [Span::secs(2), Span::secs(10), Span::secs(40)];
        identify_every: [Span::millis(200), Span::secs(1)];
        replay_dispatches: [16, 64, 256];
        replay_bytes: [8_192, 65_536];
        live_unsent: [4, 12, 100];
        relay_sessions: [1, 3, 20];
        control_unsent_bytes: [64, 256, 1_024];
        chunk_entries: [1, 2, 7];
        catch_up_events: [1, 2, 8];
        relay_inbox: [1, 4];
        tip_every: [Span::millis(200), Span::secs(1)];
        gap_patience: [Span::millis(2), Span::millis(20)];
        connect_patience: [Span::secs(1), Span::secs(3)];
        backoff_most: [Span::secs(2), Span::secs(10)];
        request_again: [Span::millis(100), Span::secs(1)];
    }
    if limits.validate().is_err() {
        // Two of them do not go together: the story's own bounds are what is left.
        *limits = before;
    }
    plan.network.peer = match key.text("peer").below(3) {
        0 => plan.network.peer,
        1 => Latency::Uniform { low: Span::millis(1), high: Span::millis(100) },
        _ => Latency::LongTail { low: Span::millis(1), high: Span::secs(1) },
    };
}

fn strike(plan: &mut Plan, family: Family, key: Key, until: Instant) {
    let at = Instant::micros(key.text("at").between(0, until.as_micros()));
    let span = |name: &str, low, high| Span::micros(key.text(name).between(low, high) * 1_000);
    let way = *key.text("way").pick(&[Way::Down, Way::Up, Way::Both]);
    let nodes: Vec<&str> = plan.nodes.iter().map(|node| node.name.as_str()).collect();
    let names: Vec<&str> = plan.clients.iter().map(|client| client.name.as_str()).collect();
    if names.is_empty() || nodes.is_empty() {
        return;
    }
    let index = key.text("client").below(names.len() as u64) as usize;
    let mut client = names[index].to_owned();
    if plan.clients[index].count > 1 {
        client =
            format!("{client}-{}", key.text("nth").below(u64::from(plan.clients[index].count)));
    }
    let node = (*key.text("node").pick(&nodes)).to_owned();
    let (fault, lasts) = match family {
        Family::Link => match key.text("kind").below(6) {
            0 => (Fault::Cut { client: client.clone(), how: Ending::Fin }, Span::ZERO),
            1 => (Fault::Cut { client: client.clone(), how: Ending::Reset }, Span::ZERO),
            2 => {
                let how = Ending::HalfOpen { late: span("late", 10, 20_000) };
                (Fault::Cut { client: client.clone(), how }, Span::ZERO)
            }
            3 => (Fault::Stall { client: client.clone(), way }, span("for", 50, 10_000)),
            4 => {
                let bandwidth = *key.text("rate").pick(&[300, 2_000, 20_000]);
                (Fault::Slow { client: client.clone(), bandwidth }, span("for", 500, 10_000))
            }
            _ => (Fault::Silence { client: client.clone(), way }, Span::ZERO),
        },
        Family::Node => (Fault::Pause { node }, span("for", 50, 20_000)),
        Family::Clock => {
            let by = key.text("by").between(0, 2 * 3_600_000);
            let by_ms = i64::try_from(by).unwrap_or(0) - 3_600_000;
            (Fault::WallJump { node, by_ms }, Span::ZERO)
        }
        Family::Hostile => {
            let token = key.text("token").chance(Ratio::of(1, 3));
            (Fault::Steal { client: client.clone(), token }, Span::ZERO)
        }
    };
    // One fault in three waits for its victim to be in the midst of something.
    let waits = key.text("waits").chance(Ratio::of(1, 3)) && fault.client().is_some();
    let stages = [Stage::Identifying, Stage::Resuming, Stage::Replaying, Stage::Live];
    let when = waits.then(|| Milestone { client, is: *key.text("stage").pick(&stages) });
    plan.faults.push(FaultPlan { at, when, lasts, fault });
}
