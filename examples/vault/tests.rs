//! The notes as they are found over HTTP, on SQLite and, where `COVET_TEST_POSTGRES_URL` names a server, on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]

use covet::{Covet, Db, Settings, safe_sql};
use rocket::http::{Accept, ContentType, Status};
use rocket::local::asynchronous::Client;
use rocket::serde::json::{Value, json};

use crate::{policy, served};

const PASSWORD: &str = "seven grey herons by the canal";
const SESSION: &str = "__Host-session";

/// The application on a database of the test's own.
async fn on(url: &str) -> Client {
    let settings = Settings::only([("COVET_DATABASE_URL", url)]);
    Client::untracked(served(Covet::fairing(policy::EMBEDDED).settings(settings))).await.unwrap()
}

/// On each database that there is.
async fn everywhere(test: &str) -> Vec<Client> {
    let mut clients = vec![on("sqlite::memory:").await];
    #[cfg(feature = "postgres")]
    if let Some(url) = schema(test).await {
        clients.push(on(&url).await);
    }
    #[cfg(not(feature = "postgres"))]
    let _ = test;
    clients
}

/// The address of an empty schema of the test's own.
#[cfg(feature = "postgres")]
async fn schema(test: &str) -> Option<String> {
    let url = std::env::var("COVET_TEST_POSTGRES_URL").ok();
    assert!(url.is_some() || std::env::var_os("CI").is_none(), "COVET_TEST_POSTGRES_URL is not set");
    let url = url?;
    let schema = format!("vault_{test}_{}", std::process::id());
    let make = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
    let admin = sqlx::PgPool::connect(&url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(make)).execute(&admin).await.unwrap();
    Some(format!("{url}?options[search_path]={schema}"))
}

/// Somebody who is signed in.
struct Person<'c> {
    client: &'c Client,
    id: String,
    session: String,
}

impl<'c> Person<'c> {
    async fn new(client: &'c Client, name: &str) -> Self {
        let account = json!({ "username": name, "email": format!("{name}@example.com"), "password": PASSWORD });
        let made = post(client, "/api/register", &account).await;
        assert_eq!(made.0, Status::Created);
        let (status, session) = post(client, "/api/login", &json!({ "login": name, "password": PASSWORD })).await;
        assert_eq!(status, Status::Ok);
        let mut person = Self { client, id: String::new(), session };
        person.id = person.json("/api/me").await["id"].as_str().unwrap().to_owned();
        person
    }

    async fn get(&self, path: &str) -> (Status, String) {
        let request = self.client.get(path.to_owned()).header(Accept::HTML).remote("192.0.2.1:1".parse().unwrap());
        let response = request.cookie((SESSION, self.session.clone())).dispatch().await;
        (response.status(), response.into_string().await.unwrap_or_default())
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, Status::Ok, "{path}: {body}");
        rocket::serde::json::from_str(&body).unwrap()
    }

    /// The titles of the notes that are found, and the page after.
    async fn finds(&self, query: &str) -> (Vec<String>, Option<u64>) {
        let found = self.json(&format!("/api/notes?{query}")).await;
        let titles = found["notes"].as_array().unwrap().iter().map(|note| note["title"].as_str().unwrap().to_owned());
        (titles.collect(), found["next"].as_u64())
    }

    async fn sends(&self, path: &str, form: &str) -> Status {
        let request = self.client.post(path.to_owned()).header(ContentType::Form).body(form);
        let request = request.remote("192.0.2.1:1".parse().unwrap()).cookie((SESSION, self.session.clone()));
        request.dispatch().await.status()
    }

    async fn writes(&self, title: &str, body: &str) {
        let form = format!("title={}&body={}", title.replace('%', "%25"), body.replace('%', "%25"));
        assert_eq!(self.sends("/notes", &form).await, Status::SeeOther, "{title}");
    }
}

/// The status, and the session if one is given.
async fn post(client: &Client, path: &'static str, body: &Value) -> (Status, String) {
    let request = client.post(path).header(ContentType::JSON).body(body.to_string());
    let response = request.remote("192.0.2.1:1".parse().unwrap()).dispatch().await;
    let session = response.cookies().get(SESSION).map(|cookie| cookie.value().to_owned());
    (response.status(), session.unwrap_or_default())
}

#[rocket::async_test]
async fn notes_are_searched_sorted_and_filtered_and_belong_to_their_owner() {
    for client in everywhere("found").await {
        let (ada, bob) = (Person::new(&client, "ada").await, Person::new(&client, "bob").await);
        ada.writes("herons", "grey").await;
        ada.writes("Cranes", "100 % white").await;
        ada.writes("storks", "white_and black").await;
        bob.writes("herons of bob", "grey").await;
        let db = client.rocket().state::<Db>().unwrap();
        for (title, updated) in [("herons", 1_i64), ("Cranes", 2)] {
            let old = safe_sql!(
                "UPDATE notes SET updated = {updated} WHERE owner = {owner} AND title = {title}",
                owner = ada.id
            );
            assert_eq!(old.execute(db).await.unwrap().rows_affected(), 1);
        }
        let id = safe_sql!("SELECT id FROM notes WHERE owner = {owner} AND title = 'herons'", owner = ada.id);
        let id: i64 = id.value().fetch_one(db).await.unwrap();
        assert_eq!(ada.sends(&format!("/notes/{id}/pin"), "pinned=true").await, Status::SeeOther);
        assert_eq!(bob.sends(&format!("/notes/{id}/pin"), "pinned=false").await, Status::NotFound);

        for (query, titles) in [
            ("", &["storks", "Cranes", "herons"][..]),
            ("dir=asc", &["herons", "Cranes", "storks"]),
            ("sort=updated&dir=desc", &["storks", "Cranes", "herons"]),
            ("q=HERON", &["herons"]),
            ("q=white", &["storks", "Cranes"]),
            ("q=%25", &["Cranes"]),
            ("q=_", &["storks"]),
            ("q=of+bob", &[]),
            ("q=%27+OR+1%3D1+--", &[]),
            ("days=7", &["storks"]),
            ("pinned=true", &["herons"]),
            ("pinned=true&days=7", &[]),
            ("pinned=true&q=grey&dir=asc", &["herons"]),
        ] {
            let (found, next) = ada.finds(query).await;
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), next),
                (titles, None),
                "{query}"
            );
            let (status, page) = ada.get(&format!("/notes?{query}")).await;
            assert_eq!(status, Status::Ok, "{query}");
            for title in ["storks", "Cranes", "herons"] {
                assert_eq!(page.contains(&format!(">{title}</a>")), titles.contains(&title), "{query}: {title}");
            }
        }
        let (by_title, _) = ada.finds("sort=title&dir=asc&q=s").await;
        assert_eq!(by_title.len(), 3);
        assert_eq!(bob.finds("").await.0, ["herons of bob"]);
        assert_eq!(bob.get(&format!("/notes/{id}")).await.0, Status::NotFound);
    }
}

#[rocket::async_test]
async fn a_page_has_so_many_notes_and_says_whether_there_are_more() {
    for client in everywhere("paged").await {
        let ada = Person::new(&client, "ada").await;
        for title in ["a", "b", "c", "d", "e"] {
            ada.writes(title, "").await;
        }
        let pages = ["page=1", "page=2", "page=3", "page=4"].map(|page| format!("sort=title&dir=asc&limit=2&{page}"));
        for (query, titles, next) in [
            (&pages[0], &["a", "b"][..], Some(2)),
            (&pages[1], &["c", "d"], Some(3)),
            (&pages[2], &["e"], None),
            (&pages[3], &[], None),
        ] {
            let (found, more) = ada.finds(query).await;
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), more),
                (titles, next),
                "{query}"
            );
        }
        let (_, page) = ada.get(&format!("/notes?{}", pages[1])).await;
        assert!(page.contains("rel=\"prev\"") && page.contains("rel=\"next\""), "{page}");
        let (_, page) = ada.get("/notes").await;
        assert!(!page.contains("rel=\"prev\"") && !page.contains("rel=\"next\""), "{page}");
    }
}

#[rocket::async_test]
async fn what_cannot_be_read_is_422_as_a_problem_and_as_a_page() {
    let client = on("sqlite::memory:").await;
    let ada = Person::new(&client, "ada").await;
    for query in [
        "sort=owner",
        "sort=title;DROP",
        "dir=DESC",
        "q=a%00b",
        "days=-1",
        "days=9999",
        "days=x",
        "page=0",
        "limit=0",
        "limit=101",
        "pinned=perhaps",
    ] {
        let (status, body) = ada.get(&format!("/api/notes?{query}")).await;
        assert_eq!(status, Status::UnprocessableEntity, "{query}: {body}");
        let problem: Value = rocket::serde::json::from_str(&body).unwrap();
        let field = query.split('=').next().unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&json!("unprocessable"), &json!(422)), "{body}");
        assert!(problem["errors"].to_string().contains(field), "{body}");
        let (status, page) = ada.get(&format!("/notes?{query}")).await;
        assert_eq!(status, Status::UnprocessableEntity, "{query}");
        assert!(page.contains("Not understood"), "{page}");
    }
    assert_eq!(ada.get("/nothing").await.0, Status::NotFound);
}
