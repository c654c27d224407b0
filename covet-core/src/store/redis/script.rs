//! The script that runs a batch on the server.
//!
//! The rule: it means what [`Step::apply`](crate::store::Step::apply) means, step by step, and is proven to by the suite
//! of stores. It is sent by its hash; only to a server that does not know it, it is sent whole.
//!
//! Lua makes every function of a script anew on every call. So there is a script for each set of kinds of steps, with
//! the parts that those need: a charge alone takes a server 60 % of the time that it takes in a script with all parts.

use std::sync::OnceLock;

use redis::Cmd;

/// The kinds of steps, by their letters.
const LETTERS: &[u8] = b"CSATRX";

/// The parts of the script in the order in which they need each other, and the kinds of steps that need them.
const PARTS: [(&str, &[u8]); 9] = [
    (include_str!("script/entry.lua"), LETTERS),
    (include_str!("script/window.lua"), b"CA"),
    (include_str!("script/charge.lua"), b"C"),
    (include_str!("script/index.lua"), b"SX"),
    (include_str!("script/session.lua"), b"S"),
    (include_str!("script/lockout.lua"), b"A"),
    (include_str!("script/totp.lua"), b"T"),
    (include_str!("script/swap.lua"), b"RX"),
    (include_str!("script/main.lua"), LETTERS),
];

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
    pub(super) step: Vec<u8>,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self((0..1 << LETTERS.len()).map(|_| OnceLock::new()).collect())
    }

    /// The script that can run these steps.
    pub(super) fn of(&self, steps: &[Prepared]) -> &Script {
        let bit = |step: &Prepared| LETTERS.iter().position(|letter| step.step.first() == Some(letter));
        let set = steps.iter().filter_map(bit).fold(0, |set, bit| set | 1 << bit);
        let script = self.0.get(set).expect("there is a script for each set of letters");
        script.get_or_init(|| Script::for_set(set))
    }
}

impl Script {
    fn for_set(set: usize) -> Self {
        let has = |letter: &u8| LETTERS.iter().position(|one| one == letter).is_some_and(|bit| set & 1 << bit != 0);
        let parts = PARTS.iter().filter(|(_, letters)| letters.iter().any(has));
        let source: String = parts.map(|(part, _)| *part).collect();
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
    let keys = steps.iter().flat_map(|step| std::iter::once(&step.key).chain(&step.index));
    let mut command = redis::cmd(verb);
    command.arg(script).arg(keys.clone().count());
    for key in keys {
        command.arg(key);
    }
    command.arg(shared);
    for step in steps {
        command.arg(&step.step);
    }
    command
}
