//! Plans: writing, parsing and running them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::capsule::Capsule;
use guildhall_plan::plan::Plan;
use guildhall_plan::run::Options;
use guildhall_sim::run::{Fast, run};

#[test]
fn a_capsule_reads_back_as_it_was_written_and_still_holds() {
    let plan = guildhall_plan::engine::references().unwrap().remove(0);
    let (capsule, outcome) = Capsule::of(&Fast::new(), plan, Options::default()).unwrap();
    let again = Capsule::from_toml(&capsule.to_toml()).unwrap();
    assert_eq!(again, capsule);
    assert_eq!(again.judge(&outcome), Ok(()));
}

#[test]
fn a_name_that_is_not_in_the_plan_is_named() {
    let mut plan = guildhall_plan::engine::references().unwrap().remove(0);
    plan.actions[0].client = "carol".to_owned();
    let error = run(&plan, Options::default(), &mut ()).unwrap_err();
    assert_eq!(error.to_string(), "action 1: client `carol` is not in the plan");
}

/// A plan in every short form that a person would write.
const BY_HAND: &str = r#"
weather = "5s"

[[node]]
name = "berlin"

[[node]]
name = "paris"

[[guild]]
name = "rustaceans"
owner = "berlin"
standby = "paris"
owner_user = "alice"
channels = [
    "general",
    { name = "secret", overwrites = [
        { role = "everyone", deny = ["view-channel"] },
        { role = "staff", allow = 1024 },
        { member = "bob", allow = ["view-channel"] },
    ] },
]
roles = { staff = ["manage-roles", "kick-members"] }
members = { bob = ["staff"] }

[[client]]
name = "alice"
node = "paris"
guilds = ["rustaceans"]

[[client]]
name = "bob"
node = "paris"
guilds = ["rustaceans"]
shards = [0, 1]

[[client]]
name = "olaf"
node = "berlin"

[[action]]
at = "1s"
client = "bob"
do = "say"
to = "rustaceans/general"
text = "hello"
mentions = ["alice"]

[[action]]
at = "2s"
client = "bob"
do = "edit"
text = "hello, all"

[[action]]
at = "2s"
client = "olaf"
do = "join"
guild = "rustaceans"

[[action]]
at = "3s"
client = "alice"
do = "create-channel"
channel = "rustaceans/later"

[[action]]
at = "4s"
client = "alice"
do = "delete"
of = "bob"

[[fault]]
at = "2s"
kind = "loss"
from = "*"
to = "journal/rustaceans"
share = 30
for = "1s"

[[fault]]
at = "2s"
kind = "crash"
node = "berlin"
when = { guild = "rustaceans", is = "appending" }
for = "500ms"
"#;

#[test]
fn a_plan_by_hand_can_be_run() {
    let plan = Plan::from_toml(BY_HAND).unwrap();
    assert_eq!(Plan::from_toml(&plan.to_toml()).as_ref(), Ok(&plan));
    let cast = guildhall_plan::run::cast(&plan).unwrap();
    let state = &cast.guilds[0].founding.state;
    let names: Vec<_> = cast.guilds[0].channels.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["general", "secret", "later"]);
    assert_eq!(state.owner, cast.clients[0].user);
    assert_eq!((state.channels.len(), state.members.len(), state.roles.len()), (2, 2, 2));
    assert!(state.sees(cast.clients[1].user, cast.guilds[0].channels[1].1));
    let outcome = run(&plan, Options::default(), &mut ()).unwrap();
    assert_eq!(outcome.violations, []);
}
