//! Reading tools: their rules count together, whatever run and extension they are of, so that no document fills the memory.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::loose::{Counted, Text};
use super::shapes::{Component, Tool};
use super::{MOST_EXTENSIONS, MOST_RULES};

/// A tool, and how many rules the document may still have.
pub(super) struct ToolSeed<'a>(pub(super) &'a mut usize);

impl<'de> DeserializeSeed<'de> for ToolSeed<'_> {
    type Value = Tool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tool, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ToolSeed<'_> {
    type Value = Tool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a tool")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tool, A::Error> {
        let mut tool = Tool::default();
        while let Some(Text(key)) = map.next_key()? {
            match key.as_str() {
                "driver" => tool.driver = map.next_value_seed(ComponentSeed(&mut *self.0))?,
                "extensions" => tool.extensions = map.next_value_seed(ExtensionsSeed(&mut *self.0))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(tool)
    }
}

/// A tool's own part, or one of its extensions.
struct ComponentSeed<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for ComponentSeed<'_> {
    type Value = Component;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Component, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ComponentSeed<'_> {
    type Value = Component;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a tool component")
    }

    fn visit_unit<E>(self) -> Result<Component, E> {
        Ok(Component::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Component, A::Error> {
        let mut component = Component::default();
        while let Some(Text(key)) = map.next_key()? {
            match key.as_str() {
                "name" => component.name = map.next_value()?,
                "rules" => {
                    let refusal = format!("at most {MOST_RULES} rules are read, of all tools together");
                    component.rules = map.next_value_seed(Counted::new(&mut *self.0, Some(refusal)))?;
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(component)
    }
}

/// The first extensions of a tool; the rest is skipped.
struct ExtensionsSeed<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for ExtensionsSeed<'_> {
    type Value = Vec<Component>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ExtensionsSeed<'_> {
    type Value = Vec<Component>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut extensions = Vec::new();
        while extensions.len() < MOST_EXTENSIONS {
            match list.next_element_seed(ComponentSeed(&mut *self.0))? {
                Some(extension) => extensions.push(extension),
                None => return Ok(extensions),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(extensions)
    }
}
