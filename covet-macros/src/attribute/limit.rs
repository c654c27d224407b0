//! Judges what a route asks of a rate limit that the policy has: whether it knows by what to count, and whether a request
//! could ever be admitted.

use covet_core::policy::{Document, FILE_NAME};
use covet_core::rate_limit::{Cost, Policy, PolicyError, Scope};
use covet_core::units::UnitError;
use syn::{Error, LitInt, LitStr};

use crate::mistake;
use crate::section::type_name;

/// What is wrong first; the rest may follow from it.
pub(super) fn mistake(name: &LitStr, cost: Option<&LitInt>, has_user: bool, document: &Document) -> Option<Error> {
    // A name that the policy does not have is told elsewhere.
    let limit = document.policy.rate_limits.get(name.value().as_str());
    limit
        .and_then(|limit| nobody_to_count(name, limit, has_user, document))
        .or_else(|| no_cost(cost?))
        .or_else(|| never_fits(name, cost?, limit?, document))
}

/// The cost that an attribute says, if it is one.
pub(super) fn cost(literal: &LitInt) -> Result<Cost, UnitError> {
    // What is no number of 32 bits is out of range as well.
    Cost::new(literal.base10_parse().unwrap_or(u32::MAX))
}

fn nobody_to_count(name: &LitStr, limit: &Policy, has_user: bool, document: &Document) -> Option<Error> {
    let text = name.value();
    let unknown = |scope: &Scope| *scope == Scope::Key || scope.needs_user() && !has_user;
    let (at, scope) = limit.scopes().iter().enumerate().find(|(_, scope)| unknown(scope))?;
    let line = line(document, &["rate_limits", &text, "scope", &at.to_string()]);
    let counts = format!("the rate limit `{text}` counts by {scope} ({FILE_NAME}:{line})");
    let (message, help) = if *scope == Scope::Key {
        let named = type_name(&text);
        (
            format!("{counts}, which only a handler can know"),
            format!(
                "take the guard `Limiter` and call `limiter.check::<policy::limits::{named}>(key, 1).await` in the \
                 handler, or use a limit with `scope = \"ip\"`"
            ),
        )
    } else {
        let help = "add `#[require_auth]`, or use a limit with `scope = \"ip\"`";
        (format!("{counts}, and this route admits anyone"), help.to_owned())
    };
    Some(mistake::at(name.span(), "contradiction", message, help))
}

fn no_cost(literal: &LitInt) -> Option<Error> {
    let error = cost(literal).err()?;
    let message = format!("`cost` is `{literal}`, {error}");
    Some(mistake::at(literal.span(), "arguments", message, "write for instance `cost = 5`"))
}

/// A cost that no request could ever pay.
fn never_fits(name: &LitStr, literal: &LitInt, limit: &Policy, document: &Document) -> Option<Error> {
    let text = name.value();
    let error = limit.with_cost(cost(literal).ok()?).err()?;
    let (place, rates, cause) = match &error {
        PolicyError::Tier(tier, cause) => (vec!["tiers", tier.as_str()], limit.tiers().get(tier)?, &**cause),
        error => (vec!["limits"], limit.limits(), error),
    };
    let mut path = vec!["rate_limits", &text];
    let index;
    let help = match cause {
        PolicyError::CostNeverFits { rate, .. } => {
            index = rates.as_slice().iter().position(|other| other == rate)?.to_string();
            path.extend(place.into_iter().chain([index.as_str()]));
            format!("write a `cost` of at most {}, or raise the rate", rate.count())
        }
        PolicyError::CostOverBurst { burst, .. } => {
            path.push("burst");
            format!("write a `cost` of at most {burst}, or raise the `burst`")
        }
        _ => "write another `cost`".to_owned(),
    };
    let line = line(document, &path);
    let message = format!("this route cannot charge the rate limit `{text}`: {error} ({FILE_NAME}:{line})");
    Some(mistake::at(literal.span(), "contradiction", message, help))
}

fn line(document: &Document, path: &[&str]) -> usize {
    document.position(path).map_or(1, |position| position.line)
}
