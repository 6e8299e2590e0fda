//! What can be taken out of a plan: a walk over each kind of thing asks of every one whether it is
//! to go. A plan that still names what is gone cannot be run, and is no candidate.

use std::collections::BTreeSet;
use std::ops::Range;

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::list::reduce;
use super::search::Search;
use crate::parallel::Parallel;
use guildhall_plan::plan::{Deed, Network, Plan, Powers, TargetPlan};
use guildhall_plan::run::Runner;

/// Asks of each thing of a kind, in the order of the plan, whether it goes, and takes it out.
pub(super) type Walk = fn(&mut Plan, &mut dyn FnMut() -> bool);

/// All kinds, each with its name, in the order in which they are best taken out.
pub(super) const ALL: &[(&str, Walk)] = &[
    ("faults", faults),
    ("acts", acts),
    ("clients", clients),
    ("guilds", guilds),
    ("nodes", nodes),
    ("channels", channels),
    ("roles", roles),
    ("extras", extras),
    ("network", network),
    ("limits", limits),
];

/// Takes out of the plan what can go of one kind.
pub(super) fn thin_out<R: Runner, P: Parallel>(
    search: &mut Search<'_, R, P>,
    what: &'static str,
    walk: Walk,
) {
    search.begin(what);
    let len = count(&search.plan, walk);
    reduce(len, |ranges: &[Range<usize>]| {
        let make = |plan: &Plan, nth: usize| without(plan, walk, &ranges[nth]);
        let nth = search.first(ranges.len(), &make)?;
        Some((nth, count(&search.plan, walk)))
    });
}

fn count(plan: &Plan, walk: Walk) -> usize {
    let mut count = 0;
    walk(&mut plan.clone(), &mut || {
        count += 1;
        false
    });
    count
}

fn without(plan: &Plan, walk: Walk, gone: &Range<usize>) -> Plan {
    let mut plan = plan.clone();
    let mut place = 0;
    walk(&mut plan, &mut || {
        place += 1;
        gone.contains(&(place - 1))
    });
    plan
}

fn faults(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    plan.faults.retain(|_| !goes());
}

fn acts(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    plan.acts.retain(|_| !goes());
}

/// What only mentions a client does not keep it.
fn clients(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    let mut gone = BTreeSet::new();
    plan.clients.retain(|client| {
        let goes = goes();
        if goes {
            gone.extend(client.names());
            gone.insert(client.name.clone());
        }
        !goes
    });
    for guild in &mut plan.guilds {
        guild.members.retain(|name, _| !gone.contains(name));
        guild.owner_user = guild.owner_user.take().filter(|name| !gone.contains(name));
        for channel in &mut guild.channels {
            channel.overwrites.retain(|overwrite| match &overwrite.target {
                TargetPlan::Member(name) => !gone.contains(name),
                TargetPlan::Role(_) => true,
            });
        }
    }
    for act in &mut plan.acts {
        if let Deed::Say { mentions, .. } = &mut act.deed {
            mentions.retain(|name| !gone.contains(name));
        }
    }
}

fn guilds(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    plan.guilds.retain(|_| !goes());
    let left: BTreeSet<_> = plan.guilds.iter().map(|guild| &guild.name).collect();
    for client in &mut plan.clients {
        client.guilds.retain(|name| left.contains(name));
    }
}

/// Whoever was at a node that goes moves to the first that stays.
fn nodes(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    plan.nodes.retain(|_| !goes());
    let left: BTreeSet<_> = plan.nodes.iter().map(|node| &node.name).collect();
    let Some(first) = plan.nodes.first().map(|node| &node.name) else { return };
    let homes = plan.clients.iter_mut().map(|client| &mut client.node);
    for home in homes.chain(plan.guilds.iter_mut().map(|guild| &mut guild.owner)) {
        if !left.contains(home) {
            home.clone_from(first);
        }
    }
    for guild in &mut plan.guilds {
        guild.heir = guild.heir.take().filter(|heir| left.contains(heir));
    }
}

fn channels(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    for guild in &mut plan.guilds {
        guild.channels.retain(|_| !goes());
    }
}

fn roles(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    for guild in &mut plan.guilds {
        let mut gone = BTreeSet::new();
        guild.roles.retain(|name, _| {
            let goes = goes();
            if goes {
                gone.insert(name.clone());
            }
            !goes
        });
        for held in guild.members.values_mut() {
            held.retain(|role| !gone.contains(role));
        }
        for channel in &mut guild.channels {
            channel.overwrites.retain(|overwrite| match &overwrite.target {
                TargetPlan::Role(role) => !gone.contains(role),
                TargetPlan::Member(_) => true,
            });
        }
    }
}

/// What a plan need not say: it is there only if it is not the usual.
fn extras(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    let usual = Powers(Permissions::USUAL);
    for guild in &mut plan.guilds {
        drop_if(&mut guild.heir, goes);
        drop_if(&mut guild.owner_user, goes);
        guild.members.retain(|_, _| !goes());
        for channel in &mut guild.channels {
            channel.overwrites.retain(|_| !goes());
        }
        reset_if(&mut guild.everyone, usual, goes);
    }
    for client in &mut plan.clients {
        client.guilds.retain(|_| !goes());
        drop_if(&mut client.shards, goes);
        reset_if(&mut client.hostile, false, goes);
        reset_if(&mut client.intents, Intents::USUAL, goes);
    }
    for act in &mut plan.acts {
        if let Deed::Say { mentions, .. } = &mut act.deed {
            mentions.retain(|_| !goes());
        }
    }
}

fn drop_if<T>(value: &mut Option<T>, goes: &mut dyn FnMut() -> bool) {
    if value.is_some() && goes() {
        *value = None;
    }
}

fn reset_if<T: PartialEq>(value: &mut T, usual: T, goes: &mut dyn FnMut() -> bool) {
    if *value != usual && goes() {
        *value = usual;
    }
}

fn network(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    reset_fields(&mut plan.network, &Network::default(), goes);
}

fn limits(plan: &mut Plan, goes: &mut dyn FnMut() -> bool) {
    reset_fields(&mut plan.limits, &Limits::default(), goes);
}

/// Sets fields back to the usual ones.
fn reset_fields<T: Serialize + DeserializeOwned>(
    values: &mut T,
    usual: &T,
    goes: &mut dyn FnMut() -> bool,
) {
    let (Ok(mut table), Ok(usual)) = (Table::try_from(&*values), Table::try_from(usual)) else {
        return;
    };
    let names: BTreeSet<String> = table.keys().chain(usual.keys()).cloned().collect();
    for name in names {
        if table.get(&name) == usual.get(&name) || !goes() {
            continue;
        }
        match usual.get(&name) {
            Some(value) => drop(table.insert(name, value.clone())),
            None => drop(table.remove(&name)),
        }
    }
    if let Ok(less) = Value::Table(table).try_into() {
        *values = less;
    }
}
