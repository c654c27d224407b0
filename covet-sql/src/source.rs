//! The migrations, as text.

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file, as the project names it.
    pub file: String,
    /// Its statements.
    pub text: String,
}
