//! JSON bodies, read in silence: Rocket's own guard writes a body that it cannot read into the log, and a body may hold
//! a password.

use rocket::data::{self, Data, FromData};
use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::serde::json;
use rocket::{Request, serde};

/// The body of a request or a response, as JSON. A request must say `Content-Type: application/json`, which a page of
/// another site cannot make a browser send unasked; one that cannot be read is refused without being shown.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

/// The body was not what was expected. It does not say what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl<T> Json<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

#[rocket::async_trait]
impl<'r, T: serde::DeserializeOwned> FromData<'r> for Json<T> {
    type Error = Unreadable;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        if !request.content_type().is_some_and(|kind| kind.is_json()) {
            return data::Outcome::Error((Status::UnsupportedMediaType, Unreadable));
        }
        let outcome = json::Json::<T>::from_data(request, data).await;
        outcome.map(|json::Json(value)| Self(value)).map_error(|(status, _)| (status, Unreadable))
    }
}

impl<'r, T: serde::Serialize> Responder<'r, 'static> for Json<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        json::Json(self.0).respond_to(request)
    }
}
