//! Vault: a place for private notes, and a whole application on Covet.
//!
//! `cargo run --example vault` serves it on <http://localhost:8000>: no server to install, nothing to set up. What a
//! visitor may do stands in `security.toml`; the attributes above the routes say which part of it applies.

#![expect(unreachable_pub, reason = "in a program, `pub` is for the rest of the program")]

mod api;
mod notes;
mod pages;
mod signup;
#[cfg(test)]
mod tests;
mod views;

use covet::{Covet, Migration};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::AdHoc;
use rocket::{Build, Config, Rocket};

covet::policy!();

/// The application's own tables; Covet runs its migrations first, then these, at launch.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "notes", sql: include_str!("migrations/sqlite/0001_notes.sql") },
    Migration { version: 2, name: "pinned", sql: include_str!("migrations/sqlite/0002_pinned.sql") },
];

/// The same on PostgreSQL, for whoever builds it with the feature `postgres` and sets `COVET_DATABASE_URL`.
#[cfg(feature = "postgres")]
const POSTGRES_MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "notes", sql: include_str!("migrations/postgres/0001_notes.sql") },
    Migration { version: 2, name: "pinned", sql: include_str!("migrations/postgres/0002_pinned.sql") },
];

#[rocket::launch]
fn vault() -> Rocket<Build> {
    served(Covet::fairing(policy::EMBEDDED))
}

/// The application, secured by this fairing.
fn served(covet: Covet) -> Rocket<Build> {
    // Room for the longest note in a form: a letter may take twelve bytes there.
    let limits = Limits::default().limit("form", 256.kibibytes()).limit("json", 16.kibibytes());
    let covet = covet.migrations(MIGRATIONS);
    #[cfg(feature = "postgres")]
    let covet = covet.postgres_migrations(POSTGRES_MIGRATIONS);
    rocket::custom(Config::figment().merge(("limits", limits)))
        .attach(covet)
        .attach(AdHoc::on_liftoff("Address", |rocket| {
            let config = rocket.config();
            let host = if config.address.is_loopback() { "localhost".into() } else { config.address.to_string() };
            println!("Vault is ready: http://{host}:{}", config.port);
            Box::pin(async {})
        }))
        .mount("/", pages::routes())
        .mount("/", api::routes())
        .register("/", pages::catchers())
        .register("/api", api::catchers())
}
