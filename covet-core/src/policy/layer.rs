//! A layer of configuration: values with the place each came from.
//!
//! Figment merges layers and knows which one a value is from; the layer knows where in its text.

use std::collections::BTreeMap;
use std::ops::Range;

use figment::value::{Dict, Empty, Map, Num, Tag, Value};
use figment::{Metadata, Profile, Provider};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Position, Problem};
#[cfg(feature = "runtime")]
use super::shape;

/// The path of a key: table names and array indices.
pub(super) type Path = Vec<String>;

/// The values of one file, or of one environment variable.
#[derive(Debug, Clone)]
pub struct Layer {
    name: String,
    text: String,
    values: Dict,
    places: BTreeMap<Path, Place>,
}

/// Where a key stands in the text: byte offsets.
#[derive(Debug, Clone, Copy)]
struct Place {
    key: usize,
    value: usize,
}

/// Which part of `key = value` an error points at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

impl Layer {
    /// The layer of a TOML text; `name` is what its errors call the file.
    ///
    /// # Errors
    ///
    /// Every mistake in the syntax.
    pub fn toml(name: impl Into<String>, text: impl Into<String>) -> Result<Self, Vec<Problem>> {
        let (name, text) = (name.into(), text.into());
        let (document, errors) = DeTable::parse_recoverable(&text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|error| syntax_problem(&name, &text, error)).collect());
        }
        let mut places = BTreeMap::new();
        let values = read_table(&mut Path::new(), document.get_ref(), &mut places);
        Ok(Self { name, places, values, text })
    }

    /// The layers of variables such as `COVET_SESSIONS__IDLE_TIMEOUT=15m`. The double underscore stands between the
    /// parts of the key, and tells these variables from those that hold secrets and addresses.
    #[cfg(feature = "runtime")]
    pub fn environment(variables: impl IntoIterator<Item = (String, String)>) -> Vec<Self> {
        let layer = |(variable, text): (String, String)| {
            let key = variable.strip_prefix("COVET_").filter(|key| key.contains("__"))?;
            let path = key.to_ascii_lowercase().replace("__", ".");
            let Ok(value) = text.parse::<Value>();
            let values = figment::util::nest(&path, value).into_dict()?;
            Some(Self { name: variable, values, text: String::new(), places: BTreeMap::new() })
        };
        variables.into_iter().filter_map(layer).collect()
    }

    /// The variable that one was most likely meant to be which is no such layer: `COVET_SESSIONS__IDLE_TIMEOUT` for
    /// `COVET_SESSIONS_IDLE_TIMEOUT`.
    #[cfg(feature = "runtime")]
    #[must_use]
    pub fn meant(variable: &str) -> Option<String> {
        let key = variable.strip_prefix("COVET_")?.to_ascii_lowercase();
        let section =
            shape::sections().find(|section| key.strip_prefix(section).is_some_and(|rest| rest.starts_with('_')))?;
        let rest = variable.get("COVET_".len() + section.len() + "_".len()..)?;
        Some(format!("COVET_{}__{rest}", section.to_ascii_uppercase()))
    }

    /// What errors call this layer.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line and column of a key, or of the nearest table above it; nothing in a variable.
    pub(super) fn position(&self, path: &[String], part: Part) -> Option<Position> {
        let place = (0..=path.len()).rev().find_map(|len| self.places.get(path.get(..len)?))?;
        Some(Position::of(&self.text, if part == Part::Key { place.key } else { place.value }))
    }
}

impl Provider for &Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn syntax_problem(name: &str, text: &str, error: &toml::de::Error) -> Problem {
    let said = error.message().replace('\n', ", ");
    // Which key it is the parser leaves to the place.
    let key = error.span().and_then(|span| text.get(span)).filter(|_| said == "duplicate key");
    let said = key.map_or(said.clone(), |key| format!("{said} `{key}`"));
    Problem {
        layer: name.to_owned(),
        position: error.span().map(|span| Position::of(text, span.start)),
        key: String::new(),
        message: format!("not valid TOML: {said}"),
        nearest: None,
    }
}

fn read_table(path: &mut Path, table: &DeTable<'_>, places: &mut BTreeMap<Path, Place>) -> Dict {
    let mut values = Dict::new();
    for (key, value) in table {
        values.insert(key.get_ref().to_string(), read_value(path, key.get_ref(), key.span(), value, places));
    }
    values
}

fn read_value(
    path: &mut Path,
    name: &str,
    key: Range<usize>,
    value: &Spanned<DeValue<'_>>,
    places: &mut BTreeMap<Path, Place>,
) -> Value {
    path.push(name.to_owned());
    places.insert(path.clone(), Place { key: key.start, value: value.span().start });
    let tag = Tag::Default;
    let converted = match value.get_ref() {
        DeValue::String(text) => Value::String(tag, text.to_string()),
        DeValue::Boolean(bool) => Value::Bool(tag, *bool),
        DeValue::Datetime(time) => Value::String(tag, time.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Num(tag, Num::I64(number)),
            Err(_) => Value::String(tag, number.to_string()),
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Num(tag, Num::F64(number)),
            Err(_) => Value::Empty(tag, Empty::None),
        },
        DeValue::Table(table) => Value::Dict(tag, read_table(path, table, places)),
        DeValue::Array(array) => {
            let elements = array.iter().enumerate();
            let read = elements.map(|(at, value)| read_value(path, &at.to_string(), value.span(), value, places));
            Value::Array(tag, read.collect())
        }
    };
    path.pop();
    converted
}
