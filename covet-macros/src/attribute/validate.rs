//! Judges what the attributes of a route say: whether the policy has the names, and whether they contradict each other.

use std::collections::BTreeSet;

use covet_core::policy::{Document, FILE_NAME, nearest};
use covet_core::units::Time;
use syn::LitStr;

use super::{Attribute, Kind, Name, limit};
use crate::mistake;
use crate::section::Section;

/// How long ago a second factor may have been verified at most.
pub(super) type MaxAge = Time<1, 2_592_000>;

/// How many names are told to who wrote one that is like none of them.
const NAMES_TOLD: usize = 12;

/// Attributes that cannot stand together.
pub(super) fn contradictions(attributes: &[Attribute]) -> Vec<syn::Error> {
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for attribute in attributes {
        let single = matches!(attribute.name, Name::RequireAuth | Name::RequireMfa | Name::Public);
        if single && !seen.insert(attribute.name.to_string()) {
            let message = format!("`#[{}]` stands here twice", attribute.name);
            errors.push(mistake::on(&attribute.tokens, "contradiction", message, "delete one of the two"));
        }
        for (section, name) in names_of(attribute) {
            let what = format!("the {} `{}`", section.noun(), name.value());
            if seen.contains(&what) {
                let message = format!("{what} stands here twice");
                errors.push(mistake::at(name.span(), "contradiction", message, "delete one of the two"));
            }
            seen.insert(what);
        }
    }
    let demanding = attributes.iter().find(|attribute| demands_a_user(attribute));
    let public = attributes.iter().find(|attribute| attribute.name == Name::Public);
    if let (Some(public), Some(other)) = (public, demanding) {
        let message = format!("`#[public]` admits anyone, and `#[{}]` does not", other.name);
        errors.push(mistake::on(&public.tokens, "contradiction", message, "delete one of the two"));
    }
    errors
}

/// Names that the policy does not have, and demands that it cannot meet.
pub(super) fn names(attributes: &[Attribute], document: &Document) -> Vec<syn::Error> {
    let has_user = attributes.iter().any(demands_a_user);
    let mut errors = Vec::new();
    for attribute in attributes {
        errors.extend(names_of(attribute).filter_map(|(section, name)| unknown(section, name, document)));
        match &attribute.kind {
            Kind::RateLimit { name, cost } => errors.extend(limit::mistake(name, cost.as_ref(), has_user, document)),
            Kind::RequireMfa { max_age: Some(max_age) } => errors.extend(no_max_age(max_age)),
            _ => {}
        }
    }
    errors
}

/// The names an attribute uses, and where the policy should have them.
fn names_of(attribute: &Attribute) -> impl Iterator<Item = (Section, &LitStr)> {
    let (section, names) = match &attribute.kind {
        Kind::RateLimit { name, .. } => (Section::RateLimits, vec![name]),
        Kind::RequireRole(names) => (Section::Roles, names.iter().collect()),
        Kind::RequirePermission(clauses) => {
            (Section::Permissions, clauses.iter().flat_map(|clause| &clause.0).collect())
        }
        Kind::RequireMfa { .. } | Kind::RequireAuth | Kind::Public | Kind::Unreadable => (Section::Roles, vec![]),
    };
    names.into_iter().map(move |name| (section, name))
}

fn demands_a_user(attribute: &Attribute) -> bool {
    !matches!(attribute.name, Name::Public | Name::RateLimit)
}

fn unknown(section: Section, name: &LitStr, document: &Document) -> Option<syn::Error> {
    let text = name.value();
    let known = section.names(&document.policy);
    if known.contains(&text.as_str()) {
        return None;
    }
    let line = |path: &[&str]| document.position(path).map_or(1, |position| position.line);
    let elsewhere = Section::ALL.into_iter().find(|other| other.names(&document.policy).contains(&text.as_str()));
    let help = match (nearest(&text, known.iter().copied()), elsewhere) {
        _ if section == Section::Permissions && text.contains('*') => {
            "patterns belong to roles; a route names each permission it requires".to_owned()
        }
        (_, Some(other)) => {
            format!("`{text}` is a {}: write `#[{}(\"{text}\")]`", other.noun(), taken_by(other))
        }
        (Some(near), None) => format!("did you mean `{near}` ({FILE_NAME}:{})?", line(&[section.key(), near])),
        (None, None) if known.is_empty() => first_of(section, &text, document),
        (None, None) => {
            let mut names: Vec<_> = known.iter().take(NAMES_TOLD).map(|name| format!("`{name}`")).collect();
            names.extend((known.len() > NAMES_TOLD).then(|| "…".to_owned()));
            format!("`[{}]` ({FILE_NAME}:{}) has {}", section.key(), line(&[section.key()]), names.join(", "))
        }
    };
    Some(mistake::at(name.span(), "unknown_name", format!("unknown {} `{text}`", section.noun()), help))
}

/// The attribute that takes the names of a section.
fn taken_by(section: Section) -> Name {
    match section {
        Section::RateLimits => Name::RateLimit,
        Section::Permissions => Name::RequirePermission,
        Section::Roles => Name::RequireRole,
    }
}

/// What to write where the policy has no names of the section yet.
fn first_of(section: Section, name: &str, document: &Document) -> String {
    if let Err(expected) = section.expects(name) {
        return format!("{FILE_NAME} has no {} yet, and this cannot be one; expected {expected}", section.noun());
    }
    let table = match section {
        Section::RateLimits => format!("[rate_limits.{name}]\n      limits = [\"5/5m\"]"),
        Section::Roles => format!("[roles.{name}]\n      permissions = []"),
        // A table cannot stand there twice.
        Section::Permissions => match document.position(&["permissions"]) {
            Some(position) => {
                let place = format!("`[permissions]` ({FILE_NAME}:{}) is empty; write in it", position.line);
                return format!("{place}\n      \"{name}\" = \"what it lets one do\"");
            }
            None => format!("[permissions]\n      \"{name}\" = \"what it lets one do\""),
        },
    };
    format!("{FILE_NAME} has no {} yet; write in it\n      {table}", section.noun())
}

fn no_max_age(max_age: &LitStr) -> Option<syn::Error> {
    let error = max_age.value().parse::<MaxAge>().err()?;
    let message = format!("`max_age` is `{}`, {error}", max_age.value());
    Some(mistake::at(max_age.span(), "arguments", message, "write for instance `max_age = \"10m\"`"))
}
