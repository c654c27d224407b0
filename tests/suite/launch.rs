//! What is wrong and can be known at ignition refuses to launch, and says where and what.

use std::borrow::Cow;
use std::path::PathBuf;

use covet::Migration;
use covet_core::sql::drift::{Column, Table};
use rocket::fairing::AdHoc;
use rocket::local::asynchronous::Client;
use rocket::{get, routes};

use crate::support::{App, Ask, KEY, Person, Wire, refusal};

#[get("/plain")]
fn plain() -> &'static str {
    "plain"
}

#[get("/static/<_path..>")]
fn files(_path: PathBuf) -> &'static str {
    "file"
}

#[get("/static/index.html")]
fn file() -> &'static str {
    "file"
}

/// What is said when the application is refused.
pub(crate) async fn refused(app: App) -> String {
    refusal(app.rocket()).await.map(drop).expect_err("it launches")
}

/// What is said when this file lies over the policy; its path is `FILE`.
async fn refused_with_file(text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("over.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    refused(App::new().with("COVET_CONFIG", &path)).await.replace(&path, "FILE")
}

#[track_caller]
pub(crate) fn assert_says(said: &str, expected: &[&str]) {
    for part in expected {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
}

#[rocket::async_test]
async fn what_is_right_launches() {
    assert!(refusal(App::new().rocket()).await.is_ok());
    assert!(refusal(App::new().profile("release").rocket()).await.is_ok());
}

#[rocket::async_test]
async fn a_wrong_file_is_refused_with_place_key_found_and_expected() {
    let said = refused_with_file(
        "[sessions]\nidle_timeout = \"soon\"\nidle_timeuot = \"5m\"\n\n[rate_limits.login]\n  limits = [\"5/5m\", \"many\"]\n\n\
         [lockout]\nmax_attempts = 0\n",
    )
    .await;
    assert_says(
        &said,
        &[
            "Covet refuses to launch.",
            "FILE:2:16: `sessions.idle_timeout`",
            "FILE:3:1: `sessions.idle_timeuot`",
            "did you mean `idle_timeout`?",
            "FILE:6:21: `rate_limits.login.limits[1]`",
            "many",
            "FILE:9:16: `lockout.max_attempts`",
            "from 1 to 1000",
        ],
    );
}

#[rocket::async_test]
async fn a_file_that_is_no_toml_is_refused_with_the_place() {
    assert_says(&refused_with_file("[sessions]\nidle_timeout = = 3\n").await, &["FILE:2:16: not valid TOML"]);
    assert_says(&refused_with_file("\u{feff}[sessions\n").await, &["FILE:1:", "not valid TOML"]);
}

#[rocket::async_test]
async fn a_wrong_variable_is_refused_by_its_name() {
    let said = refused(App::new().with("COVET_SESSIONS__IDLE_TIMEOUT", "soon")).await;
    assert_says(&said, &["COVET_SESSIONS__IDLE_TIMEOUT: `sessions.idle_timeout`", "soon", "such as `\"5m\"`"]);
    let said = refused(App::new().with("COVET_SESSIONS__IDLE_TIMEOT", "5m")).await;
    assert_says(&said, &["COVET_SESSIONS__IDLE_TIMEOT: `sessions.idle_timeot`", "did you mean `idle_timeout`?"]);
    let said = refused(App::new().with("COVET_PASSWORD__MIN_LENGTH", "4")).await;
    assert_says(&said, &["COVET_PASSWORD__MIN_LENGTH: `password.min_length`", "8 to 64"]);
    let said = refused(App::new().with("COVET_HTTP__TRUSTED_PROXIES", r#"["10.0.0.1/8"]"#)).await;
    assert_says(&said, &["COVET_HTTP__TRUSTED_PROXIES: `http.trusted_proxies[0]`", "10.0.0.1/8", "a network such as"]);
}

#[rocket::async_test]
async fn a_layer_cannot_add_names() {
    let said = refused_with_file("[rate_limits.logins]\nlimits = [\"5/5m\"]\n").await;
    assert_says(&said, &["FILE:1:14: `rate_limits.logins`", "did you mean `login`?"]);
    let said = refused_with_file("[permissions]\n\"drop:all\" = \"\"\n").await;
    assert_says(&said, &["FILE:2:1: `permissions."]);
    let said = refused_with_file("[roles.root]\npermissions = [\"*\"]\n").await;
    assert_says(&said, &["FILE:1:8: `roles.root`"]);
    let said = refused(App::new().with("COVET_RATE_LIMITS__OTHER__LIMITS", r#"["5/5m"]"#)).await;
    assert_says(&said, &["COVET_RATE_LIMITS__OTHER__LIMITS: `rate_limits.other"]);
}

#[rocket::async_test]
async fn a_file_that_is_named_and_not_there_is_refused() {
    let said = refused(App::new().with("COVET_CONFIG", "/nowhere/security.toml")).await;
    assert_says(&said, &["COVET_CONFIG: `/nowhere/security.toml` cannot be read"]);
}

#[rocket::async_test]
async fn without_a_secret_key_only_a_debug_build_launches() {
    let app = App::new().without("COVET_SECRET_KEY");
    assert!(refusal(app.rocket()).await.is_ok());
    for profile in ["release", "default", "staging"] {
        let said = refused(app.clone().profile(profile)).await;
        assert_says(&said, &["COVET_SECRET_KEY is not set", "openssl rand -base64 32", "COVET_SECRET_KEY_FILE"]);
    }
}

#[rocket::async_test]
async fn a_key_that_is_none_is_refused_and_not_shown() {
    let wrong = [
        ("hunter2", "COVET_SECRET_KEY: "),
        ("", "COVET_SECRET_KEY: "),
        ("c2hvcnQ=", "COVET_SECRET_KEY: "),
        ("00000000000000000000000000000000000000000000000000000000000000ff", "does not look random"),
    ];
    for (key, expected) in wrong {
        for profile in ["debug", "release"] {
            let said = refused(App::new().profile(profile).with("COVET_SECRET_KEY", key)).await;
            assert_says(&said, &[expected]);
            assert!(key.is_empty() || !said.contains(key), "{said}");
        }
    }
    let said = refused(App::new().with("COVET_SECRET_KEY_FILE", "/nowhere")).await;
    assert_says(&said, &["COVET_SECRET_KEY and COVET_SECRET_KEY_FILE are both set"]);
    assert!(!said.contains(KEY));
    let said = refused(App::new().without("COVET_SECRET_KEY").with("COVET_SECRET_KEY_FILE", "/nowhere")).await;
    assert_says(&said, &["COVET_SECRET_KEY_FILE: `/nowhere` cannot be read"]);
}

#[rocket::async_test]
async fn a_secret_key_may_lie_in_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{KEY}\n")).unwrap();
    let path = file.path().display().to_string();
    let app = App::new().profile("release").without("COVET_SECRET_KEY").with("COVET_SECRET_KEY_FILE", path);
    assert!(refusal(app.rocket()).await.is_ok());
}

#[rocket::async_test]
async fn the_key_of_a_debug_build_is_kept_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory).without("COVET_SECRET_KEY");
    let server = app.serve().await;
    let ada = Person::signed_in(&server, "ada", "member").await;
    server.stop().await;
    let key = directory.path().join("covet.db.debug-key");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let server = app.serve().await;
    assert!(ada.is_signed_in(&server).await);
    server.stop().await;
    std::fs::write(&key, "not a key").unwrap();
    assert_says(
        &refused(app).await,
        &["covet.db.debug-key", "cannot be used", "set COVET_SECRET_KEY, or remove the file"],
    );
}

#[rocket::async_test]
async fn what_is_asked_for_and_not_there_is_refused() {
    #[cfg(not(feature = "redis"))]
    {
        let said = refused(App::new().with("COVET_REDIS_URL", "redis://localhost")).await;
        assert_says(&said, &["COVET_REDIS_URL is set", "add the feature `redis`, or unset it"]);
    }
    for (url, expected) in [
        ("sqlite:/nowhere/at/all/covet.db", "COVET_DATABASE_URL: there is no folder `/nowhere/at/all`; make it first"),
        ("sqlite:", "COVET_DATABASE_URL names no file, as `sqlite:app.db` does"),
        ("sqlite:/", "COVET_DATABASE_URL names no file, as `sqlite:app.db` does"),
    ] {
        assert_says(&refused(App::new().with("COVET_DATABASE_URL", url)).await, &[expected]);
    }
}

#[rocket::async_test]
async fn another_kind_of_database_is_refused_and_its_password_not_shown() {
    let found =
        |begins| format!("COVET_DATABASE_URL: found `{begins}…`, expected an address such as `sqlite:covet.db`");
    for (url, expected) in [("mysql:hunter2", found("mysql:")), ("hunter2", found(""))] {
        let said = refused(App::new().with("COVET_DATABASE_URL", url)).await;
        assert_says(&said, &[&expected]);
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[cfg(feature = "postgres")]
#[rocket::async_test]
async fn a_postgresql_that_is_not_there_refuses_launch_and_its_password_is_not_shown() {
    // Nobody listens where somebody just stopped to.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://covet:hunter2@{address}/covet");
    let said = refused(App::new().with("COVET_DATABASE_URL", &url)).await;
    assert_says(&said, &["COVET_DATABASE_URL: PostgreSQL cannot be used", "refused"]);
    assert!(!said.contains("hunter2"), "{said}");
}

#[rocket::async_test]
async fn a_database_that_is_none_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let text = "this is not a database, but it may be dear to somebody\n".repeat(100);
    let file = directory.path().join("covet.db");
    std::fs::write(&file, &text).unwrap();
    assert_says(&refused(App::on_file(&directory)).await, &["database"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[rocket::async_test]
async fn a_database_belongs_to_one_application_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let app = || App::on_file(&directory);
    let first = refusal(app().rocket()).await.unwrap();
    assert_says(&refused(app()).await, &["another process uses the database", "covet.db"]);
    drop(first);
    assert!(refusal(app().rocket()).await.is_ok());
}

/// What statements were compiled for.
const NOTES: Table = Table {
    name: Cow::Borrowed("notes"),
    columns: Cow::Borrowed(&[
        Column { name: Cow::Borrowed("id"), declared: Cow::Borrowed("INTEGER"), not_null: false },
        Column { name: Cow::Borrowed("title"), declared: Cow::Borrowed("TEXT"), not_null: true },
        Column { name: Cow::Borrowed("body"), declared: Cow::Borrowed("TEXT"), not_null: true },
    ]),
};

const TAGS: Table = Table { name: Cow::Borrowed("tags"), columns: Cow::Borrowed(&[]) };

#[rocket::async_test]
async fn a_database_that_statements_were_not_compiled_for_is_refused_with_what_differs() {
    const OTHER: Migration =
        Migration { version: 1, name: "notes", sql: "CREATE TABLE notes (id TEXT, title TEXT, more TEXT)" };
    let app = App::new().tables(&[NOTES, TAGS]);
    let rocket = app.bare().attach(app.covet().migrations(&[OTHER]));
    assert_says(
        &refusal(rocket).await.unwrap_err(),
        &[
            "the database has other tables than this program was compiled for:",
            "`notes.id` is TEXT, the program was compiled for INTEGER",
            "`notes.title` may be NULL in the database, the program was compiled for the opposite",
            "`notes.body` is not in the database",
            "`notes.more` is in the database, and the program was compiled without it",
            "`tags` is not in the database",
        ],
    );
}

#[rocket::async_test]
async fn a_database_that_statements_were_compiled_for_launches() {
    const SAME: Migration = Migration {
        version: 1,
        name: "notes",
        sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL)",
    };
    let app = App::new().tables(&[NOTES]);
    assert!(refusal(app.bare().attach(app.covet().migrations(&[SAME]))).await.is_ok());
    // The tables of the application lie elsewhere.
    let app = App::new().tables(&[NOTES, TAGS]);
    assert!(refusal(app.bare().attach(app.covet())).await.is_ok());
}

#[rocket::async_test]
async fn a_database_that_lacks_one_table_is_refused_whoever_made_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}?mode=rwc", directory.path().join("covet.db").display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE tags (name)").execute(&pool).await.unwrap();
    pool.close().await;
    let app = App::on_file(&directory).tables(&[NOTES, TAGS]);
    assert_says(&refused(app).await, &["`notes` is not in the database"]);
}

#[rocket::async_test]
async fn a_route_without_a_policy_is_refused() {
    let said = refusal(App::new().rocket().mount("/", routes![plain])).await.unwrap_err();
    assert_says(&said, &["routes without a policy:", "/plain", "covet::routes!", "[[uncovered]]"]);
    let said = refusal(App::new().rocket().mount("/deep", routes![files, file])).await.unwrap_err();
    assert_says(&said, &["/deep/static/<_path..>", "/deep/static/index.html"]);
}

/// The names of the files in a folder, in order.
fn files_in(directory: &tempfile::TempDir) -> Vec<String> {
    let names = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[rocket::async_test]
async fn a_launch_that_is_refused_makes_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let app = App::on_file(&directory).without("COVET_SECRET_KEY");
    let refused = [
        app.rocket().mount("/", routes![plain]),
        app.rocket().mount("/", routes![covered::covered]),
        app.clone().with("COVET_RATE_LIMITS__PAGES__SCOPE", "user").rocket(),
        app.clone().with("COVET_SESSIONS__IDLE_TIMEOUT", "soon").rocket(),
        app.clone().with("COVET_SECRET_KEY", "hunter2").rocket(),
        app.clone().with("COVET_REDIS_URL", "redis://localhost").rocket(),
        app.clone().profile("release").rocket(),
    ];
    for (at, rocket) in refused.into_iter().enumerate() {
        refusal(rocket).await.unwrap_err();
        assert_eq!(files_in(&directory), [""; 0], "{at}");
    }
    let launched = refusal(app.rocket()).await.unwrap();
    let made = files_in(&directory);
    for name in ["covet.db", "covet.db.debug-key", "covet.db.lock"] {
        assert!(made.iter().any(|made| made == name), "{name} is not in {made:?}");
    }
    drop(launched);
}

#[rocket::async_test]
async fn a_route_that_the_policy_excuses_is_served() {
    let app = App::new().policy("[[uncovered]]\npath = \"/static/**\"\nreason = \"public files\"\n");
    let client = Client::untracked(app.rocket().mount("/", routes![files, file])).await.unwrap();
    assert_eq!(client.send(Ask::get("/static/a/b")).await.body, "file");
    assert_eq!(client.send(Ask::get("/me")).await.status, 401);
    refusal(app.rocket().mount("/", routes![files, plain])).await.unwrap_err();
    refusal(app.rocket().mount("/deep", routes![file])).await.unwrap_err();
}

mod covered {
    use covet::require_auth;
    use rocket::get;

    #[require_auth]
    #[get("/covered")]
    pub(super) fn covered() -> &'static str {
        "covered"
    }
}

#[rocket::async_test]
async fn a_covered_route_that_is_mounted_by_rocket_alone_is_refused() {
    let said = refusal(App::new().rocket().mount("/", routes![covered::covered])).await.unwrap_err();
    assert_says(&said, &["routes without a policy:", "/covered"]);
}

#[rocket::async_test]
async fn guarded_routes_without_the_fairing_are_refused() {
    let said = refusal(App::new().bare().mount("/", covet::routes![covered::covered])).await.unwrap_err();
    assert_says(&said, &["Routes are guarded by Covet, but its fairing is not attached", "Covet::fairing"]);
}

#[rocket::async_test]
async fn a_route_without_a_policy_is_refused_whenever_it_is_mounted() {
    let late = || AdHoc::on_ignite("Late", |rocket| async { rocket.mount("/", routes![plain]) });
    let launched = |rocket| rocket::tokio::spawn(async { Client::untracked(rocket).await.is_ok() });
    assert!(launched(App::new().rocket()).await.unwrap());
    let panic = launched(App::new().rocket().attach(late())).await.unwrap_err().into_panic();
    let said = panic.downcast_ref::<String>().unwrap();
    assert_says(said, &["routes without a policy were mounted after", "/plain", "attach `Covet::fairing` behind"]);

    // Attached before, it is seen at ignition.
    let app = App::new();
    let rocket = app.bare().attach(late()).attach(app.covet());
    assert_says(&refusal(rocket).await.unwrap_err(), &["routes without a policy:", "/plain"]);
}

#[rocket::async_test]
async fn a_covered_route_that_a_later_fairing_mounts_is_refused_and_that_of_an_earlier_one_is_guarded() {
    let stage = || AdHoc::on_ignite("Stage", |rocket| async { rocket.mount("/", covet::routes![covered::covered]) });
    let said = refusal(App::new().rocket().attach(stage())).await.unwrap_err();
    assert_says(&said, &["::covered::covered` was mounted after", "Attach `Covet::fairing` behind every fairing"]);

    let app = App::new();
    let client = Client::untracked(app.bare().attach(stage()).attach(app.covet())).await.unwrap();
    assert_eq!(client.send(Ask::get("/covered")).await.status, 401);
}

#[rocket::async_test]
async fn a_limit_that_nobody_could_be_counted_by_is_refused() {
    let said = refused(App::new().with("COVET_RATE_LIMITS__PAGES__SCOPE", "user")).await;
    assert_says(&said, &["::limited` admits anyone, but its rate limit `pages` counts by user"]);
}

#[rocket::async_test]
async fn rocket_itself_believes_no_header_either() {
    let rocket = refusal(App::new().rocket()).await.unwrap();
    assert!(rocket.config().ip_header.is_none());
}
