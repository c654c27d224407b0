//! Where SQL text reaches the database.

use std::ops::Range;

use syn::Expr;

use super::{Candidate, Flow, Takes, span};
use crate::scan::library::{self, Library};
use crate::scan::value::{Kind, Piece, Role, Value};

/// What takes SQL text, and how sure that is.
pub(super) struct Sink {
    pub name: String,
    pub span: Range<usize>,
    pub sure: bool,
    pub part: bool,
    pub takes: Takes,
}

impl Flow<'_, '_> {
    /// SQL text has reached the database.
    pub(super) fn reached(&mut self, sink: Sink, value: Value) {
        if value.is_constant() || matches!(value.kind, Kind::Object(..)) {
            return;
        }
        let Sink { name, span, sure, part, takes } = sink;
        let (function, statement) = (self.function, self.statement);
        self.analysis.candidates.push(Candidate { function, sink: name, span, statement, value, sure, part, takes });
    }

    /// The libraries whose method of this name the receiver may have, and which argument is SQL.
    pub(super) fn takers(
        &self,
        receiver: &Value,
        name: &str,
        arguments: usize,
    ) -> Option<(Library, Option<usize>, bool)> {
        let mut found = library::methods(name, arguments);
        match &receiver.kind {
            Kind::Object(_, Role::Builder) | Kind::Harmless => None,
            Kind::Object(of, Role::Handle) => {
                found.find(|(library, at)| library == of && at.is_some()).map(|(library, at)| (library, at, true))
            }
            // Text itself is asked to run.
            Kind::Text | Kind::Static if receiver.composed || receiver.is_constant() => found
                .find(|(library, at)| at.is_none() && self.speaks(*library))
                .map(|(library, at)| (library, at, false)),
            Kind::Text | Kind::Static => None,
            Kind::Named(owner) if self.file().index.has_method(owner, name) => None,
            Kind::Named(owner) if std_type(owner) => None,
            Kind::Named(_) | Kind::Unknown => {
                let mut found: Vec<_> = found.filter(|(library, at)| at.is_some() && self.depends(*library)).collect();
                found.sort_by_key(|(library, _)| !self.speaks(*library));
                found.first().map(|(library, at)| (*library, *at, false))
            }
        }
    }

    /// Whether the file names the library.
    pub(super) fn speaks(&self, library: Library) -> bool {
        self.file().imports.mentioned.contains(&library)
    }

    /// Whether the file names the library, or its package depends on it.
    fn depends(&self, library: Library) -> bool {
        self.speaks(library) || self.file().package.libraries.contains(&library)
    }

    /// What is pushed to a builder becomes SQL at once; the builder remembers it.
    pub(super) fn build(
        &mut self,
        receiver: &Expr,
        mut builder: Value,
        name: &str,
        pushed: &Expr,
        value: Value,
    ) -> Value {
        let mut whole = builder.clone();
        // What was pasted before was told before.
        for piece in &mut whole.pieces {
            if matches!(piece, Piece::Hole(_)) {
                *piece = Piece::Opaque;
            }
        }
        whole.exact = false;
        let kind = builder.kind.clone();
        let label = format!("sqlx::QueryBuilder::{name}");
        whole.paste(value.clone());
        self.reached(
            Sink { name: label, span: span(pushed), sure: true, part: true, takes: Takes::Text },
            whole.with(Kind::Text),
        );
        builder.paste(if value.is_constant() { value } else { Value::constant() });
        builder.kind = kind;
        if let Some(name) = super::pattern::name_of(receiver) {
            self.env.assign(&name, builder.clone());
        }
        builder
    }
}

/// Types of the standard library and others, whose methods of the same names take no SQL.
fn std_type(name: &str) -> bool {
    ["Command", "Client", "Url", "Regex", "RequestBuilder"].contains(&name)
}
