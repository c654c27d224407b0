//! The second factor: asked for after the password, and set up once.

use askama::Template;
use covet::{Auth, ReturnTo, SecondFactorError, Stage, public, rate_limit, require_auth};
use rocket::form::{Contextual, Form, FromForm};
use rocket::response::{Flash, Redirect};
use rocket::{Either, get, post, uri};

use super::account;
use crate::views::{Failure, Layout, Page, Typed, refusal, to, with_return};

#[derive(Template)]
#[template(path = "challenge.html")]
struct Challenge {
    layout: Layout,
    form: Typed,
    return_to: ReturnTo,
}

/// A code as it is typed.
#[derive(FromForm)]
pub struct Answer<'r> {
    code: &'r str,
}

/// Public, since whoever is asked for the code is not signed in yet. Covet sends users here, too, where a route asks for
/// a second factor.
#[public]
#[get("/mfa?<return_to>")]
pub fn challenge_form(auth: Auth<'_>, layout: Layout, return_to: ReturnTo) -> Either<Page, Redirect> {
    match auth.stage() {
        Stage::Anonymous => Either::Right(Redirect::to(with_return("/login", &return_to))),
        Stage::SignedIn if !auth.second_factor_enrolled() => Either::Right(Redirect::to(uri!(enrol_form))),
        _ => Either::Left(Page::show(&Challenge { layout, form: Typed::default(), return_to })),
    }
}

#[rate_limit("login")]
#[post("/mfa?<return_to>", data = "<form>")]
pub async fn challenge(
    mut auth: Auth<'_>,
    layout: Layout,
    return_to: ReturnTo,
    form: Form<Contextual<'_, Answer<'_>>>,
) -> Result<Either<Redirect, Flash<Redirect>>, Failure> {
    let Contextual { value, context } = form.into_inner();
    let (mut form, mut wait) = (Typed::of(&context, &[]), None);
    if let Some(answer) = value {
        match auth.verify_totp(answer.code).await {
            Ok(()) => return Ok(to(return_to.to_string(), auth.guesses())),
            Err(SecondFactorError::Failed(failure)) => return Err(failure.into()),
            Err(error) => {
                wait = if let SecondFactorError::Refused { retry_after } = error { retry_after } else { None };
                form = form.fault("code", refusal(error, wait));
            }
        }
    }
    Err(Page::again(&Challenge { layout, form, return_to }).retry_after(wait).into())
}

#[derive(Template)]
#[template(path = "enrol.html")]
struct Enrol {
    layout: Layout,
    form: Typed,
    key: Option<Key>,
}

/// What the authenticator application needs to know; shown once.
struct Key {
    picture: String,
    secret: String,
}

#[require_auth]
#[get("/account/second-factor")]
pub fn enrol_form(layout: Layout) -> Page {
    Page::show(&Enrol { layout, form: Typed::default(), key: None })
}

#[require_auth]
#[post("/account/second-factor")]
pub async fn enrol(auth: Auth<'_>, layout: Layout) -> Result<Page, Failure> {
    match auth.enroll_totp().await {
        Ok(new) => {
            let key = Key { picture: new.qr_svg(), secret: new.secret_base32().to_owned() };
            Ok(Page::show(&Enrol { layout, form: Typed::default(), key: Some(key) }))
        }
        Err(SecondFactorError::Failed(failure)) => Err(failure.into()),
        Err(error) => Err(Page::again(&Enrol { layout, form: Typed::default().fault("", error), key: None }).into()),
    }
}

#[require_auth]
#[post("/account/second-factor/confirm", data = "<form>")]
pub async fn confirm(
    mut auth: Auth<'_>,
    layout: Layout,
    form: Form<Contextual<'_, Answer<'_>>>,
) -> Result<Flash<Redirect>, Failure> {
    let Contextual { value, context } = form.into_inner();
    let mut form = Typed::of(&context, &[]);
    if let Some(first) = value {
        match auth.confirm_totp(first.code).await {
            Ok(()) => return Ok(Flash::success(Redirect::to(uri!(account::show)), "Your second factor is on.")),
            Err(SecondFactorError::Failed(failure)) => return Err(failure.into()),
            Err(error) => form = form.fault("code", error),
        }
    }
    Err(Page::again(&Enrol { layout, form, key: None }).into())
}
