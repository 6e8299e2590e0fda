//! Schemas of the values whose text form is written by hand, or whose type is another crate's.

use std::borrow::Cow;

use guildhall_core::limits::{Limits, MOST_TIME};
use guildhall_core::mutant::Mutant;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::capsule::Expect;
use crate::digest::Fingerprint;
use crate::engine::Engine;
use crate::fault::MailEndpoint;
use crate::plan::PermissionNames;
use crate::seed::Seed;
use crate::short_hash::ShortHash;

/// The text form of a [`Span`](guildhall_core::time::Span) or an
/// [`Instant`](guildhall_core::time::Instant).
pub(crate) enum Time {}

/// The table of [`Limits`].
pub(crate) enum LimitsTable {}

/// The name of a [`Mutant`].
pub(crate) enum MutantName {}

/// Implements [`JsonSchema`] for a type, under this name.
macro_rules! schemas {
    ($($type:ty, $name:literal, $schema:expr;)*) => { $(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let schema: fn(&mut SchemaGenerator) -> Schema = $schema;
                schema(generator)
            }
        }
    )* };
}

schemas! {
    Time, "Time", |_| json_schema!({
        "description": format!(
            "A time: a decimal number and `us`, `ms`, `s`, `m` or `h`, no finer than a microsecond \
             and at most {MOST_TIME}."
        ),
        "type": "string",
        "pattern": r"^[0-9]+(\.[0-9]+)?(us|ms|s|m|h)$",
        "examples": ["250ms", "41.25s"],
    });
    Seed, "Seed", |_| json_schema!({
        "description": "A seed: from 0 to 2^53-1. TOML reads hexadecimal too: `0x2a`.",
        "type": "integer",
        "minimum": 0,
        "maximum": Seed::MAX.number(),
    });
    PermissionNames, "Permissions", |_| json_schema!({
        "description": "Permissions: a list of names, or Discord's number.",
        "anyOf": [
            { "type": "array", "items": { "enum": PermissionNames::all_words() } },
            { "type": "integer", "minimum": 0 },
        ],
    });
    MailEndpoint, "Endpoint", |_| json_schema!({
        "description": "An endpoint of messages: the name of a node, `*` for all nodes, `journal/` and \
                        a guild for its journal, `journal` for those of all guilds, or `directory`.",
        "type": "string",
        "examples": ["*", "journal", "directory"],
    });
    LimitsTable, "Limits", limits;
    MutantName, "Mutant", |_| json_schema!({
        "description": "A planted bug, by its name.",
        "enum": Mutant::ALL.iter().map(|mutant| mutant.word()).collect::<Vec<_>>(),
    });
    Expect, "Expect", |_| json_schema!({
        "description": "`pass`, or the clause that is violated first, such as `D4`.",
        "type": "string",
        "pattern": "^(pass|[A-Z].*)$",
    });
    Engine, "Engine", |_| json_schema!({
        "description": "An engine: six hexadecimal digits; after them `+dirty.` and six more if its \
                        sources were edited.",
        "type": "string",
        "pattern": r"^[0-9a-fA-F]{6}(\+dirty\.[0-9a-fA-F]{6})?$",
    });
    ShortHash, "PlanId", |_| json_schema!({
        "description": "The id of a plan: six hexadecimal digits.",
        "type": "string",
        "pattern": "^[0-9a-fA-F]{6}$",
    });
    Fingerprint, "Digest", |_| json_schema!({
        "description": "A digest: 32 hexadecimal digits.",
        "type": "string",
        "pattern": "^[0-9a-fA-F]{32}$",
    });
}

fn limits(generator: &mut SchemaGenerator) -> Schema {
    let defaults = serde_json::to_value(Limits::default()).unwrap_or_default();
    let properties = Limits::FIELDS.iter().map(|(name, about)| {
        let default = &defaults[*name];
        let mut schema = match default.is_string() {
            true => generator.subschema_for::<Time>(),
            false => generator.subschema_for::<u32>(),
        };
        schema.insert("description".to_owned(), about.join("").trim().into());
        schema.insert("default".to_owned(), default.clone());
        ((*name).to_owned(), schema.into())
    });
    let properties: Map<String, Value> = properties.collect();
    json_schema!({
        "description": "The limits, the same for all participants. They must work together: what is \
                        refused says how.",
        "type": "object",
        "properties": properties,
        "additionalProperties": json!(false),
    })
}
