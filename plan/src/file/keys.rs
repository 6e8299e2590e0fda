//! Keys and kinds that do not exist, in the parts of a plan that are flattened or tagged.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::probe::{self, Answer};
use crate::fault::{
    ClientPhase, CutKind, Direction, Fault, GuildPhase, InvalidLogin, NodePhase, ProtocolViolation,
    Trigger,
};
use crate::plan::{
    ActionPlan, ChannelTable, ClientAction, FaultPlan, Latency, OverwritePlan, PermissionNames,
    RoleTable,
};
use crate::text::nearest;

/// A key or a kind that does not exist.
#[derive(Debug)]
pub(super) struct Misspelt {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

/// Returns the first misspelt key or kind in the text of a plan.
pub(super) fn first_misspelt(plan: &DeTable<'_>) -> Option<Misspelt> {
    let mut search = Search { found: Vec::new() };
    search.plan(plan);
    search.found.into_iter().min_by_key(|misspelt| misspelt.span.start)
}

/// Adds to a message of serde what was probably meant. The message quotes the unknown word first, and
/// then those that exist.
pub(super) fn with_suggestion(message: &str) -> String {
    if let Some((keys, known)) = message
        .strip_prefix("unexpected keys in table: ")
        .and_then(|rest| rest.split_once(", available keys: "))
    {
        let key = keys.split(", ").next().unwrap_or(keys);
        let known = known.split(", ").map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        return with_suggestion(&format!("unknown key `{key}`, expected one of {known}"));
    }
    let message = message.replacen("unknown field", "unknown key", 1);
    let message = message.replacen("unknown variant", "unknown value", 1);
    let mut words = message.split('`').skip(1).step_by(2);
    let word = words.next().filter(|_| message.starts_with("unknown "));
    match word.and_then(|word| nearest(word, words)) {
        Some(near) => format!("{message}: did you mean `{near}`?"),
        None => message,
    }
}

/// A search through the tables of a plan.
struct Search {
    found: Vec<Misspelt>,
}

impl Search {
    fn plan(&mut self, plan: &DeTable<'_>) {
        for network in tables(plan, "network") {
            for name in ["client", "peer", "sync"] {
                for latency in tables(network, name) {
                    self.tagged::<Latency>(latency, "law", "a latency", &["law"]);
                }
            }
        }
        for guild in tables(plan, "guild") {
            for channel in list(guild, "channels").filter(|value| value.get_ref().is_table()) {
                self.read::<ChannelTable>(channel);
            }
            for role in tables(guild, "roles").into_iter().flat_map(DeTable::values) {
                match role.get_ref().is_table() {
                    true => self.read::<RoleTable>(role),
                    false => self.read::<PermissionNames>(role),
                }
            }
        }
        for action in tables(plan, "action") {
            self.tagged::<ClientAction>(action, "do", "an action", &ActionPlan::KEYS);
            self.value::<Vec<OverwritePlan>>(action, "overwrites");
            self.value::<PermissionNames>(action, "permissions");
        }
        for fault in tables(plan, "fault") {
            self.tagged::<Fault>(fault, "kind", "a fault", &FaultPlan::KEYS);
            self.value::<CutKind>(fault, "how");
            self.value::<Direction>(fault, "way");
            self.value::<ProtocolViolation>(fault, "violation");
            self.value::<InvalidLogin>(fault, "says");
            for trigger in tables(fault, "when") {
                self.trigger(trigger);
            }
        }
    }

    fn trigger(&mut self, trigger: &DeTable<'_>) {
        self.keys(trigger, "a trigger", &[&Trigger::KEYS]);
        if trigger.contains_key("client") {
            self.value::<ClientPhase>(trigger, "is");
        } else if trigger.contains_key("guild") {
            self.value::<GuildPhase>(trigger, "is");
        } else if trigger.contains_key("node") {
            self.value::<NodePhase>(trigger, "is");
        }
    }

    /// Checks a table whose keys depend on its kind, which is the value of `tag`. `common` are those
    /// that all kinds have.
    fn tagged<'de, T: Deserialize<'de>>(
        &mut self,
        table: &'de DeTable<'_>,
        tag: &'static str,
        what: &str,
        common: &'static [&'static str],
    ) {
        let Some((value, kind)) = table.get(tag).and_then(|it| Some((it, it.get_ref().as_str()?)))
        else {
            return;
        };
        let what = format!("{what} of the kind `{kind}`");
        match probe::tagged::<T>(tag, kind) {
            Answer::Keys(keys) => self.keys(table, &what, &[common, keys]),
            Answer::Kinds(kinds) => self.add(value.span(), format!("unknown kind `{kind}`"), kinds),
            Answer::Other => {}
        }
    }

    /// Checks the keys of a table.
    fn keys(&mut self, table: &DeTable<'_>, what: &str, known: &[&[&str]]) {
        let known = known.concat();
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let unknown = format!("unknown key `{}`", key.get_ref());
            self.add(key.span(), format!("{unknown} in {what}"), &known);
        }
    }

    /// Checks the value of a key by reading it.
    fn value<T: for<'de> Deserialize<'de>>(&mut self, table: &DeTable<'_>, key: &str) {
        if let Some(value) = table.get(key) {
            self.read::<T>(value);
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(&mut self, value: &Spanned<DeValue<'_>>) {
        if let Err(error) = T::deserialize(ValueDeserializer::from(value.clone())) {
            let span = error.span().unwrap_or_else(|| value.span());
            self.found.push(Misspelt { span, message: with_suggestion(error.message()) });
        }
    }

    fn add(&mut self, span: Range<usize>, unknown: String, known: &[&str]) {
        let known = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let message = with_suggestion(&format!("{unknown}, expected one of {known}"));
        self.found.push(Misspelt { span, message });
    }
}

/// The tables of this name: one, or a list of them.
fn tables<'a, 't>(table: &'a DeTable<'t>, name: &str) -> Vec<&'a DeTable<'t>> {
    let one = table.get(name).and_then(|value| value.get_ref().as_table());
    one.into_iter()
        .chain(list(table, name).filter_map(|value| value.get_ref().as_table()))
        .collect()
}

/// The items of the list of this name.
fn list<'a, 't>(
    table: &'a DeTable<'t>,
    name: &str,
) -> impl Iterator<Item = &'a Spanned<DeValue<'t>>> {
    let list = table.get(name).and_then(|value| value.get_ref().as_array());
    list.into_iter().flat_map(|list| list.iter())
}
