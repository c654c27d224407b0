//! The variables of a function, by name; fields that were looked at stand under their path, as `form.sort`.

use std::collections::BTreeMap;

use crate::scan::value::Value;

/// The variables as they are at one place.
#[derive(Debug, Default)]
pub(super) struct Env {
    values: BTreeMap<String, Value>,
    /// For each block that is open, what it hides.
    hidden: Vec<BTreeMap<String, Option<Value>>>,
}

/// The values at one place, to return to.
pub(super) type Moment = BTreeMap<String, Value>;

impl Env {
    pub(super) fn enter(&mut self) {
        self.hidden.push(BTreeMap::new());
    }

    pub(super) fn leave(&mut self) {
        for (name, value) in self.hidden.pop().unwrap_or_default() {
            match value {
                Some(value) => self.values.insert(name, value),
                None => self.values.remove(&name),
            };
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.values.get_mut(name)
    }

    /// A new variable, until the block ends.
    pub(super) fn declare(&mut self, name: &str, value: Value) {
        // What was known of the fields of an older variable of this name is not known of the new one.
        let fields = format!("{name}.");
        let old: Vec<_> = self.values.keys().filter(|key| key.starts_with(&fields)).cloned().collect();
        for key in old {
            let value = self.values.remove(&key);
            self.hide(key, value);
        }
        let before = self.values.insert(name.to_owned(), value);
        self.hide(name.to_owned(), before);
    }

    fn hide(&mut self, name: String, value: Option<Value>) {
        if let Some(block) = self.hidden.last_mut() {
            block.entry(name).or_insert(value);
        }
    }

    pub(super) fn assign(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn now(&self) -> Moment {
        self.values.clone()
    }

    pub(super) fn back_to(&mut self, moment: Moment) -> Moment {
        std::mem::replace(&mut self.values, moment)
    }

    /// It may be as it is now, or as it was in `other`.
    pub(super) fn join(&mut self, other: Moment) {
        for (name, value) in other {
            let joined = match self.values.remove(&name) {
                Some(known) => known.or(value),
                None => value,
            };
            self.values.insert(name, joined);
        }
    }
}
