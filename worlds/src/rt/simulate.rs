//! Runs one simulation, from its seed to its end.

use std::future::Future;

use guildhall_plan::plan::Network;
use guildhall_plan::seed::Seed;
use madsim::Config;
use madsim::runtime::Runtime;
use madsim::task::yield_now;

use super::{Hosts, SimTime};
use crate::net::{ConnectionProfile, PeerNetwork, SimNetwork};

/// Runs a simulated world with this seed until `act` completes, and then stops everything in it. It
/// runs on a thread of its own, so that the seed determines the iteration order of hash maps as
/// well.
///
/// # Panics
/// If anything in the world panics, or if `act` waits and nothing can ever happen.
pub fn simulate<T, F>(
    seed: Seed,
    network: &Network,
    act: impl FnOnce(Hosts, PeerNetwork<SimTime>) -> F + Send,
) -> T
where
    T: Send,
    F: Future<Output = T>,
{
    let run = || {
        let runtime = Runtime::with_seed_and_config(seed.number(), Config::default());
        runtime.block_on(async {
            let time = SimTime::start();
            let hosts = Hosts::new(
                seed,
                SimNetwork::new(seed, time.clone(), ConnectionProfile::of(network)),
            );
            let peer_network = PeerNetwork::new(seed, time, network);
            let out = act(hosts.clone(), peer_network).await;
            hosts.end();
            // The executor drops killed tasks when it reaches them, in any order.
            let tasks = || runtime.handle().metrics().num_tasks();
            for _ in 0..1_000 + 10 * tasks() {
                if tasks() == 0 {
                    break;
                }
                yield_now().await;
            }
            out
        })
    };
    let ran = std::thread::scope(|scope| scope.spawn(run).join());
    ran.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
