//! The script that runs a batch on the server.
//!
//! The rule: it means what [`Step::apply`](crate::store::Step::apply) means, step by step, and is proven to by the suite
//! of stores. It is sent by its hash; only to a server that does not know it, it is sent whole.

use redis::Cmd;

/// The parts of the script, in the order in which they need each other.
const SOURCE: &str = concat!(
    include_str!("script/entry.lua"),
    include_str!("script/window.lua"),
    include_str!("script/charge.lua"),
    include_str!("script/session.lua"),
    include_str!("script/lockout.lua"),
    include_str!("script/totp.lua"),
    include_str!("script/swap.lua"),
    include_str!("script/main.lua"),
);

/// The script and its hash.
#[derive(Debug)]
pub(super) struct Script(redis::Script);

/// One step with what the script needs to know of it.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) key: String,
    pub(super) index: Option<String>,
    pub(super) step: Vec<u8>,
}

impl Script {
    pub(super) fn new() -> Self {
        Self(redis::Script::new(SOURCE))
    }

    /// To run the steps on a server that knows the script.
    pub(super) fn by_hash(&self, shared: &[u8], steps: &[Prepared]) -> Cmd {
        command("EVALSHA", self.0.get_hash(), shared, steps)
    }

    /// To run the steps on a server that does not know it yet.
    pub(super) fn whole(shared: &[u8], steps: &[Prepared]) -> Cmd {
        command("EVAL", SOURCE, shared, steps)
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
