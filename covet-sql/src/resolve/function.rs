//! What functions give. One that is not known gives something unknown.

use sqlparser::ast::{
    Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, WindowFrameBound, WindowSpec,
    WindowType,
};

use super::scope::Scope;
use super::{Clause, Literal, Resolver, Value, strict};
use crate::mistake::Reason;
use crate::parse;
use crate::schema::SqlType;
use crate::types::{Family, family};

/// Functions of PostgreSQL that make one value of many rows.
const AGGREGATES: [&str; 52] = [
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "every",
    "json_agg",
    "json_agg_strict",
    "json_arrayagg",
    "json_object_agg",
    "json_object_agg_strict",
    "json_object_agg_unique",
    "json_object_agg_unique_strict",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "jsonb_object_agg_unique",
    "jsonb_object_agg_unique_strict",
    "max",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "range_intersect_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];

/// Those of SQLite.
const SQLITE_AGGREGATES: [&str; 12] = [
    "avg",
    "count",
    "group_concat",
    "json_group_array",
    "json_group_object",
    "jsonb_group_array",
    "jsonb_group_object",
    "max",
    "min",
    "string_agg",
    "sum",
    "total",
];

impl<'a> Resolver<'a> {
    pub(super) fn function(&mut self, function: &Function, scope: &Scope<'_, 'a>) -> Value {
        let parts = parse::parts(&function.name).unwrap_or_default();
        let name = match parts.as_slice() {
            [name] => self.key(name),
            [schema, name] if schema.value.eq_ignore_ascii_case("pg_catalog") => self.key(name),
            // A function of the project's own.
            _ => String::new(),
        };
        let count = match &function.args {
            FunctionArguments::List(list) => list.args.len(),
            FunctionArguments::None | FunctionArguments::Subquery(_) => 0,
        };
        let over = function.over.is_some();
        let aggregate = !over && self.aggregates(&name, count);
        if aggregate {
            self.level.aggregates = true;
        }
        // An aggregate in a subquery may belong to the query around it.
        if aggregate && scope.parent.is_none() && matches!(self.level.clause, Clause::Where | Clause::GroupBy) {
            let span = self.bytes(parts.last().map_or_else(sqlparser::tokenizer::Span::empty, |ident| ident.span));
            self.error(Reason::Aggregate(name.clone(), self.level.clause.name()), span);
        }
        if over && matches!(self.level.clause, Clause::Where | Clause::On) {
            let span = self.bytes(parts.last().map_or_else(sqlparser::tokenizer::Span::empty, |ident| ident.span));
            self.error(Reason::Window(self.level.clause.name()), span);
        }
        let clause = std::mem::replace(&mut self.level.clause, Clause::Other);
        self.level.inside += usize::from(aggregate);
        let bare = self.level.bare.len();
        let values = self.arguments(&function.args, scope);
        for order in &function.within_group {
            self.expr(&order.expr, scope);
        }
        if let Some(filter) = &function.filter {
            self.condition(filter, scope, "FILTER");
        }
        self.level.inside = self.level.inside.saturating_sub(usize::from(aggregate));
        let mut framed = false;
        match &function.over {
            Some(WindowType::WindowSpec(spec)) => {
                framed = spec.window_frame.is_some();
                self.window(spec, scope);
            }
            Some(WindowType::NamedWindow(name)) => {
                framed = true;
                self.window_named(name);
            }
            None => {}
        }
        self.level.clause = clause;
        if aggregate || over {
            // A group is never empty, nor the usual frame; what is filtered may be.
            let filled = function.filter.is_none() && !framed && (over || self.level.grouped);
            return self.many(&name, &values, filled);
        }
        if !self.postgres() {
            return self.sqlite_function(&name, &values);
        }
        let value = self.postgres_function(&name, &values);
        if value.ty.is_none() && value.nullable.is_none() {
            // What is not known may be an aggregate of the project's own.
            self.level.bare.truncate(bare);
        }
        value
    }

    fn aggregates(&self, name: &str, arguments: usize) -> bool {
        if self.postgres() {
            return AGGREGATES.contains(&name);
        }
        // `max(a, b)` looks at one row.
        let scalar = matches!(name, "min" | "max") && arguments > 1;
        !scalar && SQLITE_AGGREGATES.contains(&name)
    }

    fn arguments(&mut self, arguments: &FunctionArguments, scope: &Scope<'_, 'a>) -> Vec<Value> {
        let list = match arguments {
            FunctionArguments::None => return Vec::new(),
            FunctionArguments::Subquery(query) => {
                let rows = self.query(query, Some(scope));
                let element = rows.fields.into_iter().next().and_then(|field| field.ty);
                return vec![Value::maybe(element, Some(false))];
            }
            FunctionArguments::List(list) => list,
        };
        let mut values = Vec::new();
        for arg in &list.args {
            let (FunctionArg::Unnamed(arg) | FunctionArg::Named { arg, .. } | FunctionArg::ExprNamed { arg, .. }) = arg;
            values.push(match arg {
                FunctionArgExpr::Expr(expr) => self.expr(expr, scope),
                FunctionArgExpr::QualifiedWildcard(name) => {
                    let parts = parse::parts(name).unwrap_or_default();
                    if let [before @ .., table] = parts.as_slice() {
                        let before: Vec<_> = before.iter().map(|ident| (*ident).clone()).collect();
                        if let Some((_, _, relation)) = self.relation(&before, table, scope) {
                            self.star_of(relation);
                        }
                    }
                    Value::default()
                }
                FunctionArgExpr::Wildcard | FunctionArgExpr::WildcardWithOptions(_) => Value::maybe(None, Some(false)),
            });
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::OrderBy(orders) => {
                    orders.iter().for_each(|order| drop(self.expr(&order.expr, scope)));
                }
                FunctionArgumentClause::Where(expr) | FunctionArgumentClause::Limit(expr) => {
                    self.expr(expr, scope);
                }
                _ => {}
            }
        }
        values
    }

    pub(super) fn window(&mut self, spec: &WindowSpec, scope: &Scope<'_, 'a>) {
        if let Some(name) = &spec.window_name {
            self.window_named(name);
        }
        for expr in &spec.partition_by {
            self.expr(expr, scope);
        }
        for order in &spec.order_by {
            self.expr(&order.expr, scope);
        }
        if let Some(frame) = &spec.window_frame {
            for bound in std::iter::once(&frame.start_bound).chain(&frame.end_bound) {
                if let WindowFrameBound::Preceding(Some(expr)) | WindowFrameBound::Following(Some(expr)) = bound {
                    self.expr(expr, scope);
                }
            }
        }
    }

    fn window_named(&mut self, name: &sqlparser::ast::Ident) {
        let key = self.key(name);
        if !self.level.windows.iter().any(|known| known.eq_ignore_ascii_case(&key)) {
            let span = self.bytes(name.span);
            self.error(Reason::UnknownWindow(name.value.clone()), span);
        }
    }

    /// What aggregates and functions over windows give. `filled`: of at least one row.
    fn many(&mut self, name: &str, values: &[Value], filled: bool) -> Value {
        let first = values.first().cloned().unwrap_or_default();
        let ty = first.fixed().cloned();
        // Without rows it is NULL, as it is where all rows are.
        let nullable = match first.nullable {
            Some(false) if filled => Some(false),
            Some(_) => Some(true),
            None if filled => None,
            None => Some(true),
        };
        let postgres = self.postgres();
        match name {
            "count" | "row_number" | "rank" | "dense_rank" => Value::of(SqlType::BigInt, Some(false)),
            "ntile" => Value::of(if postgres { SqlType::Int } else { SqlType::BigInt }, Some(false)),
            "percent_rank" | "cume_dist" => Value::of(SqlType::Double, Some(false)),
            "total" => Value::of(SqlType::Double, Some(false)),
            "sum" if postgres => Value::maybe(ty.and_then(summed), nullable),
            "sum" => Value::maybe(ty.filter(|ty| matches!(ty, SqlType::BigInt | SqlType::Double)), nullable),
            "avg" if postgres => Value::maybe(ty.and_then(averaged), nullable),
            "avg" => Value::of(SqlType::Double, nullable),
            "min" | "max" | "any_value" => Value::maybe(ty, nullable),
            "first_value" | "last_value" => Value::maybe(ty, nullable.filter(|null| *null || !filled)),
            "lag" | "lead" if values.len() < 3 => Value::maybe(ty, Some(true)),
            "nth_value" => Value::maybe(ty, Some(true)),
            "string_agg" | "group_concat" => {
                for value in values.iter().skip(1) {
                    self.anchor(value, Some(&SqlType::Text));
                }
                let bytes = postgres && ty == Some(SqlType::Bytes);
                Value::of(if bytes { SqlType::Bytes } else { SqlType::Text }, nullable)
            }
            "bool_and" | "bool_or" | "every" => Value::of(SqlType::Bool, nullable),
            // An array of NULL is an array.
            "array_agg" => {
                let array = ty.map(|ty| match ty {
                    array @ SqlType::Array(_) => array,
                    ty => SqlType::Array(Box::new(ty)),
                });
                Value::maybe(array, Some(!filled))
            }
            "json_agg" | "json_object_agg" => Value::of(SqlType::Json, Some(!filled)),
            "jsonb_agg" | "jsonb_object_agg" => Value::of(SqlType::Jsonb, Some(!filled)),
            "json_group_array" | "json_group_object" => Value::of(SqlType::Text, Some(false)),
            _ => Value::default(),
        }
    }

    /// What both databases have.
    fn shared(&mut self, name: &str, values: &[Value]) -> Option<Value> {
        let first = values.first().cloned().unwrap_or_default();
        let nullable = strict(values);
        Some(match name {
            "coalesce" | "ifnull" => Value::maybe(self.common(values), chosen(values)),
            "nullif" => {
                if let [left, right] = values {
                    let span = left.span.clone().unwrap_or_default();
                    self.compared(left, right, false, span);
                }
                Value::maybe(first.fixed().cloned(), Some(true))
            }
            // The bounds of a range, of which one may be missing.
            "lower" | "upper" if self.postgres() && !first.is_textual() => Value::default(),
            "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "replace" => {
                for value in values {
                    self.anchor(value, Some(&SqlType::Text));
                }
                Value::of(SqlType::Text, nullable)
            }
            "substr" | "substring" => {
                self.anchor(&first, Some(&SqlType::Text));
                let bytes = first.fixed() == Some(&SqlType::Bytes);
                Value::of(if bytes { SqlType::Bytes } else { SqlType::Text }, nullable)
            }
            "length" | "octet_length" => {
                self.anchor(&first, Some(&SqlType::Text));
                Value::of(if self.postgres() { SqlType::Int } else { SqlType::BigInt }, nullable)
            }
            "abs" => Value::maybe(first.fixed().filter(|ty| family(ty) == Some(Family::Number)).cloned(), nullable),
            _ => return None,
        })
    }

    fn sqlite_function(&mut self, name: &str, values: &[Value]) -> Value {
        if let Some(value) = self.shared(name, values) {
            return value;
        }
        let nullable = strict(values);
        let now =
            matches!(values, [Value { literal: Some(Literal::Text(text)), .. }] if text.eq_ignore_ascii_case("now"));
        // A text that is no time gives NULL.
        let time = if values.is_empty() || now { Some(false) } else { nullable.filter(|null| *null) };
        match name {
            "min" | "max" => Value::maybe(self.common(values), nullable),
            "current_timestamp" | "current_date" | "current_time" => Value::of(SqlType::Text, Some(false)),
            "date" | "time" | "datetime" => Value::of(SqlType::Text, time),
            "strftime" => Value::of(SqlType::Text, None),
            "unixepoch" => Value::of(SqlType::BigInt, time),
            "julianday" => Value::of(SqlType::Double, time),
            "random" | "changes" | "total_changes" | "last_insert_rowid" => Value::of(SqlType::BigInt, Some(false)),
            "instr" => Value::of(SqlType::BigInt, nullable),
            "typeof" | "hex" | "quote" | "sqlite_version" => Value::of(SqlType::Text, Some(false)),
            "round" => Value::of(SqlType::Double, nullable),
            "randomblob" => Value::of(SqlType::Bytes, Some(false)),
            "iif" | "if" => match values {
                [_, then, otherwise] => {
                    let results = [then.clone(), otherwise.clone()];
                    Value::maybe(self.common(&results), strict(&results))
                }
                _ => Value::default(),
            },
            "json" | "json_object" | "json_array" | "json_set" | "json_patch" | "json_insert" | "json_replace" => {
                let built = matches!(name, "json_object" | "json_array");
                Value::of(SqlType::Text, if built { Some(false) } else { nullable.filter(|null| *null) })
            }
            "json_valid" => Value::of(SqlType::Bool, nullable),
            "printf" | "format" | "json_type" => Value::of(SqlType::Text, None),
            _ => Value::default(),
        }
    }

    fn postgres_function(&mut self, name: &str, values: &[Value]) -> Value {
        if let Some(value) = self.shared(name, values) {
            return value;
        }
        let first = values.first().cloned().unwrap_or_default();
        let ty = first.fixed().cloned();
        let nullable = strict(values);
        let of = |ty: SqlType| Value::of(ty, nullable);
        let never = |ty: SqlType| Value::of(ty, Some(false));
        let number = |ty: Option<SqlType>| {
            ty.filter(|ty| family(ty) == Some(Family::Number)).map(|ty| match ty {
                SqlType::Numeric => SqlType::Numeric,
                _ => SqlType::Double,
            })
        };
        match name {
            "array" => Value::maybe(ty.map(|ty| SqlType::Array(Box::new(ty))), Some(false)),
            "greatest" | "least" => Value::maybe(self.common(values), chosen(values)),
            "now" | "current_timestamp" | "transaction_timestamp" | "statement_timestamp" | "clock_timestamp" => {
                never(SqlType::TimestampTz)
            }
            "current_date" => never(SqlType::Date),
            "localtimestamp" => never(SqlType::Timestamp),
            "localtime" => never(SqlType::Time),
            "current_time" => never(SqlType::Other("timetz".into())),
            "gen_random_uuid" | "uuid_generate_v4" | "uuid_generate_v1" | "uuidv4" | "uuidv7" => never(SqlType::Uuid),
            "random" | "pi" => never(SqlType::Double),
            "btrim" | "lpad" | "rpad" | "repeat" | "reverse" | "initcap" | "md5" | "translate" | "split_part"
            | "regexp_replace" | "quote_literal" | "quote_ident" => {
                self.anchor(&first, Some(&SqlType::Text));
                of(SqlType::Text)
            }
            "left" | "right" => {
                self.anchor(&first, Some(&SqlType::Text));
                of(SqlType::Text)
            }
            "to_char" | "encode" | "chr" | "to_hex" => of(SqlType::Text),
            "concat" => never(SqlType::Text),
            "concat_ws" => Value::of(SqlType::Text, first.nullable),
            "quote_nullable" | "version" => never(SqlType::Text),
            "char_length" | "character_length" | "bit_length" | "strpos" | "ascii" => {
                self.anchor(&first, Some(&SqlType::Text));
                of(SqlType::Int)
            }
            "cardinality" | "jsonb_array_length" | "json_array_length" => of(SqlType::Int),
            "array_length" | "array_position" => Value::of(SqlType::Int, Some(true)),
            "array_to_string" => of(SqlType::Text),
            "array_append" | "array_remove" | "array_cat" | "array_prepend" => {
                let array = values.iter().find_map(|v| v.ty.clone().filter(|ty| matches!(ty, SqlType::Array(_))));
                Value::maybe(array, None)
            }
            "string_to_array" | "regexp_split_to_array" => Value::of(SqlType::Array(Box::new(SqlType::Text)), None),
            "round" | "ceil" | "ceiling" | "floor" | "trunc" | "sqrt" | "power" | "exp" | "ln" => {
                let second = values.get(1).and_then(Value::fixed);
                let ty = match (name, ty, second) {
                    ("round" | "trunc", Some(_), Some(_)) => Some(SqlType::Numeric),
                    ("power", Some(SqlType::Int | SqlType::BigInt), Some(SqlType::Int | SqlType::BigInt)) => {
                        Some(SqlType::Double)
                    }
                    ("power", ..) => None,
                    (_, ty, _) => number(ty),
                };
                Value::maybe(ty, nullable)
            }
            "date_trunc" => {
                let ty = match values.get(1).and_then(Value::fixed) {
                    Some(SqlType::Timestamp) => Some(SqlType::Timestamp),
                    Some(SqlType::TimestampTz | SqlType::Date) => Some(SqlType::TimestampTz),
                    Some(SqlType::Interval) => Some(SqlType::Interval),
                    _ => None,
                };
                Value::maybe(ty, nullable)
            }
            "date_part" => Value::of(SqlType::Double, nullable.filter(|null| *null)),
            "timezone" => {
                let ty = match values.get(1).and_then(Value::fixed) {
                    Some(SqlType::TimestampTz) => Some(SqlType::Timestamp),
                    Some(SqlType::Timestamp) => Some(SqlType::TimestampTz),
                    _ => None,
                };
                Value::maybe(ty, nullable)
            }
            "age" | "make_interval" => of(SqlType::Interval),
            "to_timestamp" => of(SqlType::TimestampTz),
            "make_date" | "to_date" => of(SqlType::Date),
            "to_json" | "row_to_json" | "array_to_json" => of(SqlType::Json),
            "to_jsonb" | "jsonb_set" | "jsonb_strip_nulls" | "jsonb_insert" => of(SqlType::Jsonb),
            "json_build_object" | "json_build_array" => never(SqlType::Json),
            "jsonb_build_object" | "jsonb_build_array" => never(SqlType::Jsonb),
            "jsonb_typeof" | "json_typeof" => of(SqlType::Text),
            "jsonb_exists" | "starts_with" => of(SqlType::Bool),
            "to_tsvector" => of(SqlType::Other("tsvector".into())),
            "to_tsquery" | "plainto_tsquery" | "phraseto_tsquery" | "websearch_to_tsquery" => {
                let last = values.last().cloned().unwrap_or_default();
                self.anchor(&last, Some(&SqlType::Text));
                of(SqlType::Other("tsquery".into()))
            }
            "ts_rank" | "ts_rank_cd" => of(SqlType::Real),
            "ts_headline" => of(SqlType::Text),
            "digest" | "decode" | "gen_random_bytes" | "sha256" | "convert_to" => of(SqlType::Bytes),
            "nextval" | "currval" | "lastval" | "setval" => never(SqlType::BigInt),
            "unnest" => match ty {
                Some(SqlType::Array(element)) => Value::maybe(Some(*element), None),
                _ => Value::default(),
            },
            "generate_series" => Value::maybe(ty, nullable),
            _ => Value::default(),
        }
    }
}

/// Whether the first that is not `NULL` may be `NULL`.
fn chosen(values: &[Value]) -> Option<bool> {
    if values.iter().any(|value| value.nullable == Some(false)) {
        return Some(false);
    }
    (!values.is_empty() && values.iter().all(|value| value.nullable == Some(true))).then_some(true)
}

fn summed(ty: SqlType) -> Option<SqlType> {
    match ty {
        SqlType::SmallInt | SqlType::Int => Some(SqlType::BigInt),
        SqlType::BigInt | SqlType::Numeric => Some(SqlType::Numeric),
        SqlType::Real | SqlType::Double | SqlType::Interval => Some(ty),
        _ => None,
    }
}

fn averaged(ty: SqlType) -> Option<SqlType> {
    match ty {
        SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::Numeric => Some(SqlType::Numeric),
        SqlType::Real | SqlType::Double => Some(SqlType::Double),
        SqlType::Interval => Some(ty),
        _ => None,
    }
}
