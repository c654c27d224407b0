//! An error with everything that led to it, for the log: the outermost text alone says that something failed, not what.

use std::error::Error;
use std::fmt;

/// An error and its causes, in one line.
#[derive(Clone, Copy, Debug)]
pub struct Causes<'e>(pub &'e dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the accounts are not available")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("no such table")]
    struct Inner;

    #[test]
    fn every_cause_is_told() {
        assert_eq!(Causes(&Outer(Inner)).to_string(), "the accounts are not available: no such table");
        assert_eq!(Causes(&Inner).to_string(), "no such table");
    }
}
