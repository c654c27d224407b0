//! An error with everything that led to it, for the log: the outermost text alone says that something failed, not what.

use std::error::Error;
use std::fmt;

/// An error and its causes, in one line. Many libraries have the cause in their own text: it is told once.
#[derive(Clone, Copy, Debug)]
pub struct Causes<'e>(pub &'e dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !told.ends_with(&text) {
                told = format!("{told}: {text}");
            }
            next = cause.source();
        }
        f.write_str(&told)
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

    #[derive(Debug, thiserror::Error)]
    #[error("refused: {0}")]
    struct Chatty(#[source] Inner);

    #[test]
    fn every_cause_is_told_once() {
        assert_eq!(Causes(&Chatty(Inner)).to_string(), "refused: no such table");
        assert_eq!(Causes(&Outer(Inner)).to_string(), "the accounts are not available: no such table");
        assert_eq!(Causes(&Inner).to_string(), "no such table");
    }
}
