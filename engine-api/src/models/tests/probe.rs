//! Asks a type what it is made of, by way of its own `Deserialize`: which fields it has, of which types, and which it
//! cannot do without.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// A field: its type as `tests/api_fields.tsv` writes it, and whether the type cannot be read without it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Field {
    pub(super) kind: String,
    pub(super) required: bool,
}

/// Types by name, and their fields by the name they have in JSON.
pub(super) type Types = BTreeMap<&'static str, BTreeMap<&'static str, Field>>;

/// Puts `T`, and all types it is made of, into `types`; gives the type's name, and a value with something in every
/// field.
pub(super) fn probe<T: DeserializeOwned>(types: &RefCell<Types>) -> (&'static str, T) {
    let probe = Probe::new(types);
    let value = T::deserialize(&probe).unwrap();
    let kind = probe.kind.into_inner();
    let name = kind.strip_prefix("object:").unwrap();
    let name = types.borrow().keys().find(|key| **key == name).copied().unwrap();
    (name, value)
}

/// A deserializer that has a value of whatever type it is asked for, and notes what that was.
struct Probe<'t> {
    types: &'t RefCell<Types>,
    kind: RefCell<String>,
}

impl<'t> Probe<'t> {
    fn new(types: &'t RefCell<Types>) -> Self {
        Self { types, kind: RefCell::default() }
    }

    fn note(&self, kind: impl Into<String>) {
        *self.kind.borrow_mut() = kind.into();
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $value:expr, $kind:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.note($kind);
            visitor.$visit($value)
        })*
    };
}

impl<'de> Deserializer<'de> for &Probe<'_> {
    type Error = Error;

    scalars! {
        deserialize_bool visit_bool true, "boolean";
        deserialize_i64 visit_i64 1, "integer";
        deserialize_u64 visit_u64 1, "integer";
        deserialize_u32 visit_u32 1, "integer";
        deserialize_u16 visit_u16 1, "integer";
        deserialize_u8 visit_u8 1, "integer";
        // An id, a name, and a version of the API.
        deserialize_str visit_str "1.41", "string";
        deserialize_string visit_str "1.41", "string";
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("a type that the table has no word for"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let item = Probe::new(self.types);
        let value = visitor.visit_seq(One { probe: &item, left: 1 })?;
        self.note(format!("[{}]", item.kind.borrow()));
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let item = Probe::new(self.types);
        let value = visitor.visit_map(One { probe: &item, left: 1 })?;
        self.note(format!("{{{}}}", item.kind.borrow()));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.note(format!("object:{name}"));
        self.types.borrow_mut().entry(name).or_default();
        visitor.visit_map(Fields { types: self.types, name, fields: fields.iter(), field: "" })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct enum
        identifier ignored_any
    }
}

/// A list of one item, or a map of one value.
struct One<'p, 't> {
    probe: &'p Probe<'t>,
    left: usize,
}

impl<'de> SeqAccess<'de> for One<'_, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.probe).map(Some)
    }
}

impl<'de> MapAccess<'de> for One<'_, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(StrDeserializer::new("key")).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.probe)
    }
}

/// All fields of a type, with a value for each.
struct Fields<'t> {
    types: &'t RefCell<Types>,
    name: &'static str,
    fields: std::slice::Iter<'static, &'static str>,
    field: &'static str,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(field) = self.fields.next() else { return Ok(None) };
        self.field = field;
        seed.deserialize(StrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let probe = Probe::new(self.types);
        let value = seed.deserialize(&probe)?;
        let field = Field { kind: probe.kind.into_inner(), required: false };
        self.types.borrow_mut().get_mut(self.name).unwrap().entry(self.field).or_insert(field);
        Ok(value)
    }
}
