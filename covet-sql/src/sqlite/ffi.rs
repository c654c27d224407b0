//! The only unsafe code: small safe types over the C interface of SQLite.
//!
//! The rule: nothing of C leaves this file. What SQLite says is copied at once; what it calls back cannot panic into it.

#![expect(unsafe_code, reason = "SQLite is C; each block says why it holds")]

use std::any::Any;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use libsqlite3_sys as sqlite;

use super::watch::{Action, Answer, Watch};

/// Instructions of SQLite between two looks of the [`Watch`].
pub(super) const TICK: c_int = 100;

/// A switch of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    /// A text in double quotes is a string in a statement on rows.
    QuotedStrings,
    /// The same in a statement on the schema.
    QuotedStringsInSchema,
    /// Foreign keys are enforced.
    ForeignKeys,
    /// The schema cannot be written but by `CREATE`, `ALTER` and `DROP`.
    Defensive,
    /// Views and triggers may use whatever a statement may.
    TrustedSchema,
    /// Code can be loaded from a file.
    Extensions,
    /// The function `fts3_tokenizer` takes an address.
    Fts3Tokenizer,
}

/// A bound of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// Bytes of a value.
    Length,
    /// Bytes of a pattern of `LIKE`.
    Pattern,
    /// Databases beside the main one.
    Attached,
    /// Threads of a sort.
    Threads,
}

/// What SQLite said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The primary result code.
    pub(super) code: c_int,
    pub(super) message: String,
    /// The byte of the statement that is at fault.
    pub(super) offset: Option<usize>,
}

/// A database in memory.
#[derive(Debug)]
pub(super) struct Connection {
    raw: NonNull<sqlite::sqlite3>,
    watch: Arc<Watch>,
}

// SAFETY: the bundled SQLite is compiled with SQLITE_THREADSAFE=1, under which a connection opened with
// SQLITE_OPEN_NOMUTEX may move between threads as long as no two use it at once. It is not `Sync`, so they cannot. The
// callbacks reach nothing but the `Watch`, which is `Sync`.
unsafe impl Send for Connection {}

impl Connection {
    /// A new database in memory, whose every statement `watch` sees.
    pub(super) fn open(watch: Arc<Watch>) -> Result<Self, Fault> {
        let mut raw = ptr::null_mut();
        let flags = sqlite::SQLITE_OPEN_READWRITE | sqlite::SQLITE_OPEN_MEMORY | sqlite::SQLITE_OPEN_NOMUTEX;
        // SAFETY: the name ends with NUL, `raw` is where the connection goes, and no VFS means the default one.
        let code = unsafe { sqlite::sqlite3_open_v2(c":memory:".as_ptr(), &mut raw, flags, ptr::null()) };
        let Some(raw) = NonNull::new(raw) else {
            return Err(Fault { code, message: "out of memory".into(), offset: None });
        };
        // From here on it is closed, whatever happens.
        let connection = Self { raw, watch };
        connection.check(code)?;
        let user = Arc::as_ptr(&connection.watch).cast_mut().cast();
        let raw = connection.raw.as_ptr();
        // SAFETY: the connection is open, and `user` is a `Watch` that lives in it as long as it is.
        let code = unsafe { sqlite::sqlite3_set_authorizer(raw, Some(authorize), user) };
        connection.check(code)?;
        // SAFETY: as above.
        unsafe { sqlite::sqlite3_progress_handler(raw, TICK, Some(progress), user) };
        // SAFETY: the connection is open; the callback uses no user data.
        let code = unsafe { sqlite::sqlite3_collation_needed(raw, ptr::null_mut(), Some(any_collation)) };
        connection.check(code)?;
        Ok(connection)
    }

    pub(super) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(super) fn switch(&self, switch: Switch, on: bool) -> Result<(), Fault> {
        let switch = match switch {
            Switch::QuotedStrings => sqlite::SQLITE_DBCONFIG_DQS_DML,
            Switch::QuotedStringsInSchema => sqlite::SQLITE_DBCONFIG_DQS_DDL,
            Switch::ForeignKeys => sqlite::SQLITE_DBCONFIG_ENABLE_FKEY,
            Switch::Defensive => sqlite::SQLITE_DBCONFIG_DEFENSIVE,
            Switch::TrustedSchema => sqlite::SQLITE_DBCONFIG_TRUSTED_SCHEMA,
            Switch::Extensions => sqlite::SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION,
            Switch::Fts3Tokenizer => sqlite::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
        };
        let no_answer: *mut c_int = ptr::null_mut();
        // SAFETY: the connection is open, and each of these switches takes an `int` and a pointer that may be null.
        let code = unsafe { sqlite::sqlite3_db_config(self.raw.as_ptr(), switch, c_int::from(on), no_answer) };
        self.check(code)
    }

    pub(super) fn bound(&self, bound: Bound, most: c_int) {
        let bound = match bound {
            Bound::Length => sqlite::SQLITE_LIMIT_LENGTH,
            Bound::Pattern => sqlite::SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
            Bound::Attached => sqlite::SQLITE_LIMIT_ATTACHED,
            Bound::Threads => sqlite::SQLITE_LIMIT_WORKER_THREADS,
        };
        // SAFETY: the connection is open; the answer is the bound before.
        unsafe { sqlite::sqlite3_limit(self.raw.as_ptr(), bound, most) };
    }

    /// A function of this name that takes anything and gives `NULL`.
    pub(super) fn function(&self, name: &CStr) -> Result<(), Fault> {
        let flags = sqlite::SQLITE_UTF8 | sqlite::SQLITE_DETERMINISTIC | sqlite::SQLITE_INNOCUOUS;
        let (raw, name) = (self.raw.as_ptr(), name.as_ptr());
        // SAFETY: the connection is open, the name ends with NUL, and the function uses no user data.
        let code = unsafe {
            sqlite::sqlite3_create_function_v2(raw, name, -1, flags, ptr::null_mut(), Some(null), None, None, None)
        };
        self.check(code)
    }

    /// The first statement of a text, `None` if there is none but comments, and the bytes it has with its semicolon.
    pub(super) fn prepare<'c>(&'c self, sql: &CStr) -> Result<(Option<Statement<'c>>, usize), Fault> {
        let (mut raw, mut tail) = (ptr::null_mut(), ptr::null());
        // SAFETY: the connection is open, the text ends with NUL, and the statement and the tail go into variables.
        let code = unsafe { sqlite::sqlite3_prepare_v3(self.raw.as_ptr(), sql.as_ptr(), -1, 0, &mut raw, &mut tail) };
        self.check(code)?;
        // SAFETY: without a fault `tail` points into `sql`, or at the NUL at its end.
        let used = unsafe { tail.offset_from(sql.as_ptr()) };
        let statement = NonNull::new(raw).map(|raw| Statement { raw, connection: self });
        Ok((statement, usize::try_from(used).unwrap_or_default()))
    }

    /// What SQLite has to say of a result.
    fn check(&self, code: c_int) -> Result<(), Fault> {
        if code == sqlite::SQLITE_OK {
            return Ok(());
        }
        // SAFETY: the connection is open, the text lives until its next use and is copied before.
        let message = unsafe { text(sqlite::sqlite3_errmsg(self.raw.as_ptr())) }.unwrap_or_default();
        // SAFETY: the connection is open.
        let offset = unsafe { sqlite::sqlite3_error_offset(self.raw.as_ptr()) };
        Err(Fault { code: code & 0xff, message, offset: usize::try_from(offset).ok() })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: it is open and nothing borrows it, so it has no statements; the `Watch` goes after it.
        unsafe { sqlite::sqlite3_close(self.raw.as_ptr()) };
    }
}

/// A prepared statement.
#[derive(Debug)]
pub(super) struct Statement<'c> {
    raw: NonNull<sqlite::sqlite3_stmt>,
    connection: &'c Connection,
}

/// A column of the rows of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) table: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) declared: Option<String>,
}

impl Statement<'_> {
    /// Whether there is another row.
    pub(super) fn step(&mut self) -> Result<bool, Fault> {
        // SAFETY: the statement is not finalized.
        match unsafe { sqlite::sqlite3_step(self.raw.as_ptr()) } {
            sqlite::SQLITE_ROW => Ok(true),
            sqlite::SQLITE_DONE => Ok(false),
            code => self.connection.check(code).map(|()| false),
        }
    }

    pub(super) fn readonly(&self) -> bool {
        // SAFETY: the statement is not finalized.
        unsafe { sqlite::sqlite3_stmt_readonly(self.raw.as_ptr()) != 0 }
    }

    /// The names of its parameters in their order; none where it is `?`.
    pub(super) fn parameters(&self) -> Vec<Option<String>> {
        // SAFETY: the statement is not finalized.
        let count = unsafe { sqlite::sqlite3_bind_parameter_count(self.raw.as_ptr()) };
        // SAFETY: as above; parameters count from 1, and a name lives as long as the statement.
        (1..=count).map(|at| unsafe { text(sqlite::sqlite3_bind_parameter_name(self.raw.as_ptr(), at)) }).collect()
    }

    pub(super) fn columns(&self) -> Vec<Column> {
        let raw = self.raw.as_ptr();
        // SAFETY: the statement is not finalized.
        let count = unsafe { sqlite::sqlite3_column_count(raw) };
        let column = |at| {
            // SAFETY: as above, the column is one of the statement, and each text is copied before the next call.
            unsafe {
                Column {
                    name: text(sqlite::sqlite3_column_name(raw, at)).unwrap_or_default(),
                    table: text(sqlite::sqlite3_column_table_name(raw, at)),
                    origin: text(sqlite::sqlite3_column_origin_name(raw, at)),
                    declared: text(sqlite::sqlite3_column_decltype(raw, at)),
                }
            }
        };
        (0..count).map(column).collect()
    }

    /// A value of the present row as text; none where it is `NULL` or there is no such column.
    pub(super) fn text(&self, column: c_int) -> Option<String> {
        // SAFETY: the statement is not finalized; SQLite answers null for a column that is not there, and the text is
        // copied before the next call.
        unsafe { text(sqlite::sqlite3_column_text(self.raw.as_ptr(), column).cast()) }
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: the statement is finalized once, here.
        unsafe { sqlite::sqlite3_finalize(self.raw.as_ptr()) };
    }
}

/// Whether a text ends with the end of a statement, the bodies of triggers seen as such.
pub(super) fn complete(sql: &CStr) -> bool {
    // SAFETY: the text ends with NUL.
    unsafe { sqlite::sqlite3_complete(sql.as_ptr()) != 0 }
}

/// The bytes that SQLite has in this process.
pub(super) fn memory() -> i64 {
    // SAFETY: it reads a counter, under a lock of its own.
    unsafe { sqlite::sqlite3_memory_used() }
}

/// The version of the engine.
pub(super) fn version() -> String {
    // SAFETY: it is a static text.
    unsafe { text(sqlite::sqlite3_libversion()) }.unwrap_or_default()
}

/// A copy of a text of SQLite.
///
/// # Safety
///
/// It is null, or a text that ends with NUL and lives during the call.
unsafe fn text(raw: *const c_char) -> Option<String> {
    // SAFETY: the caller's.
    (!raw.is_null()).then(|| unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned())
}

/// Runs what must not panic into C.
fn guarded<T>(otherwise: T, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic: Box<dyn Any + Send>| {
        // Its own drop could panic as well.
        std::mem::forget(panic);
        otherwise
    })
}

unsafe extern "C" fn authorize(
    user: *mut c_void,
    code: c_int,
    first: *const c_char,
    second: *const c_char,
    database: *const c_char,
    within: *const c_char,
) -> c_int {
    guarded(sqlite::SQLITE_DENY, || {
        // SAFETY: `user` is the `Watch` that `open` gave, and lives as long as the connection that calls.
        let watch = unsafe { &*user.cast_const().cast::<Watch>() };
        // SAFETY: SQLite gives null or texts that live during the call.
        let [first, second, database, within] = [first, second, database, within].map(|raw| unsafe { text(raw) });
        match watch.authorize(Action { code, first, second, database, within }) {
            Answer::Allow => sqlite::SQLITE_OK,
            Answer::Ignore => sqlite::SQLITE_IGNORE,
            Answer::Deny => sqlite::SQLITE_DENY,
        }
    })
}

unsafe extern "C" fn progress(user: *mut c_void) -> c_int {
    guarded(1, || {
        // SAFETY: as in `authorize`.
        let watch = unsafe { &*user.cast_const().cast::<Watch>() };
        c_int::from(!watch.tick(memory()))
    })
}

/// Makes a collation that is asked for: the application may have it.
unsafe extern "C" fn any_collation(_: *mut c_void, raw: *mut sqlite::sqlite3, _: c_int, name: *const c_char) {
    // SAFETY: SQLite gives its open connection and a name that ends with NUL; the collation uses no user data.
    unsafe { sqlite::sqlite3_create_collation_v2(raw, name, sqlite::SQLITE_UTF8, ptr::null_mut(), Some(equal), None) };
}

unsafe extern "C" fn equal(_: *mut c_void, _: c_int, _: *const c_void, _: c_int, _: *const c_void) -> c_int {
    0
}

/// A function without a result: `NULL`.
unsafe extern "C" fn null(_: *mut sqlite::sqlite3_context, _: c_int, _: *mut *mut sqlite::sqlite3_value) {}

/// A text as C takes it, or the byte where it has a NUL.
pub(super) fn c_text(text: &str) -> Result<CString, usize> {
    CString::new(text).map_err(|nul| nul.nul_position())
}
