//! What the values of a plan may be. Names are checked where they are resolved, and so are the values
//! of faults.

use std::fmt::Display;
use std::ops::RangeInclusive;

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::{Limits, MOST_TIME};
use guildhall_core::permission::Role;
use guildhall_core::time::{Instant, Span};

use super::{ClientPlan, Latency, Network, Place, Plan, PlanError};

/// The largest drift of a clock, in millionths (CONTRACT, F3).
pub(super) const MOST_DRIFT: i32 = 10_000;

/// The largest number of nodes. Each of them sends tips to all others.
const MOST_NODES: usize = 1_000;

/// The largest number of clients, all crowds together. Each takes some kilobytes of memory.
pub(super) const MOST_CLIENTS: u64 = 2_000_000;

/// The longest latency that a law may draw: beyond it nothing that waits for an answer works.
const MOST_LATENCY: Span = Span::secs(60);

/// The room of a connection's buffers, in bytes: at least about one frame.
pub(super) const WINDOW: RangeInclusive<u32> = 64..=1 << 30;

/// The least bandwidth of a client's connection, in bytes per second.
pub(super) const LEAST_BANDWIDTH: u32 = 256;

/// Checks all values of a plan but those of faults.
pub(crate) fn check(plan: &Plan) -> Result<(), PlanError> {
    within("weather", plan.weather, Span::ZERO..=MOST_TIME)?;
    within("linger", plan.linger, Span::ZERO..=MOST_TIME)?;
    limits(&plan.limits).map_err(|error| error.within(Place::of("limits")))?;
    network(&plan.network, &plan.limits).map_err(|error| error.within(Place::of("network")))?;
    if !(1..=MOST_NODES).contains(&plan.nodes.len()) {
        return Err(PlanError::Invalid(format!("a plan has from 1 to {MOST_NODES} nodes")));
    }
    for (node, index) in plan.nodes.iter().zip(0..) {
        drift(node.drift).map_err(|error| error.at("node", index))?;
    }
    for (guild, index) in plan.guilds.iter().zip(0..) {
        for (name, role) in &guild.roles {
            let key = format!("roles.{name}.position");
            position(&key, role.position).map_err(|error| error.at("guild", index))?;
        }
    }
    for (part, index) in plan.clients.iter().zip(0..) {
        client(part).map_err(|error| error.at("client", index))?;
    }
    if plan.sessions() > MOST_CLIENTS {
        return Err(PlanError::Invalid(format!("a plan has at most {MOST_CLIENTS} clients")));
    }
    for (action, index) in plan.actions.iter().zip(0..) {
        instant("at", action.at).map_err(|error| error.at("action", index))?;
    }
    for (fault, index) in plan.faults.iter().zip(0..) {
        instant("at", fault.at).map_err(|error| error.at("fault", index))?;
        time("for", fault.lasts).map_err(|error| error.at("fault", index))?;
    }
    Ok(())
}

/// Returns the value if it is in the range.
pub(crate) fn within<T: PartialOrd + Display>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<T, PlanError> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(PlanError::value(key, format!("from {} to {}", range.start(), range.end())))
}

/// Returns the time if it is short enough that no sum of times overflows.
pub(crate) fn time(key: &str, value: Span) -> Result<Span, PlanError> {
    within(key, value, Span::ZERO..=MOST_TIME)
}

/// Returns the position of a role. 0 is that of @everyone.
pub(crate) fn position(key: &str, value: u16) -> Result<u16, PlanError> {
    within(key, value, Role::LOWEST..=u16::MAX)
}

fn instant(key: &str, value: Instant) -> Result<(), PlanError> {
    time(key, value.since(Instant::ZERO)).map(drop)
}

fn drift(value: i32) -> Result<(), PlanError> {
    within("drift", value, -MOST_DRIFT..=MOST_DRIFT).map(drop)
}

fn limits(limits: &Limits) -> Result<(), PlanError> {
    limits.validate().map_err(|error| PlanError::value(error.name(), error.rule()))
}

fn network(network: &Network, limits: &Limits) -> Result<(), PlanError> {
    latency("client", network.client)?;
    latency("peer", network.peer)?;
    latency("sync", network.sync)?;
    let patience = limits.heartbeat_interval.min(limits.connect_patience);
    if network.client.usual().scaled(4, 1) > patience {
        let must = "at most a quarter of heartbeat_interval and of connect_patience";
        return Err(PlanError::value(longest("client", network.client), must));
    }
    let trip = network.peer.usual().scaled(2, 1) + network.sync.usual();
    if trip.scaled(2, 1) > limits.stale_after {
        let must = "such that a message, a sync and the answer take at most half of stale_after";
        let (peer, sync) = (network.peer, network.sync);
        let (key, latency) =
            if sync.usual() > peer.usual() { ("sync", sync) } else { ("peer", peer) };
        return Err(PlanError::value(longest(key, latency), must));
    }
    within("window", network.window, WINDOW)?;
    within("bandwidth", network.bandwidth.unwrap_or(u32::MAX), LEAST_BANDWIDTH..=u32::MAX)?;
    Ok(())
}

/// The key of the longest latency of a law.
fn longest(key: &str, latency: Latency) -> String {
    match latency {
        Latency::Constant { .. } => format!("{key}.span"),
        Latency::Uniform { .. } | Latency::LongTail { .. } => format!("{key}.high"),
    }
}

fn latency(key: &str, latency: Latency) -> Result<(), PlanError> {
    match latency {
        Latency::Constant { span } => {
            within(&format!("{key}.span"), span, Span::ZERO..=MOST_LATENCY)?;
        }
        Latency::Uniform { low, high } | Latency::LongTail { low, high } => {
            if low > high {
                let must = format!("at most `high`, which is {high}");
                return Err(PlanError::value(format!("{key}.low"), must));
            }
            within(&format!("{key}.high"), high, low..=MOST_LATENCY)?;
        }
    }
    Ok(())
}

fn client(client: &ClientPlan) -> Result<(), PlanError> {
    within("count", client.count, 1..=u32::try_from(MOST_CLIENTS).unwrap_or(u32::MAX))?;
    instant("starts", client.starts)?;
    time("within", client.within)?;
    drift(client.drift)?;
    if client.intents.0 & !Intents::ALL.0 != 0 {
        let must =
            format!("a sum of the bits of {}, all the intents that there are", Intents::ALL.0);
        return Err(PlanError::value("intents", must));
    }
    match client.shards {
        Some([id, count]) if id >= count => {
            Err(PlanError::value("shards", "[id, count] with an id below the count"))
        }
        Some(_) | None => Ok(()),
    }
}
