//! The libraries whose SQL is looked at, and where each takes SQL as text.

use super::manifest::Package;

/// A database library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Library {
    Sqlx,
    Diesel,
    Rusqlite,
    Postgres,
    SeaQuery,
    Mysql,
}

use Library::{Diesel, Mysql, Postgres, Rusqlite, SeaQuery, Sqlx};

/// Packages and what they are, bring or hand on.
const PACKAGES: &[(&str, &[Library])] = &[
    ("sqlx", &[Sqlx]),
    ("sqlx_core", &[Sqlx]),
    ("sqlx_postgres", &[Sqlx]),
    ("sqlx_sqlite", &[Sqlx]),
    ("sqlx_mysql", &[Sqlx]),
    ("covet", &[Sqlx]),
    ("rocket_db_pools", &[Sqlx, Diesel, Postgres]),
    ("rocket_sync_db_pools", &[Diesel, Postgres, Rusqlite]),
    ("diesel", &[Diesel]),
    ("diesel_async", &[Diesel]),
    ("deadpool_diesel", &[Diesel]),
    ("rusqlite", &[Rusqlite]),
    ("tokio_rusqlite", &[Rusqlite]),
    ("async_rusqlite", &[Rusqlite]),
    ("async_sqlite", &[Rusqlite]),
    ("deadpool_sqlite", &[Rusqlite]),
    ("r2d2_sqlite", &[Rusqlite]),
    ("serde_rusqlite", &[Rusqlite]),
    ("libsql", &[Rusqlite]),
    ("duckdb", &[Rusqlite]),
    ("postgres", &[Postgres]),
    ("tokio_postgres", &[Postgres]),
    ("deadpool_postgres", &[Postgres]),
    ("bb8_postgres", &[Postgres]),
    ("mobc_postgres", &[Postgres]),
    ("r2d2_postgres", &[Postgres]),
    ("postgres_native_tls", &[Postgres]),
    ("cornucopia_async", &[Postgres]),
    ("sea_query", &[SeaQuery]),
    ("sea_query_binder", &[SeaQuery]),
    ("sea_query_sqlx", &[SeaQuery]),
    ("sea_query_rusqlite", &[SeaQuery]),
    ("sea_orm", &[SeaQuery]),
    ("sea_orm_migration", &[SeaQuery]),
    ("mysql", &[Mysql]),
    ("mysql_async", &[Mysql]),
    ("mysql_common", &[Mysql]),
    ("r2d2_mysql", &[Mysql]),
];

/// Functions that take SQL: the library, the type they belong to or none, the name, and which argument.
const FUNCTIONS: &[(Library, &str, &str, usize)] = &[
    (Sqlx, "", "query", 0),
    (Sqlx, "", "query_with", 0),
    (Sqlx, "", "query_as", 0),
    (Sqlx, "", "query_as_with", 0),
    (Sqlx, "", "query_scalar", 0),
    (Sqlx, "", "query_scalar_with", 0),
    (Sqlx, "", "raw_sql", 0),
    (Sqlx, "", "AssertSqlSafe", 0),
    (Sqlx, "QueryBuilder", "new", 0),
    (Sqlx, "QueryBuilder", "with_arguments", 0),
    (Diesel, "", "sql_query", 0),
    (Diesel, "", "sql", 0),
    (SeaQuery, "Expr", "cust", 0),
    (SeaQuery, "Expr", "cust_with_values", 0),
    (SeaQuery, "Expr", "cust_with_expr", 0),
    (SeaQuery, "Expr", "cust_with_exprs", 0),
    (SeaQuery, "SimpleExpr", "cust", 0),
    (SeaQuery, "SimpleExpr", "Custom", 0),
    (SeaQuery, "Expr", "Custom", 0),
    (SeaQuery, "Statement", "from_string", 1),
    (SeaQuery, "Statement", "from_sql_and_values", 1),
    (Mysql, "Queryable", "query", 1),
    (Mysql, "Queryable", "query_first", 1),
    (Mysql, "Queryable", "query_drop", 1),
    (Mysql, "Queryable", "query_iter", 1),
    (Mysql, "Queryable", "exec", 1),
    (Mysql, "Queryable", "exec_drop", 1),
    (Diesel, "SimpleConnection", "batch_execute", 1),
    (Sqlx, "Executor", "execute", 1),
    (Rusqlite, "Connection", "execute", 1),
];

/// Methods that take SQL: the library, the name, how many arguments it has, and which of them is SQL.
const METHODS: &[(Library, &str, usize, usize)] = &[
    (Sqlx, "execute", 1, 0),
    (Sqlx, "execute_many", 1, 0),
    (Sqlx, "fetch", 1, 0),
    (Sqlx, "fetch_many", 1, 0),
    (Sqlx, "fetch_all", 1, 0),
    (Sqlx, "fetch_one", 1, 0),
    (Sqlx, "fetch_optional", 1, 0),
    (Sqlx, "prepare", 1, 0),
    (Sqlx, "prepare_with", 2, 0),
    (Sqlx, "describe", 1, 0),
    (Diesel, "batch_execute", 1, 0),
    (Diesel, "execute", 1, 0),
    (Diesel, "sql", 1, 0),
    (Rusqlite, "execute", 2, 0),
    (Rusqlite, "execute_batch", 1, 0),
    (Rusqlite, "execute_transactional_batch", 1, 0),
    (Rusqlite, "prepare", 1, 0),
    (Rusqlite, "prepare_cached", 1, 0),
    (Rusqlite, "prepare_with_flags", 2, 0),
    (Rusqlite, "query", 2, 0),
    (Rusqlite, "query_row", 3, 0),
    (Rusqlite, "query_row_and_then", 3, 0),
    (Rusqlite, "query_one", 3, 0),
    (Postgres, "query", 2, 0),
    (Postgres, "query_one", 2, 0),
    (Postgres, "query_opt", 2, 0),
    (Postgres, "query_raw", 2, 0),
    (Postgres, "query_typed", 2, 0),
    (Postgres, "query_typed_raw", 2, 0),
    (Postgres, "query_scalar", 2, 0),
    (Postgres, "execute", 2, 0),
    (Postgres, "execute_raw", 2, 0),
    (Postgres, "execute_typed", 2, 0),
    (Postgres, "prepare", 1, 0),
    (Postgres, "prepare_cached", 1, 0),
    (Postgres, "prepare_typed", 2, 0),
    (Postgres, "prepare_typed_cached", 2, 0),
    (Postgres, "simple_query", 1, 0),
    (Postgres, "simple_query_raw", 1, 0),
    (Postgres, "batch_execute", 1, 0),
    (Postgres, "copy_in", 1, 0),
    (Postgres, "copy_out", 1, 0),
    (SeaQuery, "execute_unprepared", 1, 0),
    (SeaQuery, "cust", 1, 0),
    (Mysql, "query", 1, 0),
    (Mysql, "query_first", 1, 0),
    (Mysql, "query_first_opt", 1, 0),
    (Mysql, "query_opt", 1, 0),
    (Mysql, "query_drop", 1, 0),
    (Mysql, "query_iter", 1, 0),
    (Mysql, "query_stream", 1, 0),
    (Mysql, "query_map", 2, 0),
    (Mysql, "query_map_opt", 2, 0),
    (Mysql, "query_fold", 3, 0),
    (Mysql, "query_fold_opt", 3, 0),
    (Mysql, "exec", 2, 0),
    (Mysql, "exec_opt", 2, 0),
    (Mysql, "exec_first", 2, 0),
    (Mysql, "exec_first_opt", 2, 0),
    (Mysql, "exec_drop", 2, 0),
    (Mysql, "exec_iter", 2, 0),
    (Mysql, "exec_stream", 2, 0),
    (Mysql, "exec_batch", 2, 0),
    (Mysql, "exec_map", 3, 0),
    (Mysql, "exec_map_opt", 3, 0),
    (Mysql, "exec_fold", 4, 0),
    (Mysql, "prep", 1, 0),
    (Mysql, "prep_exec", 2, 0),
    (Mysql, "first_exec", 2, 0),
    (Mysql, "drop_exec", 2, 0),
    (Mysql, "batch_exec", 2, 0),
    (Mysql, "drop_query", 1, 0),
    (Mysql, "first", 1, 0),
    // Text of `mysql_async` runs itself: `"..".run(conn)`.
    (Mysql, "run", 1, usize::MAX),
    (Mysql, "with", 1, usize::MAX),
    (Mysql, "ignore", 1, usize::MAX),
    (Mysql, "fetch", 1, usize::MAX),
    (Mysql, "first", 1, usize::MAX),
];

/// Types of the libraries that globs bring.
const HANDLES: &[&str] = &[
    "PgPool",
    "SqlitePool",
    "MySqlPool",
    "AnyPool",
    "PgConnection",
    "SqliteConnection",
    "MysqlConnection",
    "AnyConnection",
    "Separated",
    "DatabaseConnection",
    "DatabaseTransaction",
    "AsyncPgConnection",
    "AsyncMysqlConnection",
];

impl Library {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Sqlx => "sqlx",
            Diesel => "diesel",
            Rusqlite => "rusqlite",
            Postgres => "postgres",
            SeaQuery => "sea_query",
            Mysql => "mysql",
        }
    }

    /// What the package of this name is or hands on; `-` and `_` are one.
    pub(super) fn of_package(name: &str) -> &'static [Self] {
        let name = name.replace('-', "_");
        PACKAGES.iter().find(|(package, _)| *package == name).map_or(&[], |(_, libraries)| libraries)
    }

    /// The library that a segment of a path names by itself.
    pub(super) fn of_segment(segment: &str) -> Option<Self> {
        match Self::of_package(segment) {
            [library] if segment != "covet" => Some(*library),
            _ => None,
        }
    }
}

/// Which argument of the function at the end of this path of `library` is SQL.
pub(super) fn function(library: Library, owner: &str, name: &str) -> Option<usize> {
    let known = |(of, kind, called, _): &&(Library, &str, &str, usize)| {
        *of == library && *called == name && (kind.is_empty() || *kind == owner)
    };
    FUNCTIONS.iter().find(known).map(|(.., argument)| *argument)
}

/// The libraries that have such a method, and which argument is SQL; none: what stands before the dot.
pub(super) fn methods(name: &str, arguments: usize) -> impl Iterator<Item = (Library, Option<usize>)> {
    let known = move |(_, called, count, _): &&(Library, &str, usize, usize)| *called == name && *count == arguments;
    METHODS.iter().filter(known).map(|(library, _, _, at)| (*library, Some(*at).filter(|at| *at != usize::MAX)))
}

/// Whether some library has a method of this name.
pub(super) fn is_method(name: &str) -> bool {
    METHODS.iter().any(|(_, called, ..)| *called == name)
}

/// Whether a name by itself, brought by a glob import, can only be that of a library.
pub(super) fn is_known(name: &str) -> bool {
    HANDLES.contains(&name)
        || FUNCTIONS.iter().any(|(_, owner, called, _)| *owner == name || (owner.is_empty() && *called == name))
}

/// Whether the file could give SQL to a library at all; most files need not be looked at.
pub(super) fn may_run_sql(text: &str, package: &Package) -> bool {
    let named = || PACKAGES.iter().any(|(name, _)| text.contains(name));
    let takes = || FUNCTIONS.iter().map(|(_, _, name, _)| name).chain(METHODS.iter().map(|(_, name, ..)| name));
    text.contains("trusted!") || ((!package.libraries.is_empty() || named()) && takes().any(|name| text.contains(name)))
}
