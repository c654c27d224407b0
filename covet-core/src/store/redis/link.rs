//! What a store is connected to: one server, or a cluster.
//!
//! The rule: the server says which. One that is a replica is refused, for what must be kept is not kept there. A cluster is left to the client of the `redis` crate, which follows its slots where
//! they go. That client sends again what was lost with a connection, so that a charge may count twice there, never less.

use redis::aio::ConnectionLike as _;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, Slot, SlotAddr};
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ProtocolVersion, RedisResult, Value};

use super::address::{Address, Options, tcp_settings};
use super::connection::Connection;
use super::failure::Failure;

/// How often the client of a cluster tries, and how many milliseconds it waits between, while the store waits.
const RETRIES: u32 = 3;
const RETRY_PAUSE: (u64, u64) = (5, 100);

pub(super) enum Link {
    Server(Connection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) async fn open(address: &Address, options: &Options) -> Result<Self, Failure> {
        let (first, is_cluster) = first_that_answers(address.nodes(), options).await?;
        if is_cluster {
            return Ok(Self::Cluster(cluster(address, options).await?));
        }
        if address.nodes().len() > 1 {
            return Err(Failure::NotACluster);
        }
        Ok(Self::Server(Connection::open(first.clone(), options.connection_timeout()).await?))
    }

    pub(super) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Sends a command to where its keys are, and waits for the answer, for ever if need be.
    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Server(server) => server.send(command).await,
            Self::Cluster(cluster) => cluster.clone().req_packed_command(command).await.and_then(Value::extract_error),
        }
    }

    /// Sends a command that names no key to where a key is.
    pub(super) async fn send_to(&self, key: &str, command: Cmd) -> RedisResult<Value> {
        match self {
            Self::Server(server) => server.send(&command).await,
            Self::Cluster(cluster) => {
                let route = Route::with_slot(Slot::for_key(key), SlotAddr::Master);
                let route = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(route));
                cluster.clone().route_command(command, route).await.and_then(Value::extract_error)
            }
        }
    }
}

/// The first node that can be reached, and whether it is of a cluster.
async fn first_that_answers<'n>(
    nodes: &'n [ConnectionInfo],
    options: &Options,
) -> Result<(&'n ConnectionInfo, bool), Failure> {
    let mut failure = Failure::Other("there is no address".to_owned());
    for node in nodes {
        match is_of_cluster(node, options).await {
            Ok(is_cluster) => return Ok((node, is_cluster)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Whether a node is of a cluster, where any node leads to all. What is not must be the one that is written to.
async fn is_of_cluster(node: &ConnectionInfo, options: &Options) -> Result<bool, Failure> {
    let timeout = Some(options.connection_timeout());
    let config = AsyncConnectionConfig::new().set_connection_timeout(timeout).set_response_timeout(timeout);
    let mut connection = Client::open(node.clone())?.get_multiplexed_async_connection_with_config(&config).await?;
    let hello = connection.send_packed_command(redis::cmd("HELLO").arg(3)).await?.extract_error()?;
    let Value::Map(said) = hello else { return Ok(false) };
    let is = |value: &Value, text: &str| matches!(value, Value::BulkString(bytes) if bytes == text.as_bytes());
    let says = |what: &str, text: &str| said.iter().any(|(name, value)| is(name, what) && is(value, text));
    if says("mode", "cluster") {
        return Ok(true);
    }
    // Also one that may be written: what it is told is gone with the next word of its primary.
    match ["replica", "slave"].into_iter().find(|role| says("role", role)) {
        Some(role) => Err(Failure::Replica { address: node.addr().to_string(), role }),
        None => Ok(false),
    }
}

async fn cluster(address: &Address, options: &Options) -> Result<ClusterConnection, Failure> {
    let client = ClusterClientBuilder::new(address.nodes().iter().cloned())
        .use_protocol(ProtocolVersion::RESP3)
        .tcp_settings(tcp_settings())
        .connection_timeout(options.connection_timeout())
        .response_timeout(options.response_timeout())
        .retries(RETRIES)
        .min_retry_wait(RETRY_PAUSE.0)
        .max_retry_wait(RETRY_PAUSE.1)
        .build()?;
    Ok(client.get_async_connection().await?)
}
