//! Time and memory by the number of sessions in one guild: the fast world beside others that deliver
//! as many messages.
//!
//! The fast world runs the whole core with every checker and the digest. The others run an empty
//! machine: each session counts what it receives. Every row is measured in processes of its own, one
//! with few messages and one with more. The difference is the cost of one more delivery, the rest that
//! of the beginnings.
//!
//! ```text
//! cargo bench -p guildhall-benches --bench scale -- [--million] [--picture FILE.svg]
//! ```
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::disallowed_methods, reason = "a row is measured in a process of its own")]

#[path = "scale/fast.rs"]
mod fast;
#[path = "scale/madsim_tcp.rs"]
mod madsim_tcp;
#[path = "scale/measure.rs"]
mod measure;
#[path = "scale/picture.rs"]
mod picture;
#[path = "scale/row.rs"]
mod row;
#[path = "scale/tokio_tasks.rs"]
mod tokio_tasks;
#[path = "scale/turmoil_tcp.rs"]
mod turmoil_tcp;

use std::path::PathBuf;

use row::{Row, System};

/// The size of a message of the empty machines: as long as a short dispatch on the wire.
const PAYLOAD: usize = 200;

fn main() {
    // The harness of cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let Some(run) = measure::Run::from_args(&args) {
        return println!("{}", measure::measure(run));
    }
    let picture = args
        .iter()
        .position(|arg| arg == "--picture")
        .map(|at| PathBuf::from(args.get(at + 1).expect("`--picture` needs the name of a file")));
    let million = args.iter().any(|arg| arg == "--million");

    println!("{}", row::machine());
    println!("{}", Row::HEAD);
    let mut rows = Vec::new();
    for (system, sessions, [few, more], period_ms) in plan(million) {
        let row = Row::measured(system, sessions, [few, more], period_ms);
        println!("{row}");
        rows.push(row);
    }
    if let Some(file) = picture {
        picture::draw(&file, &rows).expect("the picture can be written");
    }
}

/// The rows: system, sessions, the two numbers of messages, and the period in milliseconds. The slow
/// ones deliver less, so that all of them take about as long.
fn plan(million: bool) -> Vec<(System, u32, [u32; 2], u32)> {
    let mut rows = vec![
        (System::Fast, 1_000, [200, 2_000], 5),
        (System::Fast, 10_000, [20, 200], 5),
        (System::Fast, 10_000, [5, 50], 1_000),
        (System::Fast, 100_000, [4, 24], 1_000),
        (System::Tokio, 1_000, [200, 2_000], 5),
        (System::Tokio, 10_000, [20, 200], 5),
        (System::Tokio, 100_000, [4, 24], 5),
        (System::Madsim, 1_000, [20, 200], 5),
        (System::Madsim, 10_000, [2, 8], 5),
        (System::Turmoil, 100, [10, 50], 5),
        (System::Turmoil, 1_000, [2, 6], 5),
    ];
    if million {
        rows.insert(4, (System::Fast, 1_000_000, [2, 12], 1_000));
        rows.push((System::Tokio, 1_000_000, [2, 12], 5));
    }
    rows
}
