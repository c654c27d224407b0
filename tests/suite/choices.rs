//! Choices and values of `safe_sql!` as requests make them: what is not on the list, no handler sees.

use std::sync::atomic::{AtomicUsize, Ordering};

use covet::{Db, Direction, Problem, public, safe_sql};
use rocket::form::{Form, FromForm};
use rocket::http::{ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::{State, get, post, uri};

use crate::support::App;

covet::policy!();

use policy::identifiers::NotesSort;

#[derive(Default)]
struct Handled(AtomicUsize);

impl Handled {
    fn answer(&self, sort: NotesSort, dir: Direction) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        format!("{sort} {dir}")
    }
}

#[public]
#[get("/query?<sort>&<dir>")]
fn query(handled: &State<Handled>, sort: NotesSort, dir: Direction) -> String {
    handled.answer(sort, dir)
}

#[public]
#[get("/path/<sort>/<dir>")]
fn path(handled: &State<Handled>, sort: NotesSort, dir: Direction) -> String {
    handled.answer(sort, dir)
}

#[derive(FromForm)]
struct Choice {
    sort: NotesSort,
    dir: Direction,
}

#[public]
#[post("/form", data = "<choice>")]
fn form(handled: &State<Handled>, choice: Form<Choice>) -> String {
    handled.answer(choice.sort, choice.dir)
}

#[public]
#[get("/find?<q>&<n>")]
async fn find(db: &Db, q: &str, n: u32) -> Result<String, Problem> {
    let found = safe_sql!("SELECT count(*) FROM users WHERE username LIKE '%{q}%' LIMIT {n}");
    Ok(found.scalar::<i64>().fetch_one(db).await?.to_string())
}

async fn client() -> Client {
    let routes = covet::routes![query, path, form, find];
    Client::untracked(App::new().rocket().mount("/", routes).manage(Handled::default())).await.unwrap()
}

fn handled(client: &Client) -> usize {
    client.rocket().state::<Handled>().unwrap().0.load(Ordering::SeqCst)
}

async fn get(client: &Client, path: &str) -> (u16, String) {
    let response = client.get(path.to_owned()).dispatch().await;
    (response.status().code, response.into_string().await.unwrap_or_default())
}

#[rocket::async_test]
async fn a_listed_column_is_taken_and_a_missing_one_is_the_default() {
    let client = client().await;
    for (path, answer) in [
        ("/query?sort=title&dir=desc", "title desc"),
        ("/query", "updated asc"),
        ("/path/updated/desc", "updated desc"),
    ] {
        assert_eq!(get(&client, path).await, (200, answer.to_owned()), "{path}");
    }
    let form = client.post("/form").header(ContentType::Form).body("sort=title");
    assert_eq!(form.dispatch().await.into_string().await.unwrap(), "title asc");
    assert_eq!(uri!(query(NotesSort::Title, Direction::Desc)).to_string(), "/query?sort=title&dir=desc");
    assert_eq!(uri!(path(NotesSort::Updated, Direction::Asc)).to_string(), "/path/updated/asc");
}

#[rocket::async_test]
async fn any_other_column_or_direction_is_422_before_the_handler() {
    let client = client().await;
    for path in [
        "/query?sort=owner",
        "/query?sort=Title",
        "/query?sort=",
        "/query?sort=title;DROP%20TABLE%20notes",
        "/query?dir=DESC",
        "/path/owner/asc",
        "/path/title/up",
    ] {
        assert_eq!(get(&client, path).await.0, 422, "{path}");
    }
    for body in ["sort=owner", "sort=title&dir=down"] {
        let response = client.post("/form").header(ContentType::Form).body(body).dispatch().await;
        assert_eq!(response.status(), Status::UnprocessableEntity, "{body}");
    }
    assert_eq!(handled(&client), 0);
}

#[rocket::async_test]
async fn a_value_that_cannot_be_bound_is_a_bad_request() {
    let client = client().await;
    assert_eq!(get(&client, "/find?q=a&n=500").await, (200, "0".to_owned()));
    for (path, detail) in [("/find?q=a%00b&n=1", "NUL"), ("/find?q=a&n=501", "the most is 500")] {
        let (status, body) = get(&client, path).await;
        assert_eq!(status, 400, "{path}");
        assert!(body.contains(detail) && body.contains("unacceptable_value"), "{body}");
    }
}
