//! What people vouch for: comments `// covet: trusted(reason = "..")` and uses of `trusted!`.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};

use super::finding::{Place, Trusted};

/// The reasons that comments of the file give, by the line they stand on.
pub(super) fn comments(source: &str) -> BTreeMap<usize, String> {
    source.lines().enumerate().filter_map(|(at, line)| Some((at + 1, reason(line)?))).collect()
}

/// The reason in `// covet: trusted(reason = "..")`. One that says nothing is none.
fn reason(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("//")?.trim_start().strip_prefix("covet:")?.trim_start();
    let rest = rest.strip_prefix("trusted")?.trim_start().strip_prefix('(')?.trim_start().strip_prefix("reason")?;
    let text = rest.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
    let (reason, end) = text.rsplit_once('"')?;
    let reason = reason.trim();
    (end.trim() == ")" && !reason.is_empty()).then(|| reason.to_owned())
}

/// Uses of `trusted!(reason = "..")` anywhere in the file, in macros too.
pub(super) fn uses(file: &str, source: &str, tokens: TokenStream) -> Vec<Trusted> {
    let mut found = Vec::new();
    collect(file, source, tokens, &mut found);
    found
}

fn collect(file: &str, source: &str, tokens: TokenStream, found: &mut Vec<Trusted>) {
    let trees: Vec<_> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        let TokenTree::Group(group) = tree else { continue };
        let bang = at.checked_sub(1).and_then(|at| trees.get(at));
        let name = at.checked_sub(2).and_then(|at| trees.get(at));
        if let (Some(TokenTree::Punct(bang)), Some(TokenTree::Ident(name))) = (bang, name)
            && bang.as_char() == '!'
            && name == "trusted"
            && let Some(reason) = reason_argument(group.stream())
        {
            found.push(Trusted { place: Place::new(file, source, name.span().byte_range()), reason });
        }
        collect(file, source, group.stream(), found);
    }
}

fn reason_argument(tokens: TokenStream) -> Option<String> {
    let trees: Vec<_> = tokens.into_iter().collect();
    let at = trees.iter().position(|tree| matches!(tree, TokenTree::Ident(ident) if ident == "reason"))?;
    let TokenTree::Literal(literal) = trees.get(at + 2)? else { return None };
    let text = syn::parse_str::<syn::LitStr>(&literal.to_string()).ok()?;
    Some(text.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_needs_a_reason() {
        assert_eq!(
            reason("    // covet: trusted(reason = \"names from the schema\")"),
            Some("names from the schema".into())
        );
        for bad in [
            "// covet: trusted",
            "// covet: trusted()",
            "// covet: trusted(reason = \"\")",
            "// covet: trusted(reason = \" \")",
            "let x = \"// covet: trusted(reason = \\\"x\\\")\";",
            "// covet: trusted(reason = \"x\"",
        ] {
            assert_eq!(reason(bad), None, "{bad}");
        }
    }
}
