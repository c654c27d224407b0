//! What is known of a value: the pieces of its text, and which of them the program did not write.

use std::ops::Range;

use super::library::Library;

/// Pieces a value may have before it is summed up.
const MOST: usize = 256;

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub kind: Kind,
    /// The text in order; of a list, the text of its members.
    pub pieces: Vec<Piece>,
    /// Whether pieces were put together, rather than taken over whole.
    pub composed: bool,
    /// Whether the pieces are the whole text on every path.
    pub exact: bool,
    /// Whether `leak` made it `'static`.
    pub leaked: bool,
    /// The members of a tuple.
    pub parts: Vec<Value>,
}

/// The type of a value, as far as it matters.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Text that can hold anything.
    Text,
    /// `&'static str`: text of the program.
    Static,
    /// Numbers, dates, UUIDs: cannot end the text they stand in.
    Harmless,
    /// A type of a database library.
    Object(Library, Role),
    /// A type of the project, or of a library that is not known.
    Named(String),
    Unknown,
}

/// What a value of a library is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `QueryBuilder`, `Separated`: what is pushed becomes SQL.
    Builder,
    /// Connections, pools, rows, statements.
    Handle,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Text of the program.
    Text(String),
    /// Text of the program that was not worked out.
    Opaque,
    Hole(Hole),
}

/// A piece the program did not write.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hole {
    /// Where it is pasted.
    pub span: Range<usize>,
    /// The expression as written.
    pub source: String,
    pub origin: Origin,
}

/// Where a piece comes from, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// A number, a date, a UUID.
    Harmless,
    /// Went through a function that says it quotes or checks.
    Checked,
    /// A type that may write only constants.
    Named,
    /// A field of `self`: what the object was made with.
    Own,
    /// Cannot be told.
    Unknown,
    /// The parameter of a function, and whether its type is text.
    Parameter(usize, usize, bool),
    /// Text of which nothing else is known.
    Text,
    /// A row, the command line.
    Stored,
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self { kind: Kind::Static, ..Self::of(vec![Piece::Text(text.into())]) }
    }

    /// Text of the program, whatever it says.
    pub(super) fn constant() -> Self {
        Self { kind: Kind::Static, exact: false, ..Self::of(vec![Piece::Opaque]) }
    }

    pub(super) fn empty() -> Self {
        Self { kind: Kind::Text, ..Self::of(Vec::new()) }
    }

    pub(super) fn hole(span: Range<usize>, source: &str, origin: Origin) -> Self {
        let kind = match origin {
            Origin::Harmless => Kind::Harmless,
            Origin::Text | Origin::Stored | Origin::Parameter(.., true) => Kind::Text,
            _ => Kind::Unknown,
        };
        Self { kind, ..Self::of(vec![Piece::Hole(Hole { span, source: source.to_owned(), origin })]) }
    }

    fn of(pieces: Vec<Piece>) -> Self {
        Self { kind: Kind::Unknown, pieces, composed: false, exact: true, leaked: false, parts: Vec::new() }
    }

    /// Several values side by side; pasted, all of them are.
    pub(super) fn tuple(parts: Vec<Self>) -> Self {
        let mut whole = Self::empty().with(Kind::Unknown);
        parts.iter().cloned().for_each(|part| whole.append(part));
        Self { parts, ..whole }
    }

    pub(super) fn with(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text(_) | Piece::Opaque => None,
        })
    }

    pub(super) fn is_constant(&self) -> bool {
        self.holes().next().is_none()
    }

    /// Each hole, with another origin.
    pub(super) fn origins(mut self, change: impl Fn(Origin) -> Origin) -> Self {
        for piece in &mut self.pieces {
            if let Piece::Hole(hole) = piece {
                hole.origin = change(hole.origin);
            }
        }
        self
    }

    /// What is taken over whole is pasted where `span` is, under the name `source`.
    pub(super) fn pasted_at(mut self, span: &Range<usize>, source: &str) -> Self {
        if !self.composed {
            for piece in &mut self.pieces {
                if let Piece::Hole(hole) = piece {
                    *hole = Hole { span: span.clone(), source: source.to_owned(), origin: hole.origin };
                }
            }
        }
        self
    }

    /// This, and `other` behind it.
    pub(super) fn append(&mut self, other: Self) {
        self.exact &= other.exact;
        self.leaked |= other.leaked;
        self.composed |= other.composed;
        for piece in other.pieces {
            match (self.pieces.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
                (_, piece) => self.pieces.push(piece),
            }
        }
        self.shorten();
    }

    /// `other` pasted behind this.
    pub(super) fn paste(&mut self, other: Self) {
        self.append(other);
        self.composed = true;
    }

    /// One of the two, it is not known which.
    pub(super) fn or(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let kind = match (&self.kind, &other.kind) {
            (Kind::Static, kind) | (kind, Kind::Static) => kind.clone(),
            (kind, same) if kind == same => kind.clone(),
            (Kind::Text, _) | (_, Kind::Text) => Kind::Text,
            (kind, _) => kind.clone(),
        };
        let flags = (self.composed || other.composed, self.leaked || other.leaked);
        let (mut long, short) = if self.weight() >= other.weight() { (self, other) } else { (other, self) };
        let missing: Vec<_> = short.holes().filter(|hole| !long.holes().any(|known| known == *hole)).cloned().collect();
        long.pieces.extend(missing.into_iter().map(Piece::Hole));
        long.shorten();
        Self { kind, composed: flags.0, exact: false, leaked: flags.1, ..long }
    }

    fn weight(&self) -> (usize, usize) {
        (self.holes().count(), self.pieces.len())
    }

    /// What is put together in a loop or by doubling must not grow without end.
    fn shorten(&mut self) {
        let length: usize =
            self.pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 1 }).sum();
        if self.pieces.len() <= MOST && length <= MOST * 64 {
            return;
        }
        let first =
            self.pieces.first().cloned().filter(|piece| matches!(piece, Piece::Text(text) if text.len() < MOST));
        let mut holes: Vec<Hole> = Vec::new();
        for hole in self.holes() {
            if holes.len() < MOST / 2 && !holes.contains(hole) {
                holes.push(hole.clone());
            }
        }
        self.pieces = first.into_iter().chain([Piece::Opaque]).chain(holes.into_iter().map(Piece::Hole)).collect();
        self.exact = false;
    }
}
