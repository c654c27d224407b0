//! The attributes and macros of Covet; use them through the crate `covet`.
//!
//! Each is parsed, validated against the policy, then expanded; on a mistake the user's item is emitted unchanged beside
//! the error, so that ours is the only one they see.

mod attribute;
mod identifiers;
mod mistake;
mod paths;
mod policy;
mod policy_module;
mod routes;
mod safe_sql;
mod schema_module;
mod section;
mod trusted;

use proc_macro::TokenStream;

use self::attribute::Name;

/// Charges a rate limit of `[rate_limits]` before the route runs: `#[rate_limit("login")]`. May stand several times. With
/// `cost = 5` one request counts 5, from 1 to 1000; else what the policy says, which is 1 unless it says otherwise.
#[proc_macro_attribute]
pub fn rate_limit(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Name::RateLimit, arguments.into(), item.into()).into()
}

/// Admits whoever is signed in.
#[proc_macro_attribute]
pub fn require_auth(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Name::RequireAuth, arguments.into(), item.into()).into()
}

/// Admits whoever verified a second factor in this session; with `max_age = "10m"`, recently.
#[proc_macro_attribute]
pub fn require_mfa(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Name::RequireMfa, arguments.into(), item.into()).into()
}

/// Admits whoever holds the permissions of `[permissions]`: `#[require_permission("read:notes")]`. Several: all of them;
/// `any("a", "b")`: one of them.
#[proc_macro_attribute]
pub fn require_permission(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Name::RequirePermission, arguments.into(), item.into()).into()
}

/// Admits whoever holds the role of `[roles]`, itself or by a role that inherits it. Several: all of them.
#[proc_macro_attribute]
pub fn require_role(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Name::RequireRole, arguments.into(), item.into()).into()
}

/// Admits anyone, and says so.
#[proc_macro_attribute]
pub fn public(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(Name::Public, arguments.into(), item.into()).into()
}

/// Routes to mount, as Rocket's own `routes!`; a route without a policy does not compile.
#[proc_macro]
pub fn routes(input: TokenStream) -> TokenStream {
    routes::expand(input.into()).into()
}

/// Makes the module `policy`: the text that this program was compiled with, a type for each permission in
/// `policy::permissions`, one for each rate limit with `scope = "key"` in `policy::limits`, and one for each list of
/// `[sql.identifiers]` in `policy::identifiers`.
#[proc_macro]
pub fn policy(input: TokenStream) -> TokenStream {
    policy_module::expand(input.into()).into()
}

/// A statement whose every value is bound, checked while the program is compiled.
///
/// ```ignore
/// let user: Option<User> = safe_sql!(User: "SELECT id, email FROM users WHERE email = {form.email}")
///     .fetch_optional(&pool).await?;
/// ```
///
/// **Values.** `{name}` takes a variable, `{user.id}` a field; anything else gets a name behind the statement:
/// `safe_sql!("… WHERE id = {id}", id = form.id())`. Values are taken by reference. A name used twice is bound once.
/// Braces are written `{{` and `}}`; in quotes they are text, and `{name}` there is a mistake.
///
/// **Text.** Only literals: no `format!`, no constants. Several literals are joined as lines, which also lets the
/// compiler underline the line of a mistake. `safe_sql!(Type: "…")` reads rows as a `Type` that is `FromRow`.
///
/// **Records.** Without a type, and where `[sql]` says what tables there are, a row is a record with a field of each column,
/// an `Option` where it may be `NULL` or that is not known. `AS "x!"` and `AS "x?"` say it better, `AS "x: Type"` names a type
/// of yours. Where a column has no name or no type that all drivers read without more features, as times, decimals,
/// UUIDs and JSON, the row stays the driver's. `.raw()` always gives that one.
///
/// **Methods.** What returns rows has `fetch_one`, `fetch_optional`, `fetch_all`, `fetch` for a stream, and without a type
/// also `.scalar::<T>()` for the first column and `.value()` for the only one, as its type; what does not has `execute`. Each takes a pool, a connection or `&mut *transaction`, of SQLite or PostgreSQL.
///
/// **Parts that may be left out.** `{? AND title = {title}}` is kept where every `Option` in it is `Some`,
/// `{when live: AND published}` where the flag is true (`!live`: where it is false). Up to eight, not within each other;
/// the statement is checked with and without each of them.
///
/// **Choices.** `ORDER BY {ident sort: notes_sort} {dir direction}` takes a column of the list `[sql.identifiers.notes_sort]`,
/// whose type `policy!()` makes, and a `covet::Direction`. Both are parameters of a route; what is not on the list is 422.
///
/// **Lists, patterns, limits.** `id IN {ids}` binds a whole list, also an empty one. `title LIKE '%{q}%'` takes what was
/// sent as text, without its wildcards. `LIMIT {n}` and `OFFSET {n}` take `u32`; `max_limit` bounds the limit.
///
/// **Refused.** More than one statement, statements other than on rows, `UPDATE` and `DELETE` without `WHERE`, values
/// in quotes, comments, `ORDER BY` or the place of a name, parameters of the driver, functions that reach beyond the
/// database, conditions that are always true, secrets, invisible characters; an `Option` beside `=`. `[sql]` in `security.toml` narrows it further.
///
/// **Tables.** Where `[sql]` names the migrations of the project, statements are judged on the tables that these make, without
/// a database; `[[sql.scopes]]` and `[[sql.columns]]` say whose rows and which columns they may touch. The compiler learns
/// of new migrations by one line in the `build.rs` of the package: `println!("cargo::rerun-if-changed=migrations");`.
#[proc_macro]
pub fn safe_sql(input: TokenStream) -> TokenStream {
    safe_sql::expand(input.into()).into()
}

/// Makes the module `schema`: a module for each table of the migrations that `[sql]` in `security.toml` names, with a
/// constant for each column, for statements on one table that are put together when the program runs.
///
/// ```ignore
/// covet::schema!();
/// use schema::notes;
///
/// let mine = notes::owner.eq(user.id.as_str()) & !notes::title.starts_with("draft");
/// let page: Vec<Note> = notes::select()
///     .filter(mine.clone())
///     .filter_some(q.map(|q| notes::title.contains(q) | notes::body.contains(q)))
///     .order_by(notes::updated.desc())
///     .limit(50_u32)
///     .fetch_all(&pool).await?;
/// let all: i64 = notes::count().filter(mine).fetch_one(&pool).await?;
///
/// notes::update().set(notes::title, title).filter(notes::id.eq(id)).execute(&mut *transaction).await?;
/// notes::delete().filter(notes::id.in_([1, 2])).execute(&pool).await?;
/// ```
///
/// **Conditions.** `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `in_`, `is_null`, `is_not_null`, and on text `like`, `contains`,
/// `starts_with`, `ends_with`, which take what was sent as text, without its wildcards; joined by `&`, `|` and `!`. A list
/// of them is `conditions.into_iter().reduce(|a, b| a | b)`. Filters add up; `filter_some` takes one that may be missing.
///
/// **Values** are bound, and typed by the column: whole numbers, numbers, text, bytes and `bool` each take their own, and
/// whatever implements `covet::sql::filter::Fits`; times, UUIDs, JSON and enumerations take what each database of the
/// program can hold. An `Option` is not compared with, as nothing equals `NULL`; it is written, where the column may be
/// `NULL`.
///
/// **Changes.** `update` and `delete` are executed once a filter says which rows are meant, or `.all_rows()`. Computed
/// columns and views are not written, and a kind of statement that `[sql] statements` leaves out is not there.
///
/// **Guards.** A table of `[[sql.scopes]]`, a column of `[[sql.columns]]`, and views where there are such, are not there:
/// only [`safe_sql!`] can judge what touches them.
///
/// **Names** are those of the tables and columns that every database of `[sql] dialects` has. Raw where Rust keeps them
/// (`r#type`), with a `_` behind where the module has that name itself (`count_`). Import the table, not all that is in
/// it: a constant called `id` is in the way of every variable of that name. What has a join, a group or an
/// expression is a [`safe_sql!`].
///
/// New files are seen with one line in `build.rs`: `println!("cargo::rerun-if-changed=migrations");`.
#[proc_macro]
pub fn schema(input: TokenStream) -> TokenStream {
    schema_module::expand(input.into()).into()
}

/// SQL that this program made when it runs, declared safe: `sqlx::query(trusted!(reason = "…", text))`.
///
/// It compiles only where `trusted = "allow"` in the table `[sql]` of security.toml, and only with a reason. Whatever is in
/// the text is run; nothing is checked. Prefer [`safe_sql!`], whose optional parts and choices need no text at run time.
#[proc_macro]
pub fn trusted(input: TokenStream) -> TokenStream {
    trusted::expand(input.into()).into()
}
