//! Values of plans: whatever a number or a time is, the plan is refused with an error that names it, or
//! it runs, without a panic and without a violation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::file::Document;
use guildhall_plan::plan::{Plan, PlanError};
use guildhall_plan::run::Options;
use guildhall_sim::run::run;
use quickcheck::{Arbitrary, Gen, quickcheck};
use toml::{Table, Value};

/// A plan with each numeric field of clients, actions and faults.
const PLAN: &str = r#"
seed = 1
weather = "5s"
linger = "1s"

[network]
bandwidth = 100000

[[node]]
name = "berlin"
drift = 5

[[node]]
name = "paris"

[[guild]]
name = "g"
owner = "berlin"
everyone = 3072
channels = ["c"]

[[client]]
name = "alice"
node = "paris"
guilds = ["g"]
count = 2
starts = "10ms"
within = "10ms"
intents = 33281
shards = [0, 1]
drift = 1

[[client]]
name = "mallory"
node = "berlin"
guilds = ["g"]
hostile = true

[[action]]
at = "2s"
client = "alice"
do = "say"
to = "g/c"
text = "x"

[[action]]
at = "3s"
client = "alice"
do = "edit"
back = 1
text = "y"

[[fault]]
at = "1s"
for = "1s"
kind = "slow"
client = "alice"
bandwidth = 300

[[fault]]
at = "1s"
for = "1s"
kind = "delay"
from = "berlin"
to = "paris"
by = "10ms"

[[fault]]
at = "1s"
for = "1s"
kind = "loss"
from = "*"
to = "journal"
share = 50

[[fault]]
at = "1s"
for = "1s"
kind = "duplicate"
from = "*"
to = "directory"
share = 50

[[fault]]
at = "1s"
for = "1s"
kind = "journal-slow"
guild = "g"
by = "10ms"

[[fault]]
at = "2s"
for = "500ms"
kind = "journal-full"
guild = "g"
room = 1

[[fault]]
at = "2s"
kind = "clock-jump"
node = "paris"
by_ms = 7

[[fault]]
at = "2500ms"
kind = "cut"
client = "alice"
how = { half-open = { late = "10ms" } }

[[fault]]
at = "3s"
kind = "misbehave"
client = "mallory"
violation = { flood = { frames = 3 } }

[[fault]]
at = "4s"
kind = "misbehave"
client = "mallory"
violation = { huge = { bytes = 300 } }

[[fault]]
at = "4500ms"
kind = "misbehave"
client = "mallory"
violation = { lie-ahead = { by = 2 } }

[[fault]]
at = "3s"
kind = "invalid-login"
client = "alice"
says = { ahead = { by = 2 } }
"#;

/// The numbers that are tried: those around powers of two, where something may overflow or begin.
const NUMBERS: [i64; 17] = [
    i64::MIN,
    -2_147_483_648,
    -1,
    0,
    1,
    2,
    63,
    64,
    100,
    256,
    1_000,
    4_096,
    65_535,
    65_536,
    4_294_967_295,
    4_294_967_296,
    i64::MAX,
];

/// The times that are tried.
const TIMES: [&str; 11] = [
    "0s",
    "1us",
    "1ms",
    "10ms",
    "500ms",
    "1s",
    "10s",
    "1h",
    "2400h",
    "2401h",
    "18446744073709551615us",
];

/// The steps of a run that is tried. Most runs end before.
const STEPS: u64 = 4_000;

/// The position of a value: keys, and indexes of lists.
type Path = Vec<String>;

/// The plan as a table, with every field of the limits and of the network.
fn table() -> Table {
    Table::try_from(Plan::from_toml(PLAN).unwrap()).unwrap()
}

/// The positions of all numbers and times, with the values to try there.
fn fields() -> Vec<(Path, Vec<Value>)> {
    let mut found = Vec::new();
    collect(&Value::Table(table()), &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Value, at: &mut Path, found: &mut Vec<(Path, Vec<Value>)>) {
    let mut within = |key: String, value: &Value| {
        at.push(key);
        collect(value, at, found);
        at.pop();
    };
    match value {
        Value::Integer(_) => {
            found.push((at.clone(), NUMBERS.into_iter().map(Value::Integer).collect()));
        }
        Value::String(text) if text.parse::<guildhall_core::time::Span>().is_ok() => {
            let times = TIMES.into_iter().map(|time| Value::String(time.to_owned()));
            found.push((at.clone(), times.collect()));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, item)| within(index.to_string(), item));
        }
        Value::Table(table) => {
            table.iter().for_each(|(key, value)| within(key.clone(), value));
        }
        Value::String(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

fn set(mut value: &mut Value, at: &[String], new: Value) {
    for key in at {
        value = match value {
            Value::Array(list) => &mut list[key.parse::<usize>().unwrap()],
            Value::Table(table) => &mut table[key],
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_) => panic!("{at:?} has no {key}"),
        };
    }
    *value = new;
}

fn read(text: &str) -> Result<Plan, PlanError> {
    let document = Document::parse(text)?;
    let plan = document.plan()?;
    document.validate(&plan).map(|()| plan)
}

/// Changes values of the plan, and says what is wrong with the answer: neither an error that names one
/// of them, nor a run that holds.
fn wrong(changes: &[(Path, Value)]) -> Option<String> {
    let mut plan = Value::Table(table());
    for (at, value) in changes {
        set(&mut plan, at, value.clone());
    }
    let text = toml::to_string(&plan).unwrap();
    let plan = match read(&text) {
        Ok(plan) => plan,
        Err(error) => {
            let told = error.to_string();
            let mut keys = changes
                .iter()
                .map(|(at, _)| at.iter().rev().find(|key| key.parse::<usize>().is_err()).unwrap());
            let is_named = keys.any(|key| told.contains(key));
            return (!is_named).then(|| format!("{changes:?} is not named: {told}"));
        }
    };
    if plan.sessions() > 1_000 {
        return None;
    }
    let outcome = run(&plan, Options { max_steps: Some(STEPS), ..Options::default() }, &mut ());
    let first = outcome.unwrap().violations.into_iter().next()?;
    let path = std::env::temp_dir().join("wrong.toml");
    let _ = std::fs::write(path, &text);
    Some(format!("{changes:?}: {} {}: {}", first.clause, first.subject, first.message))
}

#[test]
fn each_value_is_refused_by_name_or_holds() {
    let fields = fields();
    assert!(fields.len() > 70, "{} fields", fields.len());
    let wrongs: Vec<String> = fields
        .into_iter()
        .flat_map(|(at, values)| values.into_iter().map(move |value| (at.clone(), value)))
        .filter_map(|change| wrong(&[change]))
        .collect();
    assert!(wrongs.is_empty(), "{} are wrong:\n{}", wrongs.len(), wrongs.join("\n"));
}

/// Two values at once.
#[derive(Clone, Debug)]
struct TwoChanges([(Path, Value); 2]);

impl Arbitrary for TwoChanges {
    fn arbitrary(g: &mut Gen) -> Self {
        let fields = fields();
        let mut change = || {
            let (at, values) = g.choose(&fields).unwrap().clone();
            (at, g.choose(&values).unwrap().clone())
        };
        Self([change(), change()])
    }
}

quickcheck! {
    fn two_values_at_once_are_refused_or_cause_no_panic(two: TwoChanges) -> bool {
        !wrong(&two.0).is_some_and(|why| why.contains("panic") || why.contains("not named"))
    }
}
