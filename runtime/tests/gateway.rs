//! A whole gateway on real sockets: nodes, journals and the directory in one process, and clients
//! that know nothing but addresses.

#[path = "gateway/house.rs"]
mod house;

use guildhall_core::dispatch::Body;
use guildhall_core::request::Outcome;
use house::House;

/// What is said at one node is heard at the other, by everybody, once and in order.
#[tokio::test]
async fn what_is_said_is_heard_everywhere() {
    let house = House::open(2, 6).await;
    house.all_in_guild().await;
    for nth in 0..20 {
        house.say(nth % 6, &format!("word {nth}"));
        house.answered(nth % 6, |outcome| matches!(outcome, Outcome::Done(_))).await;
    }
    for client in 0..6 {
        let heard = house.heard(client, 20).await;
        let expected: Vec<_> = (0..20).map(|nth| format!("word {nth}")).collect();
        assert_eq!(heard, expected, "client {client} heard something else");
    }
}

/// A node that stops is found by nobody new, while it still sends away those that it holds.
#[tokio::test]
async fn a_node_that_stops_lets_nobody_in() {
    let mut house = House::open(2, 6).await;
    house.all_in_guild().await;
    assert!(house.knock(1).await.is_ok());
    house.begin_to_stop();
    // Whoever listens in vain is not known at once.
    let refused = async { while house.knock(1).await.is_ok() {} };
    let first = std::time::Duration::from_millis(1_000);
    tokio::time::timeout(first, refused).await.expect("the door is shut long before it is gone");
    assert!(!house.is_gone(), "it still has to tell those that it holds");
    assert!(house.knock(0).await.is_ok());
    house.stop().await;
}

/// A node that stops as planned tells everybody, and is gone; its clients go on at another one.
#[tokio::test]
async fn a_node_that_stops_hands_its_clients_on() {
    let mut house = House::open(2, 6).await;
    house.all_in_guild().await;
    house.stop().await;
    for client in [1, 3, 5] {
        house.told(client, 2, |body| matches!(body, Body::Ready(_))).await;
        house.told(client, 2, |body| matches!(body, Body::GuildCreate(_))).await;
    }
    house.say(0, "still here");
    for client in 0..6 {
        assert_eq!(house.heard(client, 1).await, ["still here"]);
    }
}
