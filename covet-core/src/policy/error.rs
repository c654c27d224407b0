//! What is wrong with a policy, and where: file, line, column, key, found, expected, nearest name.

use std::fmt;

/// A place in a text; both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of a byte offset.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

/// One mistake in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the environment variable, that is at fault.
    pub layer: String,
    /// Where in the file.
    pub position: Option<Position>,
    /// The path of the key: `rate_limits.login.limits[0]`; empty for the file as a whole.
    pub key: String,
    /// What is wrong: found and expected.
    pub message: String,
    /// The known name that was most likely meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.layer)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": `{}`", printable(&self.key))?;
        }
        write!(f, ": {}", printable(&self.message))?;
        self.nearest.iter().try_for_each(|name| write!(f, "; did you mean `{name}`?"))
    }
}

/// The text without characters that could begin a new line, move a terminal's cursor or turn the direction of reading.
fn printable(text: &str) -> String {
    let shown = |c: char| {
        if c != '\n' && crate::sql::check::is_invisible(c) { c.escape_unicode().collect() } else { String::from(c) }
    };
    text.chars().map(shown).collect()
}

/// Everything that is wrong with a policy, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The mistakes, or nothing if there are none.
    ///
    /// # Errors
    ///
    /// The problems, when there is at least one.
    pub(super) fn none_or(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self::of(problems)) }
    }

    /// Problems in the order of the text.
    pub(super) fn of(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.layer, a.position, &a.key).cmp(&(&b.layer, b.position, &b.key)));
        Self(problems)
    }

    /// Values that cannot be read though nothing was found wrong with them: refused all the same.
    pub(super) fn unreadable() -> Self {
        let message = "not a policy".to_owned();
        Self(vec![Problem {
            layer: super::FILE_NAME.into(),
            position: None,
            key: String::new(),
            message,
            nearest: None,
        }])
    }

    /// Each mistake.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, problem)| {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")
        })
    }
}

impl std::error::Error for Problems {}

impl From<Vec<Problem>> for Problems {
    fn from(problems: Vec<Problem>) -> Self {
        Self::of(problems)
    }
}
