//! Reads a text as slowly as it is defined: at each place every rule is tried for every length. The lexer must agree.

use std::ops::Range;

use crate::sql::token::continues_word;

/// What must be found where, for a statement not to become another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    Literal,
    Comment,
    Placeholder,
    Other,
}

/// The regions of a text, without the space between them, and how many statements there are.
pub(super) fn read(sql: &str) -> (Vec<(Region, Range<usize>)>, usize) {
    let chars: Vec<char> = sql.chars().collect();
    let mut reader = Reader { chars: &chars, at: 0, subscripts: 0, clauses: 0, regions: Vec::new() };
    while reader.at < chars.len() {
        reader.step();
    }
    let regions = reader.regions;
    let semicolons = |region: &(Region, Range<usize>)| region.0 == Region::Other && chars[region.1.start] == ';';
    let statements = regions.split(semicolons);
    let real = |statement: &&[(Region, Range<usize>)]| statement.iter().any(|(region, _)| *region != Region::Comment);
    let statements = statements.filter(real).count();
    let byte = |at: usize| chars[..at].iter().map(|c| c.len_utf8()).sum::<usize>();
    (regions.into_iter().map(|(region, range)| (region, byte(range.start)..byte(range.end))).collect(), statements)
}

struct Reader<'c> {
    chars: &'c [char],
    at: usize,
    subscripts: usize,
    clauses: usize,
    regions: Vec<(Region, Range<usize>)>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let rest = &self.chars[self.at..];
        let first = rest[0];
        if first.is_ascii_whitespace() || first == '\u{b}' {
            self.at += 1;
            return;
        }
        // The shortest text from here that is a whole region of this kind; all the rest where none is.
        let shortest = |whole: &dyn Fn(&[char], Option<char>) -> bool| {
            (1..=rest.len()).find(|length| whole(&rest[..*length], rest.get(*length).copied())).unwrap_or(rest.len())
        };
        let starts = |text: &str| rest.iter().copied().take(text.chars().count()).eq(text.chars());
        let (region, length) = if starts("--") {
            (Region::Comment, shortest(&|_, next| next == Some('\n')))
        } else if starts("/*") {
            (Region::Comment, shortest(&|text, _| nesting(text) == 0))
        } else if first == '\'' || first == '"' || first == '`' {
            (Region::Literal, shortest(&|text, next| closed(text, first) && next != Some(first)))
        } else if matches!(first, 'E' | 'e') && rest.get(1) == Some(&'\'') {
            (Region::Literal, shortest(&|text, next| escapes_closed(text) && next != Some('\'')))
        } else if first == '[' {
            self.bracket(shortest(&|text, _| text.ends_with(&[']'])))
        } else if first == ']' {
            self.subscripts = self.subscripts.saturating_sub(1);
            (Region::Other, 1)
        } else if first == '}' && self.clauses > 0 {
            self.clauses -= 1;
            (Region::Other, 1)
        } else if starts("{{") || starts("}}") {
            (Region::Other, 2)
        } else if first == '{' && rest[1..].iter().find(|c| !c.is_whitespace()) == Some(&'?') {
            self.clauses += 1;
            (Region::Other, shortest(&|text, _| text.ends_with(&['?'])))
        } else if starts("{when f:") {
            self.clauses += 1;
            (Region::Other, "{when f:".len())
        } else if first == '{' {
            let closes = rest.contains(&'}');
            (
                if closes { Region::Placeholder } else { Region::Other },
                if closes { shortest(&|text, _| text.ends_with(&['}'])) } else { 1 },
            )
        } else if first == '$' {
            dollar(rest)
        } else if starts("::") || starts("@@") {
            (Region::Other, 2)
        } else {
            (Region::Other, self.other(rest))
        };
        self.regions.push((region, self.at..self.at + length));
        self.at += length;
    }

    /// A name in brackets, or the bracket of a subscript.
    fn bracket(&mut self, name: usize) -> (Region, usize) {
        let last =
            self.regions.last().map(|(region, range)| (*region, &self.chars[range.clone()], range.end == self.at));
        let operand = |region, text: &[char]| match region {
            Region::Literal => true,
            Region::Placeholder => is_value(text),
            Region::Comment => false,
            Region::Other => {
                let parameter = matches!(text[0], '?' | ':' | '@' | '$');
                !parameter && (continues_word(text[0]) || text[0] == '.' && text.len() > 1)
                    || text == [')']
                    || text == [']']
            }
        };
        let touches = last.is_some_and(|(region, text, touching)| touching && operand(region, text));
        let array = last.is_some_and(|(_, text, _)| text.iter().collect::<String>().eq_ignore_ascii_case("array"));
        if self.subscripts > 0 || touches || array {
            self.subscripts += 1;
            return (Region::Other, 1);
        }
        (Region::Literal, name)
    }

    /// A word, a number, a parameter or one character.
    fn other(&self, rest: &[char]) -> usize {
        let word = |from: usize| from + rest[from..].iter().take_while(|c| continues_word(**c)).count();
        let after_operand = self.regions.last().is_some_and(|(region, range)| {
            let text = &self.chars[range.clone()];
            range.end == self.at
                && (*region == Region::Literal
                    || *region == Region::Placeholder && is_value(text)
                    || continues_word(text[text.len() - 1]) && !matches!(text[0], '?' | ':' | '@' | '$')
                    || text == [')']
                    || text == [']'])
        });
        match (rest[0], rest.get(1)) {
            ('?', _) => 1 + rest[1..].iter().take_while(|c| c.is_ascii_digit()).count(),
            (':', Some(next)) if continues_word(*next) && self.subscripts == 0 => word(1),
            ('@', Some(next)) if continues_word(*next) => word(1),
            ('.', Some(next)) if next.is_ascii_digit() && !after_operand => number(rest),
            (c, _) if c.is_ascii_digit() => number(rest),
            (c, _) if continues_word(c) && !c.is_whitespace() => word(0),
            _ => 1,
        }
    }
}

/// Whether braces stand for a value or a column, and not for a direction.
fn is_value(text: &[char]) -> bool {
    !text.iter().collect::<String>().starts_with("{dir ")
}

/// How many comments are open at the end of a text that begins with one.
fn nesting(text: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        match text.get(at..at + 2) {
            Some(['/', '*']) => (depth, at) = (depth + 1, at + 2),
            Some(['*', '/']) => (depth, at) = (depth.saturating_sub(1), at + 2),
            // Half of a pair: the text is cut in the middle of it.
            _ => at += 1,
        }
    }
    if text.len() < 2 { 1 } else { depth }
}

/// Whether quotes close: they come in pairs, and the text ends with one.
fn closed(text: &[char], quote: char) -> bool {
    let quotes = text.iter().filter(|c| **c == quote).count();
    text.len() > 1 && text.ends_with(&[quote]) && quotes % 2 == 0
}

/// The same of `E'..'`, in which a backslash takes the next character with it.
fn escapes_closed(text: &[char]) -> bool {
    let mut plain = Vec::new();
    let mut chars = text[1..].iter();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '\\' => plain.push('x'),
            c => plain.push(*c),
        }
    }
    closed(&plain, '\'')
}

/// `$tag$..$tag$`, or a parameter.
fn dollar(rest: &[char]) -> (Region, usize) {
    let tag = rest[1..].iter().take_while(|c| continues_word(**c) && **c != '$').count();
    let quotes = rest.get(1 + tag) == Some(&'$') && !rest[1].is_ascii_digit();
    if !quotes {
        return (Region::Other, 1 + tag);
    }
    let mark = &rest[..tag + 2];
    let whole = |length: &usize| *length >= 2 * mark.len() && rest[..*length].ends_with(mark);
    (Region::Literal, (1..=rest.len()).find(whole).unwrap_or(rest.len()))
}

/// Digits and letters, one sign behind an exponent, and points.
fn number(rest: &[char]) -> usize {
    let mut at = 0;
    loop {
        at += rest[at..].iter().take_while(|c| continues_word(**c) && **c != '$').count();
        let text: String = rest[..at].iter().collect();
        let exponent = text.ends_with(['e', 'E']) && !text.starts_with("0x") && !text.starts_with("0X");
        match rest.get(at) {
            Some('+' | '-') if exponent && rest.get(at + 1).is_some_and(char::is_ascii_digit) => at += 1,
            Some('.') => at += 1,
            _ => return at,
        }
    }
}
