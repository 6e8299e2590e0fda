//! Keys and kinds that do not exist, in the parts of a plan that are flattened or tagged.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::probe::{self, Answer};
use super::words;
use crate::fault::{
    ClientPhase, CutKind, Direction, Fault, GuildPhase, InvalidLogin, NodePhase, ProtocolViolation,
    Trigger,
};
use crate::plan::{
    ActionPlan, ChannelTable, ClientAction, FaultPlan, Latency, OverwritePlan, PermissionNames,
    RoleTable,
};

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

/// A search through the tables of a plan.
struct Search {
    found: Vec<Misspelt>,
}

impl Search {
    fn plan(&mut self, plan: &DeTable<'_>) {
        for network in tables(plan, "network") {
            for name in ["client", "peer", "sync"] {
                if let Some(latency) = network.get(name) {
                    self.tagged::<Latency>(latency, "law", "a latency", &["law"]);
                }
            }
        }
        for guild in tables(plan, "guild") {
            for channel in list(guild, "channels") {
                if channel.get_ref().is_table() {
                    self.read::<ChannelTable>(channel);
                } else if !channel.get_ref().is_str() {
                    self.expect(channel, "a channel is a name, or a table with its overwrites");
                }
            }
            for role in tables(guild, "roles").into_iter().flat_map(DeTable::values) {
                match role.get_ref().is_table() {
                    true => self.read::<RoleTable>(role),
                    false => self.read::<PermissionNames>(role),
                }
            }
        }
        for (item, action) in items(plan, "action") {
            self.tagged::<ClientAction>(item, "do", "an action", &ActionPlan::KEYS);
            self.value::<Vec<OverwritePlan>>(action, "overwrites");
            self.value::<PermissionNames>(action, "permissions");
        }
        for (item, fault) in items(plan, "fault") {
            self.tagged::<Fault>(item, "kind", "a fault", &FaultPlan::KEYS);
            self.variant::<CutKind>(fault, "how");
            self.value::<Direction>(fault, "way");
            self.variant::<ProtocolViolation>(fault, "violation");
            self.variant::<InvalidLogin>(fault, "says");
            if let Some(trigger) = fault.get("when") {
                self.trigger(trigger);
            }
        }
    }

    fn trigger(&mut self, value: &Spanned<DeValue<'_>>) {
        let usage = "a trigger has the key `client`, `guild` or `node`, and the key `is`";
        let Some(trigger) = value.get_ref().as_table() else { return self.expect(value, usage) };
        let participants = ["client", "guild", "node"].map(|key| trigger.contains_key(key));
        let named = participants.into_iter().filter(|is_named| *is_named).count();
        self.keys(trigger, "a trigger", &[&Trigger::KEYS]);
        if trigger.len() != 2 || named != 1 {
            // An unknown key comes later in the text, and says more.
            match trigger.keys().all(|key| Trigger::KEYS.contains(&key.get_ref().as_ref())) {
                true => self.expect(value, usage),
                false => return,
            }
        }
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
        item: &'de Spanned<DeValue<'_>>,
        tag: &'static str,
        what: &str,
        common: &'static [&'static str],
    ) {
        let value = item.get_ref().as_table().and_then(|table| Some((table, table.get(tag)?)));
        let Some((table, value)) = value else {
            let Answer::Kinds(kinds) = probe::tagged::<T>(tag, "") else { return };
            let kinds = words::quoted(kinds);
            return self.expect(item, &format!("{what} has the key `{tag}`, one of {kinds}"));
        };
        let Some(kind) = value.get_ref().as_str() else { return };
        let what = format!("{what} of the kind `{kind}`");
        match probe::tagged::<T>(tag, kind) {
            Answer::Keys(keys) => self.keys(table, &what, &[common, keys]),
            Answer::Kinds(kinds) => self.add(value.span(), format!("unknown kind `{kind}`"), kinds),
            Answer::Other => {}
        }
    }

    /// Checks a value that is a word, or a table of one word and its keys.
    fn variant<T: for<'de> Deserialize<'de>>(&mut self, table: &DeTable<'_>, key: &str) {
        let Some(value) = table.get(key) else { return };
        let only = value.get_ref().as_table().filter(|table| table.len() == 1);
        let word = match only.and_then(|table| table.iter().next()) {
            Some((word, inner)) if !inner.get_ref().is_table() => Some(word.get_ref().as_ref()),
            Some(_) => None,
            None => value.get_ref().as_str(),
        };
        match word.map(|word| (word, probe::variant::<T>(word))) {
            Some((word, Answer::Keys(keys))) => {
                let keys: Vec<String> = keys.iter().map(|key| format!("{key} = …")).collect();
                let usage = format!("write {{ {word} = {{ {} }} }}", keys.join(", "));
                self.expect(value, &format!("`{word}` has keys of its own: {usage}"));
            }
            Some(_) | None => self.read::<T>(value),
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
            self.found.push(Misspelt { span, message: words::of_plans(error.message()) });
        }
    }

    /// Refuses a value that has another form.
    fn expect(&mut self, value: &Spanned<DeValue<'_>>, usage: &str) {
        self.found.push(Misspelt { span: value.span(), message: usage.to_owned() });
    }

    fn add(&mut self, span: Range<usize>, unknown: String, known: &[&str]) {
        let known = words::quoted(known);
        let message = words::with_suggestion(&format!("{unknown}, expected one of {known}"));
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

/// The tables of the list of this name, each with its place.
fn items<'a, 't>(
    table: &'a DeTable<'t>,
    name: &str,
) -> impl Iterator<Item = (&'a Spanned<DeValue<'t>>, &'a DeTable<'t>)> {
    list(table, name).filter_map(|item| Some((item, item.get_ref().as_table()?)))
}

/// The items of the list of this name.
fn list<'a, 't>(
    table: &'a DeTable<'t>,
    name: &str,
) -> impl Iterator<Item = &'a Spanned<DeValue<'t>>> {
    let list = table.get(name).and_then(|value| value.get_ref().as_array());
    list.into_iter().flat_map(|list| list.iter())
}
