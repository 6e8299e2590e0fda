//! A complete gateway on real sockets: nodes, journals and the directory in one process, and
//! clients that know only addresses.

#[path = "gateway/cluster.rs"]
mod cluster;

use cluster::Cluster;
use guildhall_core::dispatch::Body;
use guildhall_core::request::Outcome;

#[tokio::test]
async fn messages_reach_all_clients_once_and_in_order() {
    let cluster = Cluster::start(2, 6).await;
    cluster.all_in_guild().await;
    for nth in 0..20 {
        cluster.post_message(nth % 6, &format!("message {nth}"));
        cluster.answered(nth % 6, |outcome| matches!(outcome, Outcome::Done(_))).await;
    }
    for client in 0..6 {
        let received = cluster.messages(client, 20).await;
        let expected: Vec<_> = (0..20).map(|nth| format!("message {nth}")).collect();
        assert_eq!(received, expected, "client {client} received other messages");
    }
}

/// It still serves its own clients until they have been told to reconnect.
#[tokio::test]
async fn a_node_that_shuts_down_accepts_no_clients() {
    let mut cluster = Cluster::start(2, 6).await;
    cluster.all_in_guild().await;
    assert!(cluster.try_connect(1).await.is_ok());
    cluster.begin_stop();
    // The acceptor notices the shutdown a little later.
    let refused = async { while cluster.try_connect(1).await.is_ok() {} };
    let first = std::time::Duration::from_millis(1_000);
    tokio::time::timeout(first, refused)
        .await
        .expect("it stops accepting long before it has shut down");
    assert!(!cluster.is_stopped(), "it still has clients to disconnect");
    assert!(cluster.try_connect(0).await.is_ok());
    cluster.stop().await;
}

#[tokio::test]
async fn clients_of_a_node_that_shuts_down_continue_on_another() {
    let mut cluster = Cluster::start(2, 6).await;
    cluster.all_in_guild().await;
    cluster.stop().await;
    for client in [1, 3, 5] {
        cluster.received(client, 2, |body| matches!(body, Body::Ready(_))).await;
        cluster.received(client, 2, |body| matches!(body, Body::GuildCreate(_))).await;
    }
    cluster.post_message(0, "still here");
    for client in 0..6 {
        assert_eq!(cluster.messages(client, 1).await, ["still here"]);
    }
}
