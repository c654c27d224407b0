use std::process::Command;

fn http_client(client: &reqwest::Client, url: &str) {
    client.execute(format!("GET {url}")).send();
    client.query(&format!("update from {url}"), &[]);
}

fn command(name: &str) {
    Command::new("sh").arg(format!("SELECT {name}")).execute();
}

fn own_query_function(name: &str) {
    helper_query(&format!("SELECT * FROM users WHERE name = '{name}'"));
}

fn helper_query(text: &str) -> usize {
    text.len()
}

fn log_line(name: &str) {
    println!("SELECT * FROM users WHERE name = '{name}'");
    tracing::info!("DELETE FROM users WHERE name = '{}'", name);
}

fn graph_query(graph: &Graph, name: &str) {
    graph.run(&format!("MATCH (n) WHERE n.name = '{name}'"));
}
