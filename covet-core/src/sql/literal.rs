//! Where a byte of a string's value stands in its literal, through escapes and raw strings.
//!
//! ```
//! use covet_core::sql::literal::locate;
//!
//! assert_eq!(locate(r#""a\nb""#, 2).byte, 4);
//! ```

/// The bytes and the lines before something in a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Its byte in the literal as written.
    pub byte: usize,
    /// The line breaks before it.
    pub lines: usize,
    /// The characters between it and the last line break, or the beginning of the literal.
    pub columns: usize,
}

impl Place {
    fn step(self, c: char) -> Self {
        match c {
            '\n' => Self { byte: self.byte + 1, lines: self.lines + 1, columns: 0 },
            c => Self { byte: self.byte + c.len_utf8(), lines: self.lines, columns: self.columns + 1 },
        }
    }

    fn over(self, text: &str) -> Self {
        text.chars().fold(self, Self::step)
    }
}

/// The place in `literal`, as written, of the byte `value` of the string it stands for.
#[must_use]
pub fn locate(literal: &str, value: usize) -> Place {
    let raw = literal.starts_with('r');
    let quote = literal.find('"').map_or(0, |at| at + 1);
    let mut place = Place::default().over(literal.get(..quote).unwrap_or_default());
    let mut bytes = 0;
    while bytes < value {
        let rest = literal.get(place.byte..).unwrap_or_default();
        let (written, stands_for) = match rest.chars().next() {
            None => break,
            Some('\r') if rest.starts_with("\r\n") => ("\r\n", 1),
            Some('\\') if !raw => escape(rest),
            Some(c) => (rest.get(..c.len_utf8()).unwrap_or_default(), c.len_utf8()),
        };
        place = place.over(written);
        bytes += stands_for;
    }
    // What a backslash at the end of a line skips belongs to what was before it.
    let rest = literal.get(place.byte..).unwrap_or_default();
    if !raw && (rest.starts_with("\\\n") || rest.starts_with("\\\r\n")) { place.over(escape(rest).0) } else { place }
}

/// The escape at the beginning of `rest`, and the bytes it stands for.
fn escape(rest: &str) -> (&str, usize) {
    let (length, stands_for) = match rest.chars().nth(1) {
        Some('x') => (4, 1),
        Some('u') => {
            let end = rest.find('}').unwrap_or(rest.len().saturating_sub(1));
            let digits = rest.get(3..end).unwrap_or_default().replace('_', "");
            let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
            (end + 1, c.map_or(0, char::len_utf8))
        }
        Some('\n' | '\r') => {
            let skipped = rest.get(1..).unwrap_or_default();
            (1 + skipped.len() - skipped.trim_start_matches([' ', '\t', '\n', '\r']).len(), 0)
        }
        _ => (2, 1),
    };
    (rest.get(..length).unwrap_or(rest), stands_for)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
mod tests {
    use super::*;

    /// The rest of the literal behind a byte of its value.
    fn behind(literal: &str, value: usize) -> &str {
        literal.get(locate(literal, value).byte..).unwrap()
    }

    #[test]
    fn bytes_are_found_through_escapes() {
        assert_eq!(behind(r#""abc""#, 1), "bc\"");
        assert_eq!(behind(r##"r#"a"b"#"##, 2), "b\"#");
        assert_eq!(behind(r#""a\"b""#, 2), "b\"");
        assert_eq!(behind(r#""\x41\u{1F389}\tb""#, 6), "b\"");
        assert_eq!(behind(r#"r"\nb""#, 2), "b\"");
        assert_eq!(behind("\"a \\\n    b\"", 2), "b\"");
        assert_eq!(behind("\"éb\"", 2), "b\"");
        assert_eq!(behind("\"a\r\nb\"", 2), "b\"");
    }

    #[test]
    fn lines_and_columns_are_counted() {
        assert_eq!(locate("\"ab\ncd\"", 4), Place { byte: 5, lines: 1, columns: 1 });
        assert_eq!(locate("\"éb\"", 2), Place { byte: 3, lines: 0, columns: 2 });
    }

    #[test]
    fn what_is_beyond_the_end_is_the_end() {
        for literal in ["", "\"", "\"a\"", "\"\\", "\"\\u", "\"\\u{", "r", "r#", "\"\\x"] {
            for value in 0..9 {
                assert!(locate(literal, value).byte <= literal.len());
            }
        }
    }
}
