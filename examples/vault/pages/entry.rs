//! Coming and going: register, sign in, sign out.

use askama::Template;
use covet::{Auth, Password, RegisterError, ReturnTo, SignInError, SignedIn, public, rate_limit};
use rocket::form::{Contextual, Form, FromForm};
use rocket::response::{Flash, Redirect};
use rocket::{Either, get, post};

use crate::signup;
use crate::views::{Failure, Layout, Page, Typed, refusal, to, with_return};

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    layout: Layout,
    form: Typed,
    first: bool,
}

/// What one types to register.
#[derive(FromForm)]
pub struct Registration<'r> {
    username: &'r str,
    email: &'r str,
    password: Password,
}

#[public]
#[get("/register")]
pub async fn register_form(auth: Auth<'_>, layout: Layout) -> Result<Page, Failure> {
    let first = signup::nobody_yet(&auth).await?;
    Ok(Page::show(&Register { layout, form: Typed::default(), first }))
}

#[rate_limit("register")]
#[post("/register", data = "<form>")]
pub async fn register(
    auth: Auth<'_>,
    layout: Layout,
    form: Form<Contextual<'_, Registration<'_>>>,
) -> Result<Flash<Redirect>, Failure> {
    let Contextual { value, context } = form.into_inner();
    let mut form = Typed::of(&context, &["username", "email"]);
    if let Some(new) = value {
        match signup::register(&auth, new.username, new.email, new.password).await {
            Ok(_) => {
                let welcome = format!("Welcome, {}. Sign in with your new password.", new.username);
                return Ok(Flash::success(Redirect::to("/login"), welcome));
            }
            Err(RegisterError::Failed(failure)) => return Err(failure.into()),
            Err(error) => form = form.fault(field_of(&error), error),
        }
    }
    let first = signup::nobody_yet(&auth).await?;
    Err(Page::again(&Register { layout, form, first }).into())
}

fn field_of(error: &RegisterError) -> &'static str {
    match error {
        RegisterError::Password(_) => "password",
        _ => "",
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login {
    layout: Layout,
    form: Typed,
    return_to: ReturnTo,
}

/// What one types to sign in.
#[derive(FromForm)]
pub struct Credentials<'r> {
    login: &'r str,
    password: Password,
}

#[public]
#[get("/login?<return_to>")]
pub fn sign_in_form(layout: Layout, return_to: ReturnTo) -> Page {
    Page::show(&Login { layout, form: Typed::default(), return_to })
}

#[rate_limit("login")]
#[post("/login?<return_to>", data = "<form>")]
pub async fn sign_in(
    mut auth: Auth<'_>,
    layout: Layout,
    return_to: ReturnTo,
    form: Form<Contextual<'_, Credentials<'_>>>,
) -> Result<Either<Redirect, Flash<Redirect>>, Failure> {
    let Contextual { value, context } = form.into_inner();
    let (mut form, mut wait) = (Typed::of(&context, &["login"]), None);
    if let Some(typed) = value {
        match auth.sign_in(typed.login, typed.password).await {
            Ok(SignedIn::Done) => return Ok(to(return_to.to_string(), auth.guesses())),
            Ok(SignedIn::SecondFactor) => return Ok(to(with_return("/mfa", &return_to), None)),
            Err(SignInError::Failed(failure)) => return Err(failure.into()),
            Err(error) => {
                wait = if let SignInError::Refused { retry_after } = error { retry_after } else { None };
                form = form.fault("", refusal(error, wait));
            }
        }
    }
    Err(Page::again(&Login { layout, form, return_to }).retry_after(wait).into())
}

#[public]
#[post("/logout")]
pub async fn sign_out(mut auth: Auth<'_>) -> Result<Flash<Redirect>, Failure> {
    auth.sign_out().await?;
    Ok(Flash::success(Redirect::to("/login"), "You are signed out."))
}
