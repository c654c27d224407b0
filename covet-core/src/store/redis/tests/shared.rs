//! Several nodes that share a server.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use super::*;

/// What makes a process of this test a node: the prefix of its keys.
const NODE: &str = "COVET_TEST_NODE";

/// What a node says before it counts.
const ADMITTED: &str = "admitted: ";

#[test]
fn processes_that_share_a_server_admit_exactly_the_limit() {
    let (address, options, server) = server::shared();
    if let Ok(prefix) = std::env::var(NODE) {
        return be_a_node(&address, &options.with_prefix(prefix.parse().unwrap()));
    }
    let mut nodes = [(); 2].map(|()| Node::start(&options, server.as_ref()));
    for round in 0..20 {
        nodes.iter_mut().for_each(|node| node.begin(round));
        let admitted = nodes.each_mut().map(Node::admitted);
        assert_eq!(admitted.iter().sum::<usize>(), 100, "{round}: {admitted:?}");
    }
}

/// Another process of this test.
struct Node {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Node {
    fn start(options: &Options, server: Option<&TestServer>) -> Self {
        let name = std::thread::current().name().unwrap().to_owned();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", &name, "--nocapture"]).env(NODE, options.prefix().to_string());
        command.envs(server.map(|server| (server::URL, server.url())));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut node = Self { child, stdin, lines: BufReader::new(stdout).lines() };
        // It is connected.
        assert_eq!(node.admitted(), 0);
        node
    }

    fn begin(&mut self, round: u8) {
        writeln!(self.stdin, "{round}").unwrap();
    }

    fn admitted(&mut self) -> usize {
        let count = self.lines.find_map(|line| line.unwrap().split_once(ADMITTED).map(|(_, count)| count.parse()));
        count.unwrap().unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In each round that is asked for, tries 100 times at once.
fn be_a_node(address: &Address, options: &Options) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = Arc::new(runtime.block_on(RedisStore::connect(address, options)).unwrap());
    let policy = Arc::new(rates(&[(100, 3600)]));
    println!("{ADMITTED}0");
    for round in std::io::stdin().lines() {
        let key = key(Space::Limit, 0, round.unwrap().parse().unwrap());
        println!("{ADMITTED}{}", runtime.block_on(admitted(&store, &policy, key)));
    }
}

/// How many of 100 at once are admitted.
async fn admitted(store: &Arc<RedisStore>, policy: &Arc<rate_limit::Policy>, key: Key) -> usize {
    let attempt = || {
        let (store, policy) = (Arc::clone(store), Arc::clone(policy));
        tokio::spawn(async move { store.run(&[charge(key, &policy, 1)], NOW).await.unwrap() })
    };
    let tasks: Vec<_> = std::iter::repeat_with(attempt).take(100).collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(!task.await.unwrap().iter().any(Outcome::is_refusal));
    }
    admitted
}

#[tokio::test]
async fn prefixes_keep_applications_apart() {
    let server = TestServer::start(&[]);
    let limit = rates(&[(1, 60)]);
    for prefix in ["one", "two"] {
        let options = patient().with_prefix(prefix.parse().unwrap());
        let store = RedisStore::connect(&server.address(), &options).await.unwrap();
        let step = [charge(key(Space::Limit, 0, 1), &limit, 1)];
        let refused = async || store.run(&step, NOW).await.unwrap().iter().any(Outcome::is_refusal);
        assert_eq!((refused().await, refused().await), (false, true));
    }
}
