//! Reads layers into a policy and tells everything that is wrong with them at once.
//!
//! Serde stops at the first mistake. So: note it, take the offending key out of the values, read again, until nothing
//! is wrong; a policy is small and wrong seldom.

use std::collections::{BTreeMap, BTreeSet};

use figment::error::{Actual, Kind};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};
use serde::de::DeserializeOwned;

use super::error::Problem;
use super::layer::{Layer, Part, Path};
use super::shape;
use crate::name::nearest;

/// The merged values of some layers, later ones over earlier ones.
#[derive(Debug)]
pub(super) struct Merged<'l> {
    layers: &'l [Layer],
    figment: Figment,
    values: Dict,
}

impl<'l> Merged<'l> {
    pub(super) fn new(layers: &'l [Layer]) -> Self {
        let figment = layers.iter().fold(Figment::new(), |figment, layer| figment.merge(layer));
        let values = figment.data().ok().and_then(|mut data| data.remove(&Profile::Default)).unwrap_or_default();
        Self { layers, figment, values }
    }

    /// The values as `T`, as far as they are right, and what is wrong with the rest.
    pub(super) fn read<T: DeserializeOwned>(&self) -> (Option<T>, Vec<Problem>) {
        let mut reader =
            Reader { merged: self, values: self.values.clone(), told: BTreeSet::new(), removed: BTreeMap::new() };
        let mut problems = Vec::new();
        while let Some(error) = shape::mismatch(&reader.values) {
            problems.extend(reader.take_out(&error).0);
        }
        loop {
            match T::deserialize(&Value::from(reader.values.clone())) {
                Ok(value) => return (Some(value), problems),
                Err(error) => {
                    let (problem, go_on) = reader.take_out(&error);
                    problems.extend(problem);
                    if !go_on {
                        return (None, problems);
                    }
                }
            }
        }
    }

    /// The names in a table as they are written, valid or not.
    pub(super) fn names(&self, table: &str) -> BTreeSet<&str> {
        let table = self.values.get(table).and_then(Value::as_dict);
        table.into_iter().flat_map(Dict::keys).map(String::as_str).collect()
    }

    /// A problem with the value at a path, told of the layer the value comes from.
    pub(super) fn problem(&self, path: &[String], part: Part, message: String, nearest: Option<&str>) -> Problem {
        let layer = self.layer_of(path);
        Problem {
            layer: layer.map_or_else(|| "policy".into(), |layer| layer.name().to_owned()),
            position: layer.and_then(|layer| layer.position(path, part)),
            key: display(path),
            message,
            nearest: nearest.map(str::to_owned),
        }
    }

    /// The layer that a value comes from; a table that several layers share is the lowest one's that has it.
    fn layer_of(&self, path: &[String]) -> Option<&'l Layer> {
        let tagged = find(&self.values, path).map(first_tag);
        let name = tagged.and_then(|tag| self.figment.get_metadata(tag)).map(|metadata| metadata.name.as_ref());
        name.and_then(|name| self.layers.iter().find(|layer| layer.name() == name)).or(self.layers.last())
    }
}

struct Reader<'m, 'l> {
    merged: &'m Merged<'l>,
    values: Dict,
    told: BTreeSet<Path>,
    /// Which elements of an array were taken out, by their index in the text.
    removed: BTreeMap<Path, BTreeSet<usize>>,
}

impl Reader<'_, '_> {
    /// Takes the value an error is about out of the values; tells the problem unless it follows from one already told.
    fn take_out(&mut self, error: &figment::Error) -> (Option<Problem>, bool) {
        let path = &error.path;
        let original = self.original(path);
        let missing = match &error.kind {
            Kind::MissingField(field) => Some(original.iter().cloned().chain([field.to_string()]).collect::<Path>()),
            _ => None,
        };
        let about = missing.as_ref().unwrap_or(&original);
        let follows = self.told.iter().any(|told| told.starts_with(about));
        let problem = (!follows).then(|| {
            self.told.insert(about.clone());
            let (mut message, nearest) = describe(&error.kind);
            if let Some((example, key)) = missing.as_ref().and_then(|path| Some((shape::example(path)?, path.last()?)))
            {
                message.push_str(&format!(", such as `{key} = {example}`"));
            }
            let is_key = match &error.kind {
                Kind::UnknownField(..) | Kind::MissingField(_) => true,
                Kind::Message(message) => original.last().is_some_and(|key| message.contains(&format!("`{key:?}`"))),
                _ => false,
            };
            self.merged.problem(&original, if is_key { Part::Key } else { Part::Value }, message, nearest)
        });
        let mut values = Value::from(std::mem::take(&mut self.values));
        let go_on = remove(&mut values, path);
        self.values = values.into_dict().unwrap_or_default();
        if let (Some((at, array)), Some((index, _))) = (original.split_last(), path.split_last())
            && index.parse::<usize>().is_ok()
            && let Ok(at) = at.parse()
        {
            self.removed.entry(array.to_vec()).or_default().insert(at);
        }
        (problem, go_on)
    }

    /// The path in the text of a path in the values: the same, but for elements of arrays that lost some.
    fn original(&self, path: &[String]) -> Path {
        let mut original = Path::new();
        for part in path {
            let taken = self.removed.get(&original);
            let shifted = taken.and_then(|taken| {
                let index: usize = part.parse().ok()?;
                (0..).filter(|at| !taken.contains(at)).nth(index).map(|at| at.to_string())
            });
            original.push(shifted.unwrap_or_else(|| part.clone()));
        }
        original
    }
}

/// What is wrong, in the words of whoever edits the file, and the nearest known name.
fn describe(kind: &Kind) -> (String, Option<&'static str>) {
    match kind {
        Kind::UnknownField(field, known) => {
            (format!("unknown key, expected {}", one_of(known)), nearest(field, known.iter().copied()))
        }
        Kind::UnknownVariant(found, known) => {
            (format!("found `\"{found}\"`, expected {}", one_of(known)), nearest(found, known.iter().copied()))
        }
        Kind::MissingField(field) => (format!("the key `{field}` is missing"), None),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            (format!("found {}, expected {expected}", show(found)), None)
        }
        Kind::InvalidLength(found, expected) => (format!("found {found} elements, expected {expected}"), None),
        other => (other.to_string(), None),
    }
}

fn show(found: &Actual) -> String {
    match found {
        Actual::Bool(value) => format!("`{value}`"),
        Actual::Unsigned(value) => format!("`{value}`"),
        Actual::Signed(value) => format!("`{value}`"),
        Actual::Float(value) => format!("`{value}`"),
        Actual::Str(text) => format!("`{text:?}`"),
        Actual::Char(char) => format!("`\"{char}\"`"),
        Actual::Seq => "a list".into(),
        Actual::Map => "a table".into(),
        other => other.to_string(),
    }
}

fn one_of(known: &[&str]) -> String {
    let quoted: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".into(),
        [only] => only.clone(),
        _ => format!("one of {}", quoted.join(", ")),
    }
}

/// `rate_limits.login.limits[0]`; a name that is not a bare key is quoted.
fn display(path: &[String]) -> String {
    let mut shown = String::new();
    for part in path {
        let bare = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !shown.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) {
            shown.push_str(&format!("[{part}]"));
            continue;
        }
        let dot = if shown.is_empty() { "" } else { "." };
        shown.push_str(&if bare { format!("{dot}{part}") } else { format!("{dot}\"{part}\"") });
    }
    shown
}

fn find<'v>(values: &'v Dict, path: &[String]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    let mut value = values.get(first)?;
    for part in rest {
        value = match value {
            Value::Dict(_, dict) => dict.get(part)?,
            Value::Array(_, array) => array.get(part.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// The tag of a value, or of the first one in it: figment tags leaves by their layer.
fn first_tag(value: &Value) -> figment::value::Tag {
    match value {
        Value::Dict(tag, dict) => dict.values().next().map_or(*tag, first_tag),
        other => other.tag(),
    }
}

/// Removes the value at a path; false if there is none.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let mut parent = value;
    for part in parents {
        let next = match parent {
            Value::Dict(_, dict) => dict.get_mut(part),
            Value::Array(_, array) => part.parse::<usize>().ok().and_then(|at| array.get_mut(at)),
            _ => None,
        };
        let Some(next) = next else { return false };
        parent = next;
    }
    match parent {
        Value::Dict(_, dict) => dict.remove(last).is_some(),
        Value::Array(_, array) => match last.parse::<usize>() {
            Ok(at) if at < array.len() => {
                array.remove(at);
                true
            }
            _ => false,
        },
        _ => false,
    }
}
