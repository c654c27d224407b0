//! The text of `format!` and its like, split into what is written and what is pasted.

/// A part of a format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// `{}`, in order.
    Next,
    /// `{0}`.
    Position(usize),
    /// `{name}`.
    Name(String),
}

/// Splits as the standard library does; braces that do not close are text.
pub(super) fn parts(format: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(rest.get(..at).unwrap_or_default());
        let tail = rest.get(at..).unwrap_or_default();
        if let Some(doubled) = ["{{", "}}"].into_iter().find(|doubled| tail.starts_with(doubled)) {
            text.push_str(doubled.get(1..).unwrap_or_default());
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        let Some(end) = tail.find('}').filter(|_| tail.starts_with('{')) else {
            text.push_str(tail.get(..1).unwrap_or_default());
            rest = tail.get(1..).unwrap_or_default();
            continue;
        };
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(argument(tail.get(1..end).unwrap_or_default()));
        rest = tail.get(end + 1..).unwrap_or_default();
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

fn argument(inner: &str) -> Part {
    let name = inner.split(':').next().unwrap_or_default().trim();
    match name.parse() {
        _ if name.is_empty() => Part::Next,
        Ok(position) => Part::Position(position),
        Err(_) => Part::Name(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_positions_and_doubled_braces_are_told_apart() {
        let text = |text: &str| Part::Text(text.into());
        assert_eq!(
            parts("a {} b {0:?} {{c}} {name:>5}"),
            [text("a "), Part::Next, text(" b "), Part::Position(0), text(" {c} "), Part::Name("name".into())]
        );
        assert_eq!(parts("}{"), [text("}{")]);
        assert_eq!(parts(""), []);
    }
}
