//! The variants of an enum, read out of its serde form.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer};
use serde_json::Value;

/// The keys under which enums with an inner tag keep the name of their variant.
const TAGS: [&str; 3] = ["do", "kind", "law"];

/// The error of a variant that does not exist: it lists those that do.
#[derive(Debug)]
struct Expected(&'static [&'static str]);

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {:?}", self.0)
    }
}

impl std::error::Error for Expected {}

impl de::Error for Expected {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

/// The names of all variants of `T`.
fn variants<T: DeserializeOwned>() -> &'static [&'static str] {
    let plain: StrDeserializer<'_, Expected> = "no such variant".into_deserializer();
    let plain = T::deserialize(plain).err().map(|Expected(names)| names);
    let tagged = TAGS.iter().map(|tag| {
        let entry = std::iter::once((*tag, "no such variant"));
        T::deserialize(MapDeserializer::<_, Expected>::new(entry)).err().map(|it| it.0)
    });
    let all = std::iter::once(plain).chain(tagged).flatten();
    all.max_by_key(|names| names.len()).unwrap_or_default()
}

/// The name of the variant of a value.
fn variant(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value).ok()? {
        Value::String(name) => Some(name),
        Value::Object(fields) => {
            let tag = TAGS.iter().find_map(|tag| fields.get(*tag)?.as_str());
            tag.map(str::to_owned).or_else(|| fields.keys().next().cloned())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

/// The variants that exist, and those that were seen, by type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    missing: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Coverage {
    /// Expects every variant of `T` but these, each with the reason why nothing can reach it.
    pub(crate) fn expect<T: DeserializeOwned>(&mut self, but: &[&str]) {
        let all = variants::<T>();
        assert!(!all.is_empty(), "{} is not an enum with names", type_name::<T>());
        for name in but {
            assert!(all.contains(name), "{} has no variant {name}", type_name::<T>());
        }
        let names = all.iter().filter(|name| !but.contains(name));
        self.expect_names(type_name::<T>(), names.map(|name| (*name).to_owned()));
    }

    /// Expects these names of a kind.
    pub(crate) fn expect_names(
        &mut self,
        kind: &'static str,
        names: impl IntoIterator<Item = String>,
    ) {
        self.missing.insert(kind, names.into_iter().collect());
    }

    /// Takes note of a value.
    pub(crate) fn see<T: Serialize>(&mut self, value: &T) {
        let missing = self.missing.get_mut(type_name::<T>()).filter(|missing| !missing.is_empty());
        if let Some(missing) = missing {
            variant(value).map(|name| missing.remove(&name));
        }
    }

    /// Takes note of a name of a kind.
    pub(crate) fn see_name(&mut self, kind: &'static str, name: &str) {
        self.missing.get_mut(kind).map(|missing| missing.remove(name));
    }

    /// Keeps what neither of the two has seen.
    pub(crate) fn join(&mut self, other: &Self) {
        for (kind, missing) in &mut self.missing {
            missing.retain(|name| other.missing[kind].contains(name));
        }
    }

    /// What was not seen: `type::variant`.
    pub(crate) fn missing(&self) -> Vec<String> {
        let name = |(kind, names): (&&str, &BTreeSet<String>)| {
            let kind = kind.rsplit("::").next().unwrap_or(kind).to_owned();
            names.iter().map(|name| format!("{kind}::{name}")).collect::<Vec<_>>()
        };
        self.missing.iter().flat_map(name).collect()
    }
}
