//! One simulated run, from its seed to its end.

use std::future::Future;

use guildhall_plan::plan::Network;
use guildhall_plan::seed::Seed;
use madsim::Config;
use madsim::runtime::Runtime;
use madsim::task::yield_now;

use super::{Machines, Time};
use crate::net::{Law, Net, Post};

/// Runs a world of that seed until `act` is done, and then ends all that goes on in it. It has a
/// thread to itself, so that even the order of hash maps hangs on the seed.
///
/// # Panics
/// If anything in it does, or if nothing can ever happen again while `act` waits.
pub fn simulate<T, F>(
    seed: Seed,
    network: &Network,
    act: impl FnOnce(Machines, Post<Time>) -> F + Send,
) -> T
where
    T: Send,
    F: Future<Output = T>,
{
    let run = || {
        let runtime = Runtime::with_seed_and_config(seed.number(), Config::default());
        runtime.block_on(async {
            let time = Time::start();
            let machines = Machines::new(seed, Net::new(seed, time.clone(), Law::of(network)));
            let post = Post::new(seed, time, network);
            let out = act(machines.clone(), post).await;
            machines.end();
            // What was killed is dropped when the executor comes to it, in any order.
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
