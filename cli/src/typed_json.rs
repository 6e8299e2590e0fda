//! JSON for programs that have neither 64-bit integers nor times: ids are strings, as Discord has them,
//! and times are integers of microseconds under names that end in `_us`.
//!
//! The core serializes both under the names of their types. Plans and capsules take the plain form; this
//! serializer makes the difference, so no type needs a second form.

use guildhall_core::time::Span;
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::{Error, to_string};

/// The 64-bit types that are written as strings. Numbers of things, such as steps, stay numbers.
const STRINGS: [&str; 7] =
    ["ChannelId", "GuildId", "MessageId", "Nonce", "Permissions", "RoleId", "UserId"];

/// A value as a line.
pub(crate) fn line(value: &impl Serialize) -> Result<String, Error> {
    value.serialize(Typed).map(|json| json.text)
}

/// A part of a line.
struct Json {
    text: String,
    /// Whether its name says that it is in microseconds.
    is_time: bool,
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self { text, is_time: false }
    }
}

/// The serializer.
struct Typed;

/// Items or fields, up to what closes them.
struct Open {
    text: String,
    is_empty: bool,
    /// The name of the next value of a map.
    key: String,
    closing: &'static str,
}

impl Open {
    fn new(opening: &str, closing: &'static str) -> Self {
        Self { text: opening.to_owned(), is_empty: true, key: String::new(), closing }
    }

    /// The items or fields of a variant.
    fn of_variant(variant: &str, opening: &str, closing: &'static str) -> Self {
        Self::new(&format!("{{\"{variant}\":{opening}"), closing)
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.text.push(',');
        }
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.separate();
        self.text.push_str(&value.serialize(Typed)?.text);
        Ok(())
    }

    fn field(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let Json { text, is_time } = value.serialize(Typed)?;
        self.separate();
        self.text.push_str(&to_string(&named(key, is_time))?);
        self.text.push(':');
        self.text.push_str(&text);
        Ok(())
    }

    fn close(mut self) -> Json {
        self.text.push_str(self.closing);
        self.text.into()
    }
}

/// The name of a value.
fn named(key: &str, is_time: bool) -> String {
    let unit = if is_time { "_us" } else { "" };
    format!("{key}{unit}")
}

macro_rules! plain {
    ($($method:ident($of:ty);)*) => { $(
        fn $method(self, value: $of) -> Result<Json, Error> {
            to_string(&value).map(Json::from)
        }
    )* };
}

impl Serializer for Typed {
    type Ok = Json;
    type Error = Error;
    type SerializeSeq = Open;
    type SerializeTuple = Open;
    type SerializeTupleStruct = Open;
    type SerializeTupleVariant = Open;
    type SerializeMap = Open;
    type SerializeStruct = Open;
    type SerializeStructVariant = Open;

    plain! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
    }

    fn serialize_none(self) -> Result<Json, Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Json, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Json, Error> {
        Ok("null".to_owned().into())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Json, Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Json, Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<Json, Error> {
        let Json { text, is_time } = value.serialize(self)?;
        match name {
            name if STRINGS.contains(&name) => Ok(format!("\"{text}\"").into()),
            "Instant" | "Span" => {
                // The text form is exact.
                let span: Result<Span, _> = text.trim_matches('"').parse();
                let span = span.map_err(<Error as serde::ser::Error>::custom)?;
                Ok(Json { text: span.as_micros().to_string(), is_time: true })
            }
            "Wall" => {
                let millis: Result<u64, _> = text.parse();
                let millis = millis.map_err(<Error as serde::ser::Error>::custom)?;
                Ok(Json { text: (u128::from(millis) * 1_000).to_string(), is_time: true })
            }
            _ => Ok(Json { text, is_time }),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Json, Error> {
        let mut open = Open::new("{", "}");
        open.field(variant, value)?;
        Ok(open.close())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open, Error> {
        Ok(Open::new("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open, Error> {
        Ok(Open::new("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open, Error> {
        Ok(Open::new("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open, Error> {
        Ok(Open::of_variant(variant, "[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open, Error> {
        Ok(Open::new("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open, Error> {
        Ok(Open::new("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open, Error> {
        Ok(Open::of_variant(variant, "{", "}}"))
    }
}

macro_rules! of_items {
    ($($of:ident::$add:ident;)*) => { $(
        impl $of for Open {
            type Ok = Json;
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<Json, Error> {
                Ok(self.close())
            }
        }
    )* };
}

of_items! {
    SerializeSeq::serialize_element;
    SerializeTuple::serialize_element;
    SerializeTupleStruct::serialize_field;
    SerializeTupleVariant::serialize_field;
}

macro_rules! of_fields {
    ($($of:ident;)*) => { $(
        impl $of for Open {
            type Ok = Json;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.field(key, value)
            }

            fn end(self) -> Result<Json, Error> {
                Ok(self.close())
            }
        }
    )* };
}

of_fields! {
    SerializeStruct;
    SerializeStructVariant;
}

impl SerializeMap for Open {
    type Ok = Json;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        // A key that is an id or another number becomes a string.
        self.key = key.serialize(Typed)?.text.trim_matches('"').to_owned();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = std::mem::take(&mut self.key);
        self.field(&key, value)
    }

    fn end(self) -> Result<Json, Error> {
        Ok(self.close())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use guildhall_core::id::{GuildId, Nonce};
    use guildhall_core::limits::Limits;
    use guildhall_core::time::{Instant, Now, Span};
    use guildhall_plan::run::Options;
    use guildhall_plan::seed::Seed;
    use serde_json::Value;

    use super::*;

    /// A value of each shape that serde has.
    #[derive(serde::Serialize)]
    enum Shape {
        Unit,
        Newtype(Option<Span>),
        Tuple(GuildId, u8),
        Struct { text: &'static str, at: Instant, by: BTreeMap<GuildId, Nonce> },
    }

    #[test]
    fn ids_are_strings_and_times_are_named() {
        let by = BTreeMap::from([(GuildId(4), Nonce(u64::MAX))]);
        let shapes = [
            Shape::Unit,
            Shape::Newtype(Some(Span::millis(41))),
            Shape::Newtype(None),
            Shape::Tuple(GuildId(1 << 60), 3),
            Shape::Struct { text: "a \"b\"\n", at: Instant::micros(7), by },
        ];
        let expected = r#"["Unit",{"Newtype_us":41000},{"Newtype":null},
            {"Tuple":["1152921504606846976",3]},
            {"Struct":{"text":"a \"b\"\n","at_us":7,"by":{"4":"18446744073709551615"}}}]"#;
        let expected: String = expected.split("\n            ").collect();
        assert_eq!(line(&shapes).unwrap(), expected);
        let now = Now::from(Instant::micros(7_000));
        assert_eq!(line(&now).unwrap(), r#"{"instant_us":7000,"wall_us":7000}"#);
        // The world's own steps have no other wall clock than the time of the run, which begins at zero.
        let zero = Now::from(Instant::ZERO);
        assert_eq!(line(&zero).unwrap(), r#"{"instant_us":0,"wall_us":0}"#);
    }

    /// The plain form with the differences taken back.
    fn plain(value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, value)| match key.strip_suffix("_us") {
                    Some("wall") => ("wall".into(), (value.as_u64().unwrap() / 1_000).into()),
                    Some(name) => {
                        let span = Span::micros(value.as_u64().unwrap());
                        (name.to_owned(), serde_json::to_value(span).unwrap())
                    }
                    None => (key, plain(value)),
                });
                Value::Object(fields.collect())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
            Value::String(text) if text.parse::<u64>().is_ok() => {
                text.parse::<u64>().unwrap().into()
            }
            value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => value,
        }
    }

    #[test]
    fn nothing_else_differs_from_the_plain_form() {
        let scenario = guildhall_scenarios::by_name("kick-and-rejoin").unwrap();
        let plan = scenario.plan(Seed::default(), &Default::default()).unwrap();
        let mut recorder = guildhall_core::step::Recorder::default();
        guildhall_sim::run::run(&plan, Options::default(), &mut recorder).unwrap();
        assert!(recorder.steps.len() > 100);
        for step in &recorder.steps {
            let typed: Value = serde_json::from_str(&line(step).unwrap()).unwrap();
            let text = serde_json::to_string(step).unwrap();
            // A text of a message may consist of digits, and then it is taken for an id.
            assert_eq!(plain(typed), plain(serde_json::from_str(&text).unwrap()), "{text}");
        }
        let limits: Value = serde_json::from_str(&line(&Limits::default()).unwrap()).unwrap();
        assert!(limits["heartbeat_interval_us"].is_u64(), "{limits}");
    }
}
