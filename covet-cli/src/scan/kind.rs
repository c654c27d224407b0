//! What a type says of its values: text, text of the program, or nothing that could end a statement.

use std::collections::BTreeMap;

use syn::{GenericArgument, GenericParam, Generics, PathArguments, Type, TypeParamBound};

use super::imports::Imports;
use super::value::{Kind, Role};

/// Types around a value that change nothing of it.
const WRAPPERS: &[&str] = &[
    "HashMap",
    "BTreeMap",
    "IndexMap",
    "Option",
    "Result",
    "Vec",
    "VecDeque",
    "Box",
    "Arc",
    "Rc",
    "Cow",
    "HashSet",
    "BTreeSet",
    "IndexSet",
    "Iter",
    "Form",
    "Json",
    "Query",
    "Path",
    "State",
    "Extension",
    "Data",
    "Mutex",
    "RwLock",
    "RefCell",
    "LazyLock",
    "OnceLock",
    "Lazy",
    "OnceCell",
    "SmallVec",
    "NonEmpty",
    "Pin",
    "Wrapping",
    "Strict",
];

/// Types whose text holds no quote, no space and no parenthesis.
const HARMLESS: &[&str] = &[
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "f32",
    "f64",
    "bool",
    "Uuid",
    "Ulid",
    "DateTime",
    "NaiveDate",
    "NaiveDateTime",
    "NaiveTime",
    "OffsetDateTime",
    "PrimitiveDateTime",
    "Date",
    "Time",
    "Duration",
    "TimeDelta",
    "SystemTime",
    "Instant",
    "Timestamp",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "IpNet",
    "IpNetwork",
    "SocketAddr",
    "Decimal",
    "BigDecimal",
    "BigInt",
    "BigUint",
    "NonZero",
    "NonZeroU8",
    "NonZeroU16",
    "NonZeroU32",
    "NonZeroU64",
    "NonZeroUsize",
    "NonZeroI32",
    "NonZeroI64",
    "AtomicU64",
    "AtomicUsize",
    "AtomicI64",
    "AtomicU32",
    "AtomicBool",
    "ObjectId",
    "Oid",
    "MacAddr",
];

const TEXT: &[&str] = &[
    "str",
    "String",
    "char",
    "OsStr",
    "OsString",
    "Path",
    "PathBuf",
    "Value",
    "Display",
    "ToString",
    "AsRef",
    "Borrow",
    "SmolStr",
    "CompactString",
    "RawStr",
    "Bytes",
];

/// What type parameters are bound to.
pub(super) type Bounds = BTreeMap<String, Kind>;

/// The kinds of the type parameters of a function or an `impl`.
pub(super) fn bounds(generics: &Generics, imports: &Imports) -> Bounds {
    let mut known = Bounds::new();
    for parameter in &generics.params {
        if let GenericParam::Type(parameter) = parameter {
            let kind = bound(parameter.bounds.iter(), imports).unwrap_or(Kind::Unknown);
            known.insert(parameter.ident.to_string(), kind);
        }
    }
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    for predicate in clauses {
        if let syn::WherePredicate::Type(predicate) = predicate
            && let Type::Path(path) = &predicate.bounded_ty
            && let (Some(name), Some(kind)) = (path.path.get_ident(), bound(predicate.bounds.iter(), imports))
        {
            known.insert(name.to_string(), kind);
        }
    }
    known
}

fn bound<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>, imports: &Imports) -> Option<Kind> {
    bounds.filter_map(|bound| if let TypeParamBound::Trait(bound) = bound { Some(&bound.path) } else { None }).find_map(
        |path| {
            let last = path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Display" | "ToString" => Some(Kind::Text),
                "AsRef" | "Into" | "Borrow" | "IntoIterator" | "Iterator" | "Deref" | "ToOwned" => {
                    argument(&last.arguments, imports, &Bounds::new())
                }
                _ => match path_kind(path, imports, &Bounds::new()) {
                    object @ Kind::Object(..) => Some(object),
                    _ => None,
                },
            }
        },
    )
}

/// What the type says.
pub(super) fn of(ty: &Type, imports: &Imports, known: &Bounds) -> Kind {
    match ty {
        Type::Reference(reference) => {
            let program = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
            match of(&reference.elem, imports, known) {
                Kind::Text if program => Kind::Static,
                kind => kind,
            }
        }
        Type::Paren(inner) => of(&inner.elem, imports, known),
        Type::Group(inner) => of(&inner.elem, imports, known),
        Type::Slice(inner) => of(&inner.elem, imports, known),
        Type::Array(inner) => of(&inner.elem, imports, known),
        Type::Path(path) => path_kind(&path.path, imports, known),
        Type::ImplTrait(ty) => bound(ty.bounds.iter(), imports).unwrap_or(Kind::Unknown),
        Type::TraitObject(ty) => bound(ty.bounds.iter(), imports).unwrap_or(Kind::Unknown),
        _ => Kind::Unknown,
    }
}

fn path_kind(path: &syn::Path, imports: &Imports, known: &Bounds) -> Kind {
    let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let Some(last) = path.segments.last() else { return Kind::Unknown };
    let name = last.ident.to_string();
    if let (Some(kind), 1) = (known.get(&name), segments.len()) {
        return kind.clone();
    }
    if let Some((library, rest)) = imports.library(&segments)
        && let Some(real) = rest.last().filter(|real| !is_plain(real))
    {
        let builder = matches!(real.as_str(), "QueryBuilder" | "Separated");
        return Kind::Object(library, if builder { Role::Builder } else { Role::Handle });
    }
    match name.as_str() {
        "Cow" | "Box" | "Arc" | "Rc" if is_static(&last.arguments) => Kind::Static,
        wrapper if WRAPPERS.contains(&wrapper) && has_arguments(&last.arguments) => {
            argument(&last.arguments, imports, known).unwrap_or(Kind::Unknown)
        }
        plain if HARMLESS.contains(&plain) => Kind::Harmless,
        plain if TEXT.contains(&plain) => Kind::Text,
        _ => Kind::Named(name),
    }
}

fn is_plain(name: &str) -> bool {
    HARMLESS.contains(&name) || TEXT.contains(&name) || WRAPPERS.contains(&name)
}

const fn has_arguments(arguments: &PathArguments) -> bool {
    !matches!(arguments, PathArguments::None)
}

fn argument(arguments: &PathArguments, imports: &Imports, known: &Bounds) -> Option<Kind> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(of(ty, imports, known)),
        GenericArgument::AssocType(item) => Some(of(&item.ty, imports, known)),
        _ => None,
    })
}

/// `Cow<'static, str>` may own what it holds, but in practice says what `&'static str` says.
fn is_static(arguments: &PathArguments) -> bool {
    let PathArguments::AngleBracketed(arguments) = arguments else { return false };
    arguments.args.iter().any(|argument| match argument {
        GenericArgument::Type(Type::Reference(reference)) => {
            reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
        }
        _ => false,
    })
}
