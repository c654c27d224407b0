//! The user's own account: second factor and password.

use askama::Template;
use covet::{Auth, ChangePasswordError, Password, User, rate_limit, require_auth};
use rocket::form::{Contextual, Form, FromForm};
use rocket::response::{Flash, Redirect};
use rocket::{get, post, uri};

use crate::views::{Failure, Layout, Page, Typed};

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'r> {
    layout: Layout,
    form: Typed,
    name: &'r str,
    roles: &'r [String],
    enrolled: bool,
}

/// The password and the one after it.
#[derive(FromForm)]
pub struct Change {
    current: Password,
    new: Password,
}

#[require_auth]
#[get("/account")]
pub fn show(auth: Auth<'_>, user: &User, layout: Layout) -> Page {
    Page::show(&page(&auth, user, layout, Typed::default()))
}

#[rate_limit("login")]
#[require_auth]
#[post("/account/password", data = "<form>")]
pub async fn change_password(
    mut auth: Auth<'_>,
    user: &User,
    layout: Layout,
    form: Form<Contextual<'_, Change>>,
) -> Result<Flash<Redirect>, Failure> {
    let Contextual { value, context } = form.into_inner();
    let mut form = Typed::of(&context, &[]);
    if let Some(Change { current, new }) = value {
        match auth.change_password(current, new).await {
            Ok(()) => return Ok(Flash::success(Redirect::to(uri!(show)), "Your password is changed.")),
            Err(ChangePasswordError::Failed(failure)) => return Err(failure.into()),
            Err(error) => form = form.fault(field_of(&error), error),
        }
    }
    Err(Page::again(&page(&auth, user, layout, form)).into())
}

fn page<'r>(auth: &Auth<'_>, user: &'r User, layout: Layout, form: Typed) -> Account<'r> {
    Account { layout, form, name: &user.name, roles: &user.roles, enrolled: auth.second_factor_enrolled() }
}

fn field_of(error: &ChangePasswordError) -> &'static str {
    match error {
        ChangePasswordError::Refused { .. } => "current",
        ChangePasswordError::Password(_) => "new",
        _ => "",
    }
}
