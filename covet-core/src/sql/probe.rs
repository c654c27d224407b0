//! What is known of a value by its type, where the statement is written.
//!
//! Generated code calls these methods on a [`Probe`]. One that is meant for some types only is found first for these;
//! for all others the method of the same name behind `Deref` is, so that no type has to declare what it is not.

use std::borrow::Cow;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use super::bind::{BindError, bytes_fault, text_fault};
use super::bounds::Comparable;

/// A value whose type is asked about.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// What holds of a type of which nothing else is known.
#[doc(hidden)]
#[derive(Debug)]
pub struct Unknown;

impl<T: ?Sized> Deref for Probe<'_, T> {
    type Target = Unknown;

    fn deref(&self) -> &Unknown {
        &Unknown
    }
}

impl Unknown {
    /// Whether it is `None`.
    #[must_use]
    pub const fn absent(&self) -> bool {
        false
    }

    /// What no database should get.
    #[must_use]
    pub const fn fault(&self) -> Option<BindError> {
        None
    }

    /// Demands that `=` can be true of it.
    pub const fn compared(&self) {}
}

impl<T: Optional> Probe<'_, T> {
    /// Whether it is `None`.
    #[must_use]
    pub fn absent(&self) -> bool {
        self.0.is_absent()
    }

    /// Demands that `=` can be true of it.
    pub const fn compared(&self)
    where
        T: Comparable,
    {
    }
}

impl<T: Inspect + ?Sized> Probe<'_, T> {
    /// What no database should get.
    #[must_use]
    pub fn fault(&self) -> Option<BindError> {
        self.0.fault()
    }
}

/// A value that may be missing.
pub trait Optional {
    /// Whether it is.
    fn is_absent(&self) -> bool;
}

impl<T> Optional for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Optional> Optional for &T {
    fn is_absent(&self) -> bool {
        T::is_absent(self)
    }
}

/// Text and bytes, which may hold what no database should get.
pub trait Inspect {
    /// What that is.
    fn fault(&self) -> Option<BindError>;
}

impl Inspect for str {
    fn fault(&self) -> Option<BindError> {
        text_fault(self)
    }
}

impl Inspect for String {
    fn fault(&self) -> Option<BindError> {
        text_fault(self)
    }
}

impl Inspect for [u8] {
    fn fault(&self) -> Option<BindError> {
        bytes_fault(self.len())
    }
}

impl Inspect for Vec<u8> {
    fn fault(&self) -> Option<BindError> {
        bytes_fault(self.len())
    }
}

impl<T: Inspect> Inspect for Option<T> {
    fn fault(&self) -> Option<BindError> {
        self.as_ref().and_then(T::fault)
    }
}

impl<T: Inspect + ToOwned + ?Sized> Inspect for Cow<'_, T> {
    fn fault(&self) -> Option<BindError> {
        T::fault(self)
    }
}

macro_rules! inspect_behind {
    ($($pointer:ty),*) => {
        $(impl<T: Inspect + ?Sized> Inspect for $pointer {
            fn fault(&self) -> Option<BindError> {
                T::fault(self)
            }
        })*
    };
}

inspect_behind!(&T, Box<T>, Rc<T>, Arc<T>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::bind::MAX_BYTES;

    struct Other;

    #[test]
    fn a_nul_is_found_in_every_kind_of_text() {
        let text = String::from("a\0b");
        assert_eq!(Probe(&text).fault(), Some(BindError::Nul));
        assert_eq!(Probe(&text.as_str()).fault(), Some(BindError::Nul));
        assert_eq!(Probe(&Some(text.as_str())).fault(), Some(BindError::Nul));
        assert_eq!(Probe(&Some(Cow::from(text.as_str()))).fault(), Some(BindError::Nul));
        assert_eq!(Probe(&Box::<str>::from(text.as_str())).fault(), Some(BindError::Nul));
        assert_eq!(Probe(&"ab").fault(), None);
        assert_eq!(Probe(&vec![0_u8]).fault(), None);
        assert_eq!(Probe(&7).fault(), None);
        assert_eq!(Probe(&Other).fault(), None);
        assert_eq!(Probe(&Some(Other)).fault(), None);
    }

    #[test]
    fn a_value_beyond_any_reason_is_found() {
        // Zeroes take no memory until they are read.
        let mut bytes = vec![0_u8; MAX_BYTES + 1];
        assert_eq!(Probe(&bytes).fault(), Some(BindError::TooLong(MAX_BYTES + 1)));
        bytes.truncate(MAX_BYTES);
        assert_eq!(Probe(&bytes.as_slice()).fault(), None);
    }

    #[test]
    fn only_none_is_absent() {
        assert!(Probe(&None::<Other>).absent());
        assert!(Probe(&&None::<i64>).absent());
        assert!(!Probe(&Some(Other)).absent());
        assert!(!Probe(&Other).absent());
        Probe(&Other).compared();
    }
}
