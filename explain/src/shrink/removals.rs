//! The parts of a plan that can be removed. For each kind of part, a walk over the plan asks for each
//! part whether to remove it. A plan that still refers to a removed part is invalid, and no candidate.

use std::collections::BTreeSet;
use std::ops::Range;

use guildhall_core::dispatch::Intents;
use guildhall_core::limits::Limits;
use guildhall_core::permission::Permissions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::ddmin::reduce;
use super::search::Search;
use crate::repeater::Parallel;
use guildhall_plan::plan::{ClientAction, Network, PermissionNames, Plan, TargetPlan};
use guildhall_plan::run::Runner;

/// Asks for each part of a kind, in the order of the plan, whether to remove it, and removes it.
pub(super) type Walk = fn(&mut Plan, &mut dyn FnMut() -> bool);

/// All kinds with their names, in the order in which to remove them.
pub(super) const ALL: &[(&str, Walk)] = &[
    ("faults", faults),
    ("actions", actions),
    ("clients", clients),
    ("guilds", guilds),
    ("nodes", nodes),
    ("channels", channels),
    ("roles", roles),
    ("extras", extras),
    ("network", network),
    ("limits", limits),
];

/// Removes all parts of a kind that the failure does not need.
pub(super) fn remove_all_of<R: Runner, P: Parallel>(
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

fn faults(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    plan.faults.retain(|_| !remove());
}

fn actions(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    plan.actions.retain(|_| !remove());
}

/// References to a removed client are removed with it.
fn clients(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    let mut gone = BTreeSet::new();
    plan.clients.retain(|client| {
        let removed = remove();
        if removed {
            gone.extend(client.names());
            gone.insert(client.name.clone());
        }
        !removed
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
    for action in &mut plan.actions {
        if let ClientAction::Say { mentions, .. } | ClientAction::Edit { mentions, .. } =
            &mut action.action
        {
            mentions.retain(|name| !gone.contains(name));
        }
    }
}

fn guilds(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    plan.guilds.retain(|_| !remove());
    let left: BTreeSet<_> = plan.guilds.iter().map(|guild| &guild.name).collect();
    for client in &mut plan.clients {
        client.guilds.retain(|name| left.contains(name));
    }
}

/// Clients and guilds of a removed node move to the first remaining one.
fn nodes(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    plan.nodes.retain(|_| !remove());
    let left: BTreeSet<_> = plan.nodes.iter().map(|node| &node.name).collect();
    let Some(first) = plan.nodes.first().map(|node| &node.name) else { return };
    let homes = plan.clients.iter_mut().map(|client| &mut client.node);
    for home in homes.chain(plan.guilds.iter_mut().map(|guild| &mut guild.owner)) {
        if !left.contains(home) {
            home.clone_from(first);
        }
    }
    for guild in &mut plan.guilds {
        guild.standby = guild.standby.take().filter(|standby| left.contains(standby));
    }
}

fn channels(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    for guild in &mut plan.guilds {
        guild.channels.retain(|_| !remove());
    }
}

fn roles(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    for guild in &mut plan.guilds {
        let mut gone = BTreeSet::new();
        guild.roles.retain(|name, _| {
            let removed = remove();
            if removed {
                gone.insert(name.clone());
            }
            !removed
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

/// Optional values that differ from their defaults.
fn extras(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    let default = PermissionNames(Permissions::USUAL);
    for guild in &mut plan.guilds {
        drop_if(&mut guild.standby, remove);
        drop_if(&mut guild.owner_user, remove);
        guild.members.retain(|_, _| !remove());
        for channel in &mut guild.channels {
            channel.overwrites.retain(|_| !remove());
        }
        reset_if(&mut guild.everyone, default, remove);
    }
    for client in &mut plan.clients {
        client.guilds.retain(|_| !remove());
        drop_if(&mut client.shards, remove);
        reset_if(&mut client.hostile, false, remove);
        reset_if(&mut client.intents, Intents::USUAL, remove);
    }
    for action in &mut plan.actions {
        if let ClientAction::Say { mentions, .. } | ClientAction::Edit { mentions, .. } =
            &mut action.action
        {
            mentions.retain(|_| !remove());
        }
    }
}

fn drop_if<T>(value: &mut Option<T>, remove: &mut dyn FnMut() -> bool) {
    if value.is_some() && remove() {
        *value = None;
    }
}

fn reset_if<T: PartialEq>(value: &mut T, default: T, remove: &mut dyn FnMut() -> bool) {
    if *value != default && remove() {
        *value = default;
    }
}

fn network(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    reset_fields(&mut plan.network, &Network::default(), remove);
}

fn limits(plan: &mut Plan, remove: &mut dyn FnMut() -> bool) {
    reset_fields(&mut plan.limits, &Limits::default(), remove);
}

/// Resets fields to their defaults.
fn reset_fields<T: Serialize + DeserializeOwned>(
    values: &mut T,
    default: &T,
    remove: &mut dyn FnMut() -> bool,
) {
    let (Ok(mut table), Ok(default)) = (Table::try_from(&*values), Table::try_from(default)) else {
        return;
    };
    let names: BTreeSet<String> = table.keys().chain(default.keys()).cloned().collect();
    for name in names {
        if table.get(&name) == default.get(&name) || !remove() {
            continue;
        }
        match default.get(&name) {
            Some(value) => drop(table.insert(name, value.clone())),
            None => drop(table.remove(&name)),
        }
    }
    if let Ok(less) = Value::Table(table).try_into() {
        *values = less;
    }
}
