//! How lists, texts and bags are read: no more is kept than is used, and in bags anything may stand.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::shapes::Message;
use crate::finding::incoming::cleaned;

/// The longest text that is kept, in characters.
const LONGEST_TEXT: usize = 4000;

/// A text, shortened.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text(pub(super) String);

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(cleaned(text, LONGEST_TEXT)))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The first `MOST` items of a list; the rest is skipped.
#[derive(Debug)]
pub struct Few<T, const MOST: usize>(pub(super) Vec<T>);

impl<T, const MOST: usize> Default for Few<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// The items of lists that count together: each that is kept takes one of what is left. What is more is skipped; or the list
/// is refused, if there is a reason.
pub(super) struct Counted<'a, T> {
    left: &'a mut usize,
    refusal: Option<String>,
    item: PhantomData<T>,
}

impl<'a, T> Counted<'a, T> {
    pub(super) fn new(left: &'a mut usize, refusal: Option<String>) -> Self {
        Self { left, refusal, item: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Counted<'_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Counted<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while *self.left > 0 {
            let Some(item) = list.next_element()? else { return Ok(items) };
            items.push(item);
            *self.left -= 1;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            if let Some(refusal) = &self.refusal {
                return Err(A::Error::custom(refusal));
            }
        }
        Ok(items)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Few<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Counted::new(&mut { MOST }, None).deserialize(deserializer).map(Self)
    }
}

/// Messages by their id, of which the first 50 are kept.
#[derive(Debug, Default)]
pub struct Messages(pub(super) BTreeMap<String, Message>);

struct MessagesVisitor;

impl<'de> Visitor<'de> for MessagesVisitor {
    type Value = Messages;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of messages")
    }

    fn visit_unit<E>(self) -> Result<Messages, E> {
        Ok(Messages::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Messages, A::Error> {
        let mut messages = BTreeMap::new();
        while let Some(Text(id)) = map.next_key()? {
            let message = map.next_value()?;
            if messages.len() < 50 {
                messages.insert(id, message);
            }
        }
        Ok(Messages(messages))
    }
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MessagesVisitor)
    }
}

/// A text or a number as text; none if it is anything else. Of an object, what stands under `value`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scalar(pub(super) Option<String>);

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar(None))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar(Some(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar(Some(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar(Some(number.to_string())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(Some(cleaned(text, LONGEST_TEXT)).filter(|text| !text.is_empty())))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        let mut found = Scalar(None);
        while let Some(Text(key)) = map.next_key()? {
            let value: Scalar = map.next_value()?;
            if key == "value" {
                found = value;
            }
        }
        Ok(found)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// The first `MOST` texts and numbers of an object; of a list, its items by their place. Anything else is skipped.
#[derive(Debug, Default)]
pub struct Named<const MOST: usize>(pub(super) BTreeMap<String, String>);

struct NamedVisitor(usize);

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(BTreeMap::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(Scalar(value)) = list.next_element()? {
            if let Some(value) = value.filter(|_| found.len() < self.0) {
                found.insert(found.len().to_string(), value);
            }
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(Text(key)) = map.next_key()? {
            let Scalar(value) = map.next_value()?;
            if let Some(value) = value.filter(|_| found.len() < self.0) {
                found.insert(key, value);
            }
        }
        Ok(found)
    }
}

impl<'de, const MOST: usize> Deserialize<'de> for Named<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor(MOST)).map(Self)
    }
}

/// What is understood of a property bag.
#[derive(Debug, Default)]
pub struct Bag {
    /// Texts and numbers by their name.
    pub(super) known: BTreeMap<&'static str, String>,
    /// The first of the package addresses (`purl`) of the rule.
    pub(super) purl: Option<String>,
}

/// The names of properties that are understood.
const KNOWN: [&str; 9] = [
    "security-severity",
    "cvssv4_vector",
    "cvssv3_vector",
    "cvssv2_vector",
    "cvssv4_baseScore",
    "cvssv3_baseScore",
    "cvssv2_score",
    "imageName",
    "purl",
];

struct BagVisitor;

impl<'de> Visitor<'de> for BagVisitor {
    type Value = Bag;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Bag, E> {
        Ok(Bag::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bag, A::Error> {
        let mut bag = Bag::default();
        while let Some(Text(key)) = map.next_key()? {
            if key == "purls" {
                let Named(purls) = map.next_value::<Named<1>>()?;
                bag.purl = purls.into_values().next();
            } else if let Some(known) = KNOWN.into_iter().find(|known| *known == key) {
                let Scalar(value) = map.next_value()?;
                bag.known.extend(value.map(|value| (known, value)));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(bag)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Bag, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Bag::default())
    }
}

impl<'de> Deserialize<'de> for Bag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BagVisitor)
    }
}

/// Reads an object as one whose fields are known, and nothing else as one.
pub(super) fn of_map<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: A) -> Result<T, A::Error> {
    T::deserialize(MapAccessDeserializer::new(map))
}
