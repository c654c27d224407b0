//! Whose requests are counted together.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::PolicyError;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Those from one address. The default: it is known before anyone has signed in.
    #[default]
    Ip,
    /// Those of one account.
    User,
    /// Those of one session.
    Session,
    /// Those to one route.
    Route,
    /// All of them.
    Global,
    /// Those of one key that a handler names, such as the account that somebody tries.
    Key,
}

impl Scope {
    /// Whether it is known only of whoever is signed in.
    #[must_use]
    pub const fn needs_user(self) -> bool {
        matches!(self, Self::User | Self::Session)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip => "ip",
            Self::User => "user",
            Self::Session => "session",
            Self::Route => "route",
            Self::Global => "global",
            Self::Key => "key",
        })
    }
}

/// One or several scopes, each of which has a counter of its own; all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Box<[Scope]>);

impl Scopes {
    /// Scopes that must all hold.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Scopes`] when there are none, or one twice.
    pub fn new(scopes: impl Into<Box<[Scope]>>) -> Result<Self, PolicyError> {
        let scopes = scopes.into();
        let twice = scopes.iter().enumerate().any(|(at, scope)| scopes.iter().take(at).any(|other| other == scope));
        if scopes.is_empty() || twice { Err(PolicyError::Scopes) } else { Ok(Self(scopes)) }
    }

    /// The scopes, at least one.
    #[must_use]
    pub fn as_slice(&self) -> &[Scope] {
        &self.0
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::from(Scope::default())
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self(Box::new([scope]))
    }
}

/// As it is written: a single one by itself.
impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [scope] => scope.serialize(serializer),
            scopes => scopes.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrSeveral;

        impl<'de> Visitor<'de> for OneOrSeveral {
            type Value = Scopes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scope such as \"ip\", or a list of them such as [\"user\", \"ip\"]")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Scopes, E> {
                Scope::deserialize(serde::de::value::StrDeserializer::new(text)).map(Scopes::from)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scopes, A::Error> {
                let mut scopes = Vec::new();
                while let Some(scope) = list.next_element::<Scope>()? {
                    scopes.push(scope);
                }
                Scopes::new(scopes).map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(OneOrSeveral)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Scopes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scopes".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let scope = generator.subschema_for::<Scope>();
        let list = schemars::json_schema!({ "type": "array", "items": scope, "minItems": 1, "uniqueItems": true });
        schemars::json_schema!({ "anyOf": [generator.subschema_for::<Scope>(), list] })
    }
}
