//! What can be wrong with a statement: a stable code, one sentence, what to do, and where.

use std::ops::Range;

use super::policy::Kind;

/// A mistake and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Mistake {
    reason: Reason,
    span: Range<usize>,
    without: Vec<Range<usize>>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing but space and comments.
    #[error("the statement is empty")]
    Empty,
    /// A character that a reader cannot see, or that reorders what they see.
    #[error("invisible character U+{:04X}", u32::from(*.0))]
    InvisibleCharacter(char),
    /// A quote without its partner.
    #[error("this quote is never closed")]
    UnclosedQuote,
    /// `/*` without `*/`.
    #[error("this comment is never closed")]
    UnclosedComment,
    /// `(` or `[` without its partner.
    #[error("`{0}` is never closed")]
    UnclosedParenthesis(String),
    /// `)` or `]` without its partner.
    #[error("`{0}` closes nothing")]
    UnmatchedParenthesis(String),
    /// `{` without `}`.
    #[error("`{{` is never closed")]
    UnclosedPlaceholder,
    /// `}` without `{`.
    #[error("`}}` closes nothing")]
    UnmatchedBrace,
    /// `{?` or `{when flag:` without `}`.
    #[error("this part is never closed")]
    UnclosedClause,
    /// `{? .. {? .. } .. }`.
    #[error("a part that may be left out cannot stand in another")]
    NestedClause,
    /// `{? }`.
    #[error("this part is empty")]
    EmptyClause,
    /// `{? AND live}`.
    #[error("nothing decides whether this part is kept: it has no value")]
    ClauseWithoutValue,
    /// More optional parts than the policy permits.
    #[error("{0} parts that may be left out, where security.toml permits {1}")]
    TooManyClauses(usize, usize),
    /// A part whose absence changes what stands beside it.
    #[error("what `{0}` means depends on a part that may be left out")]
    ClauseSplits(String),
    /// `{? RETURNING id}`.
    #[error("whether rows are returned depends on a part that may be left out")]
    ClauseReturning,
    /// `DELETE .. WHERE true {? AND id = {id}}`.
    #[error("without its optional parts this `{}` would change every row", .0.name().to_ascii_uppercase())]
    OptionalWhere(Kind),
    /// `DELETE .. WHERE 1 = 1`.
    #[error("this `WHERE` is the same for every row: this `{}` would change all of them or none", .0.name().to_ascii_uppercase())]
    ConstantWhere(Kind),
    /// `.. OR 1 = 1`.
    #[error("this is the same for every row, and so is all that `OR` joins to it")]
    ConstantOr,
    /// `{ident sort: nots_sort}`, and the list that was meant.
    #[error("security.toml has no list of identifiers `{0}`")]
    UnknownList(String, Option<String>),
    /// `FROM {ident table: list}`.
    #[error("a list of identifiers holds columns, and this is no place of a column")]
    IdentifierAsName,
    /// `WHERE {dir d}`.
    #[error("a direction belongs behind a key of `ORDER BY`")]
    DirectionOutsideOrderBy,
    /// `LIKE '%{a}%{b}%'`.
    #[error("a pattern takes one value")]
    LikeTwoValues,
    /// `LIKE '%{q}%' ESCAPE '!'`.
    #[error("the value in this pattern is escaped already")]
    LikeEscape,
    /// `LIMIT {n} - {m}`.
    #[error("a limit with `-` could be negative, which on SQLite is no limit")]
    NegativeLimit,
    /// `json_extract(data, {path})`.
    #[error("`{1}` would choose what `{0}` reads")]
    JsonPathValue(String, String),
    /// `token = 'sk_live_..'`.
    #[error("this looks like a secret, which would be in the program and in its source")]
    HardCodedSecret,
    /// An expression, a format or a number between braces.
    #[error("`{0}` is not a name or a path of fields")]
    PlaceholderSyntax(String),
    /// `'{name}'`.
    #[error("`{0}` in quotes would be text, not a bound value")]
    PlaceholderInQuotes(String),
    /// `-- {name}`.
    #[error("`{0}` in a comment is not bound")]
    PlaceholderInComment(String),
    /// `x{name}`, which would be the identifier `x$1`.
    #[error("`{0}` touches what stands beside it")]
    PlaceholderTouches(String),
    /// `FROM {name}`.
    #[error("a bound value cannot be the name of a table, a column or a type")]
    PlaceholderAsName,
    /// `ORDER BY {name}`.
    #[error("a bound value cannot choose a column: `ORDER BY {0}` would sort by a constant")]
    OrderByValue(String),
    /// `GROUP BY {name}`, `PARTITION BY {name}`, `DISTINCT ON ({name})`.
    #[error("a bound value cannot choose a column: `{0} {1}` would be the same for every row")]
    GroupByValue(&'static str, String),
    /// `ORDER BY name {name}`.
    #[error("a bound value cannot be a direction of `ORDER BY`")]
    OrderByDirection,
    /// `?`, `$1`, `:name`.
    #[error("`{0}` is a parameter of the driver")]
    DriverParameter(String),
    /// A quote that ends elsewhere on the other database.
    #[error("SQLite and PostgreSQL would end this text at different places")]
    AmbiguousQuote,
    /// `..; ..`.
    #[error("more than one statement")]
    StackedStatements,
    /// `DROP`, `PRAGMA` and all that is no statement on rows.
    #[error("`{0}` is not a statement on rows")]
    StatementKind(String, Option<&'static str>),
    /// A kind that the policy leaves out.
    #[error("`{0}` is not among the statements that security.toml permits")]
    NotPermitted(Kind),
    /// `UPDATE` or `DELETE` of a whole table.
    #[error("this `{}` has no `WHERE`: it would change every row", .0.name().to_ascii_uppercase())]
    MissingWhere(Kind),
    /// `REPLACE INTO`, `INSERT OR IGNORE`.
    #[error("PostgreSQL has no `{0}`")]
    OfSqliteAlone(&'static str),
    /// `SELECT .. INTO`, which creates a table.
    #[error("`SELECT .. INTO` creates a table")]
    SelectInto,
    /// A function that reaches outside the tables.
    #[error("`{0}` reaches beyond the rows of this database")]
    DeniedFunction(String),
    /// `U&"d\0062link"(..)`.
    #[error("the name of this function is written in escapes")]
    HiddenFunction,
    /// `ts_stat({name})`.
    #[error("`{0}` would run `{1}` as SQL")]
    RunAsSql(String, String),
}

impl Mistake {
    /// `reason` at these bytes of the statement.
    #[must_use]
    pub const fn new(reason: Reason, span: Range<usize>) -> Self {
        Self { reason, span, without: Vec::new() }
    }

    /// The same, of the statement without these parts.
    #[must_use]
    pub fn without(self, without: Vec<Range<usize>>) -> Self {
        Self { without, ..self }
    }

    /// The parts that are left out where this is a mistake; none where it is one with all of them.
    #[must_use]
    pub fn left_out(&self) -> &[Range<usize>] {
        &self.without
    }

    /// What is wrong.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The bytes of the statement that are wrong.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether the text cannot be divided into statements because of this.
    pub(super) const fn is_shape(&self) -> bool {
        use Reason::{
            NestedClause, TooManyClauses, UnclosedClause, UnclosedComment, UnclosedParenthesis, UnclosedPlaceholder,
            UnclosedQuote, UnmatchedParenthesis,
        };
        matches!(
            self.reason,
            NestedClause
                | TooManyClauses(..)
                | UnclosedClause
                | UnclosedQuote
                | UnclosedComment
                | UnclosedParenthesis(_)
                | UnmatchedParenthesis(_)
                | UnclosedPlaceholder
        )
    }

    /// The code that never changes, such as `sql::stacked_statements`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.reason {
            Reason::Empty => "sql::empty",
            Reason::InvisibleCharacter(_) => "sql::invisible_character",
            Reason::UnclosedQuote => "sql::unclosed_quote",
            Reason::UnclosedComment => "sql::unclosed_comment",
            Reason::UnclosedParenthesis(_) => "sql::unclosed_parenthesis",
            Reason::UnmatchedParenthesis(_) => "sql::unmatched_parenthesis",
            Reason::UnclosedPlaceholder => "sql::unclosed_placeholder",
            Reason::UnmatchedBrace => "sql::unmatched_brace",
            Reason::UnclosedClause => "sql::unclosed_clause",
            Reason::NestedClause => "sql::nested_clause",
            Reason::EmptyClause => "sql::empty_clause",
            Reason::ClauseWithoutValue => "sql::clause_without_value",
            Reason::TooManyClauses(..) => "sql::too_many_clauses",
            Reason::ClauseSplits(_) => "sql::clause_splits",
            Reason::ClauseReturning => "sql::clause_returning",
            Reason::OptionalWhere(_) => "sql::optional_where",
            Reason::ConstantWhere(_) => "sql::constant_where",
            Reason::ConstantOr => "sql::constant_or",
            Reason::UnknownList(..) => "sql::unknown_list",
            Reason::IdentifierAsName => "sql::identifier_as_name",
            Reason::DirectionOutsideOrderBy => "sql::direction_outside_order_by",
            Reason::LikeTwoValues => "sql::like_two_values",
            Reason::LikeEscape => "sql::like_escape",
            Reason::NegativeLimit => "sql::negative_limit",
            Reason::JsonPathValue(..) => "sql::json_path_value",
            Reason::HardCodedSecret => "sql::hard_coded_secret",
            Reason::PlaceholderSyntax(_) => "sql::placeholder_syntax",
            Reason::PlaceholderInQuotes(_) => "sql::placeholder_in_quotes",
            Reason::PlaceholderInComment(_) => "sql::placeholder_in_comment",
            Reason::PlaceholderTouches(_) => "sql::placeholder_touches",
            Reason::PlaceholderAsName => "sql::placeholder_as_name",
            Reason::OrderByValue(_) => "sql::order_by_value",
            Reason::GroupByValue(..) => "sql::group_by_value",
            Reason::OrderByDirection => "sql::order_by_direction",
            Reason::DriverParameter(_) => "sql::driver_parameter",
            Reason::AmbiguousQuote => "sql::ambiguous_quote",
            Reason::StackedStatements => "sql::stacked_statements",
            Reason::StatementKind(..) => "sql::statement_kind",
            Reason::NotPermitted(_) => "sql::not_permitted",
            Reason::MissingWhere(_) => "sql::missing_where",
            Reason::OfSqliteAlone(_) => "sql::of_sqlite_alone",
            Reason::SelectInto => "sql::select_into",
            Reason::DeniedFunction(_) => "sql::denied_function",
            Reason::HiddenFunction => "sql::hidden_function",
            Reason::RunAsSql(..) => "sql::run_as_sql",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match &self.reason {
            Reason::Empty => "write a statement, such as `SELECT ..`".into(),
            Reason::UnclosedComment => "end it with `*/`; each `/*` in a comment needs one".into(),
            Reason::UnclosedQuote => "a quote inside quotes is written twice: `''`".into(),
            Reason::UnclosedParenthesis(open) => format!("write `{}` where it ends", partner(open)),
            Reason::UnmatchedParenthesis(close) => format!("delete it, or write `{}` where it begins", partner(close)),
            Reason::InvisibleCharacter(_) => "delete it; text that needs it belongs in a bound value".into(),
            Reason::UnclosedPlaceholder | Reason::UnmatchedBrace => "write `{{` and `}}` for braces".into(),
            Reason::UnclosedClause => "write `}` where the part ends".into(),
            Reason::NestedClause => "end the outer part first, and give the inner one its own `{? ..}` behind it".into(),
            Reason::EmptyClause => "write what may be left out, or delete it".into(),
            Reason::ClauseWithoutValue => "`{? ..}` is kept where every `Option` in it is `Some`; for a flag write `{when flag: ..}`".into(),
            Reason::TooManyClauses(..) => "write statements of their own; each is checked with and without every part".into(),
            Reason::ClauseSplits(_) => "put the whole condition into the part: `{? AND name = {name}}`".into(),
            Reason::ClauseReturning => "write one statement that returns rows and one that does not".into(),
            Reason::OptionalWhere(_) => "add a condition that is always there".into(),
            Reason::ConstantWhere(_) => "say which rows; if all are meant, write `WHERE true`".into(),
            Reason::ConstantOr => "delete it; for a condition that may be left out write `{? AND name = {name}}`".into(),
            Reason::UnknownList(_, Some(near)) => format!("did you mean `{near}`?"),
            Reason::UnknownList(name, None) => {
                format!("declare it: `[sql.identifiers.{name}]` with `table` and `columns`")
            }
            Reason::IdentifierAsName => {
                "write the name in the statement; for a choice of tables use one statement each".into()
            }
            Reason::DirectionOutsideOrderBy => "write `ORDER BY column {dir name}`".into(),
            Reason::LikeTwoValues => "use one pattern for each value, joined by `AND`".into(),
            Reason::LikeEscape => "delete `ESCAPE ..`; Covet writes its own".into(),
            Reason::NegativeLimit => "compute the limit before, and bind the result".into(),
            Reason::JsonPathValue(..) => "write the path in quotes; a single key can be bound: `data ->> {key}`".into(),
            Reason::HardCodedSecret => "bind it, from the environment: `{name}`".into(),
            Reason::PlaceholderSyntax(text) => syntax_help(text),
            Reason::PlaceholderInQuotes(text) => quotes_help(text),
            Reason::PlaceholderInComment(text) => format!("delete it, or write `{{{text}}}` for the text `{text}`"),
            Reason::PlaceholderTouches(_) => "put a space between them".into(),
            Reason::PlaceholderAsName => {
                "write the name in the statement; for a choice of columns declare `[sql.identifiers.NAME]` and write `{ident value: NAME}`".into()
            }
            Reason::OrderByValue(_) => {
                "declare `[sql.identifiers.NAME]` in security.toml and write `{ident value: NAME}`".into()
            }
            Reason::GroupByValue(..) => {
                "write the column, or leave the value out; for a choice declare `[sql.identifiers.NAME]` and write `{ident value: NAME}`".into()
            }
            Reason::OrderByDirection => "write `ASC` or `DESC`; for a choice write `{dir value}`, where the value is a `covet::Direction`".into(),
            Reason::DriverParameter(text) => parameter_help(text),
            Reason::AmbiguousQuote => "bind the text as a value: `{name}`".into(),
            Reason::StackedStatements => {
                "run each in a `safe_sql!` of its own, in a transaction if they belong together".into()
            }
            Reason::StatementKind(_, Some(near)) => format!("did you mean `{near}`?"),
            Reason::StatementKind(verb, None) => kind_help(verb).into(),
            Reason::NotPermitted(kind) => format!("add \"{kind}\" to `statements` in the table `[sql]`"),
            Reason::MissingWhere(_) => "say which rows; if all are meant, write `WHERE true`".into(),
            Reason::OfSqliteAlone(_) => {
                "write `INSERT .. ON CONFLICT (..) DO UPDATE` or `DO NOTHING`, which both databases know, or say \
                 `dialects = [\"sqlite\"]` in the table `[sql]`"
                    .into()
            }
            Reason::SelectInto => "create the table in a migration and use `INSERT INTO .. SELECT`".into(),
            Reason::DeniedFunction(_) => "leave it out: it opens files, connections or settings, which no request needs".into(),
            Reason::HiddenFunction => "write the name in plain letters, so that it can be checked".into(),
            Reason::RunAsSql(..) => {
                "write all of that SQL here, in quotes and without values; put conditions into a `WHERE` around the call".into()
            }
        }
    }
}

fn partner(parenthesis: &str) -> &'static str {
    match parenthesis {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        _ => "[",
    }
}

/// Where a statement belongs that is not for `safe_sql!`.
fn kind_help(verb: &str) -> &'static str {
    match verb.to_ascii_lowercase().as_str() {
        "begin" | "start" | "commit" | "end" | "rollback" | "savepoint" | "release" => {
            "call `begin()` on the pool, and `commit()` or `rollback()` on what it gives"
        }
        "pragma" | "attach" | "detach" | "set" | "reset" | "listen" => {
            "`safe_sql!` takes SELECT, INSERT, UPDATE and DELETE; settings belong where the pool is opened"
        }
        _ => "`safe_sql!` takes SELECT, INSERT, UPDATE and DELETE; the rest belongs in a migration",
    }
}

fn syntax_help(text: &str) -> String {
    match text.trim_matches(['{', '}']).trim() {
        "" => "give the value a name: `{name}`".into(),
        inner if inner.starts_with("when ") => {
            "give the flag a name: `{when flag: ..}`, and after the statement `flag = ..`".into()
        }
        inner if inner.starts_with("ident ") => {
            "write `{ident value: list}`, with a list of `[sql.identifiers]`".into()
        }
        inner if inner.starts_with("dir ") => "write `{dir value}`, with the name of a `covet::Direction`".into(),
        inner => format!("give the value a name: `{{value}}`, and after the statement `value = {inner}`"),
    }
}

fn quotes_help(text: &str) -> String {
    format!("write `{text}` without quotes, a pattern as `LIKE '%{text}%'`; for the text `{text}` write `{{{text}}}`")
}

fn parameter_help(text: &str) -> String {
    match text {
        "?" => {
            "write the value where it is used: `{name}`; for the JSON operator use `jsonb_exists(value, key)`".into()
        }
        _ => "write the value where it is used: `{name}`".into(),
    }
}
