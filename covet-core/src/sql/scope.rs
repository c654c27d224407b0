//! Finds the statements in a text: the main one, subqueries, and the bodies of `WITH`.

use std::ops::Range;

use super::mistake::{Mistake, Reason};
use super::policy::Kind;
use super::token::{Token, TokenKind};

/// The pieces of a text without comments, each with its nesting, and the statements they form.
#[derive(Debug, Clone)]
pub struct Outline<'t, 'a> {
    pieces: Vec<Piece<'t, 'a>>,
    scopes: Vec<Scope>,
    stacked: Option<Range<usize>>,
}

/// A token and how many parentheses stand open around it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'t, 'a> {
    /// The token.
    pub token: &'t Token<'a>,
    /// The open parentheses and brackets around it.
    pub depth: usize,
}

/// One statement: the main one, or one in parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Its kind, if its verb is that of a statement on rows.
    pub kind: Option<Kind>,
    /// The piece with its verb, such as `SELECT` or `DROP`.
    pub verb: usize,
    /// Its pieces.
    pub range: Range<usize>,
    /// Their nesting, without what stands in parentheses of its own.
    pub depth: usize,
}

impl<'t, 'a> Outline<'t, 'a> {
    /// All pieces of the first statement.
    #[must_use]
    pub fn pieces(&self) -> &[Piece<'t, 'a>] {
        &self.pieces
    }

    /// The statements, the main one first. There is none in an empty text.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// The bytes of a `;` that divides two statements.
    #[must_use]
    pub const fn stacked(&self) -> Option<&Range<usize>> {
        self.stacked.as_ref()
    }

    /// The token at `index`.
    #[must_use]
    pub fn token(&self, index: usize) -> Option<&'t Token<'a>> {
        self.pieces.get(index).map(|piece| piece.token)
    }

    /// The token before `index`.
    #[must_use]
    pub fn before(&self, index: usize) -> Option<&'t Token<'a>> {
        self.token(index.checked_sub(1)?)
    }

    /// The pieces of a statement that are in none of its parentheses, with their index.
    pub fn own(&self, scope: &Scope) -> impl Iterator<Item = (usize, &'t Token<'a>)> {
        let pieces = self.pieces.iter().enumerate().skip(scope.range.start).take(scope.range.len());
        pieces.filter(move |(_, piece)| piece.depth == scope.depth).map(|(index, piece)| (index, piece.token))
    }

    /// What the commas divide in the parentheses that open at `open`.
    #[must_use]
    pub fn elements(&self, open: usize) -> Vec<Range<usize>> {
        let depth = self.pieces.get(open).map_or(0, |piece| piece.depth + 1);
        self.list(open + 1, depth, &[])
    }

    /// What the commas divide from `start` on, up to the end of these parentheses or one of the words.
    #[must_use]
    pub fn list(&self, start: usize, depth: usize, until: &[&str]) -> Vec<Range<usize>> {
        let ends =
            |piece: &Piece<'_, '_>| piece.depth < depth || piece.depth == depth && piece.token.is_any_word(until);
        let length = self.pieces.iter().skip(start).take_while(|piece| !ends(piece)).count();
        let mut elements = Vec::new();
        let mut begin = start;
        for (index, piece) in self.pieces.iter().enumerate().skip(start).take(length) {
            if piece.depth == depth && piece.token.is(",") {
                elements.push(begin..index);
                begin = index + 1;
            }
        }
        elements.push(begin..start + length);
        elements.retain(|element| !element.is_empty());
        elements
    }
}

/// The statements in these tokens.
///
/// # Errors
///
/// Parentheses and brackets that do not match.
pub fn outline<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<Outline<'t, 'a>, Vec<Mistake>> {
    let mut pieces = nest(tokens)?;
    while pieces.last().is_some_and(|piece| piece.token.is(";")) {
        pieces.pop();
    }
    let semicolon = pieces.iter().position(|piece| piece.token.is(";"));
    let stacked = semicolon.and_then(|index| pieces.get(index)).map(|piece| piece.token.span.clone());
    pieces.truncate(semicolon.unwrap_or(pieces.len()));

    let mut outline = Outline { pieces, scopes: Vec::new(), stacked };
    outline.scopes = scopes(&outline);
    Ok(outline)
}

fn nest<'t, 'a>(tokens: &'t [Token<'a>]) -> Result<Vec<Piece<'t, 'a>>, Vec<Mistake>> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    let mut pieces = Vec::new();
    let mut mistakes = Vec::new();
    for token in tokens.iter().filter(|token| token.kind != TokenKind::Comment) {
        if token.is(")") || token.is("]") {
            let partner = if token.is(")") { "(" } else { "[" };
            if open.pop_if(|last| last.is(partner)).is_none() {
                mistakes.push(Mistake::new(Reason::UnmatchedParenthesis(token.text.to_owned()), token.span.clone()));
            }
        }
        pieces.push(Piece { token, depth: open.len() });
        if token.is("(") || token.is("[") {
            open.push(token);
        }
    }
    let unclosed = |token: &&Token<'_>| Reason::UnclosedParenthesis(token.text.to_owned());
    mistakes.extend(open.iter().map(|token| Mistake::new(unclosed(token), token.span.clone())));
    if mistakes.is_empty() { Ok(pieces) } else { Err(mistakes) }
}

fn scopes(outline: &Outline<'_, '_>) -> Vec<Scope> {
    let count = outline.pieces.len();
    // `(SELECT ..) UNION (SELECT ..)` begins with the statement in its first parentheses.
    let start = outline.pieces.iter().position(|piece| !piece.token.is("(")).unwrap_or(count);
    let main = scope(outline, start, count);
    let nested = (start + 1..count).filter(|&index| is_nested(outline, index));
    main.into_iter().chain(nested.filter_map(|index| scope(outline, index, count))).collect()
}

/// The statement whose first piece is at `start`.
fn scope(outline: &Outline<'_, '_>, start: usize, count: usize) -> Option<Scope> {
    let depth = outline.pieces.get(start)?.depth;
    let end = outline.pieces.iter().skip(start).position(|piece| piece.depth < depth).map_or(count, |n| start + n);
    let mut scope = Scope { kind: None, verb: start, range: start..end, depth };
    if outline.token(start)?.is_word("with") {
        scope.verb = main_verb(outline, &scope).unwrap_or(start);
    }
    scope.kind = outline.token(scope.verb).filter(|token| token.kind == TokenKind::Word).and_then(|t| Kind::of(t.text));
    Some(scope)
}

/// The verb behind the definitions of `WITH`; the names of these may be verbs too.
fn main_verb(outline: &Outline<'_, '_>, scope: &Scope) -> Option<usize> {
    let named = |index: usize| {
        let before =
            outline.before(index).is_some_and(|token| token.is(",") || token.is_any_word(&["with", "recursive"]));
        before || outline.token(index + 1).is_some_and(|token| token.is_word("as"))
    };
    let verbs = outline.own(scope).filter(|(_, token)| token.kind == TokenKind::Word && Kind::of(token.text).is_some());
    let unknown = || outline.own(scope).skip(1).find(|(index, _)| outline.before(*index).is_some_and(|t| t.is(")")));
    verbs.map(|(index, _)| index).find(|&index| !named(index)).or_else(|| unknown().map(|(index, _)| index))
}

/// Whether a statement in parentheses begins here. Columns and functions may be called `update` or `replace`.
fn is_nested(outline: &Outline<'_, '_>, index: usize) -> bool {
    let (Some(token), true) = (outline.token(index), outline.before(index).is_some_and(|token| token.is("("))) else {
        return false;
    };
    let next = |words: &[&str]| outline.token(index + 1).is_some_and(|token| token.is_any_word(words));
    match Kind::of(token.text).filter(|_| token.kind == TokenKind::Word) {
        Some(Kind::Select) => true,
        Some(Kind::Insert) => next(&["into", "or"]),
        Some(Kind::Delete) => next(&["from"]),
        Some(Kind::Update) => is_update(outline, index),
        None => token.is_word("with") && !outline.token(index + 1).is_some_and(|token| token.is(",") || token.is(")")),
    }
}

fn is_update(outline: &Outline<'_, '_>, index: usize) -> bool {
    let Some(depth) = outline.pieces.get(index).map(|piece| piece.depth) else { return false };
    let body = outline.pieces.iter().skip(index + 1).take_while(|piece| piece.depth >= depth);
    body.filter(|piece| piece.depth == depth).any(|piece| piece.token.is_word("set"))
}
