//! Covet's own tables: the migrations that make them, for the database and for the compiler that checks statements.

/// Version, name and SQL of each, in their order.
pub const SQLITE: [(i64, &str, &str); 2] = [
    (1, "store", include_str!("../migrations/sqlite/0001_store.sql")),
    (2, "accounts", include_str!("../migrations/sqlite/0002_accounts.sql")),
];

/// The same tables on PostgreSQL.
pub const POSTGRES: [(i64, &str, &str); 2] = [
    (1, "store", include_str!("../migrations/postgres/0001_store.sql")),
    (2, "accounts", include_str!("../migrations/postgres/0002_accounts.sql")),
];
