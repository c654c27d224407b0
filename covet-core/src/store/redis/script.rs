//! The script that runs a batch on the server.
//!
//! The rule: it means what [`Step::apply`](crate::store::Step::apply) means, step by step, and is proven to by the suite
//! of stores. It is sent by its hash; only to a server that does not know it, it is sent whole.
//!
//! Lua makes every function of a script anew on every call. So there is a script for each set of kinds of steps, with
//! the parts that those need: a charge alone so takes a server three quarters of the time that it takes beside all.

use std::sync::OnceLock;

use redis::Cmd;

/// The kinds of steps, by their letters.
const LETTERS: &[u8] = b"CBFVSATRX";

/// The parts of the script in the order in which they need each other, and the kinds of steps that need them.
const PARTS: [(&str, &[u8]); 15] = [
    (include_str!("script/start.lua"), LETTERS),
    (include_str!("script/one_window.lua"), b"C"),
    (include_str!("script/entry.lua"), LETTERS),
    (include_str!("script/window.lua"), b"C"),
    (include_str!("script/limit.lua"), b"CBF"),
    (include_str!("script/sliding_window.lua"), b"C"),
    (include_str!("script/token_bucket.lua"), b"B"),
    (include_str!("script/fixed_window.lua"), b"F"),
    (include_str!("script/tier.lua"), b"V"),
    (include_str!("script/index.lua"), b"SX"),
    (include_str!("script/session.lua"), b"S"),
    (include_str!("script/lockout.lua"), b"A"),
    (include_str!("script/totp.lua"), b"T"),
    (include_str!("script/swap.lua"), b"RX"),
    (include_str!("script/main.lua"), LETTERS),
];

/// A set of kinds of steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kinds(u16);

impl Kinds {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn of(letter: u8) -> Self {
        Self(LETTERS.iter().position(|one| *one == letter).map_or(0, |bit| 1 << bit))
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has_any(self, letters: &[u8]) -> bool {
        letters.iter().any(|letter| self.0 & Self::of(*letter).0 != 0)
    }
}

/// The scripts for all sets of kinds of steps, made as they are needed.
#[derive(Debug)]
pub(super) struct Scripts(Box<[OnceLock<Script>]>);

/// A script and its hash.
#[derive(Debug)]
pub(super) struct Script {
    source: String,
    hash: String,
}

/// One step with what the script needs to know of it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) key: String,
    pub(super) index: Option<String>,
    pub(super) step: (Vec<u8>, Kinds),
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self((0..1 << LETTERS.len()).map(|_| OnceLock::new()).collect())
    }

    /// The script that can run these steps.
    pub(super) fn of(&self, steps: &[Prepared]) -> &Script {
        let kinds = steps.iter().fold(Kinds::NONE, |kinds, Prepared { step: (_, more), .. }| kinds.and(*more));
        let script = self.0.get(usize::from(kinds.0)).expect("there is a script for each set of letters");
        script.get_or_init(|| Script::new(kinds))
    }
}

impl Script {
    fn new(kinds: Kinds) -> Self {
        let source: String = PARTS.iter().filter(|(_, needed)| kinds.has_any(needed)).map(|(part, _)| *part).collect();
        let hash = redis::Script::new(&source).get_hash().to_owned();
        Self { source, hash }
    }

    /// To run the steps on a server that knows the script.
    pub(super) fn by_hash(&self, shared: &[u8], steps: &[Prepared]) -> Cmd {
        command("EVALSHA", &self.hash, shared, steps)
    }

    /// To run the steps on a server that does not know it yet.
    pub(super) fn whole(&self, shared: &[u8], steps: &[Prepared]) -> Cmd {
        command("EVAL", &self.source, shared, steps)
    }
}

fn command(verb: &str, script: &str, shared: &[u8], steps: &[Prepared]) -> Cmd {
    let keys = || steps.iter().flat_map(|step| std::iter::once(&step.key).chain(&step.index));
    let arguments = steps.iter().map(|step| &step.step.0);
    let count = keys().count();
    let size = keys().map(String::len).sum::<usize>() + arguments.clone().map(Vec::len).sum::<usize>();
    let mut command = Cmd::with_capacity(4 + count + steps.len(), verb.len() + script.len() + 8 + shared.len() + size);
    command.arg(verb).arg(script).arg(count);
    for key in keys() {
        command.arg(key);
    }
    command.arg(shared);
    for argument in arguments {
        command.arg(argument);
    }
    command
}
