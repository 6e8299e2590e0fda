//! C1–C3: one thing wrong, and who says so.

use std::collections::BTreeSet;

use guildhall_check::violation::Clause;
use guildhall_core::client;
use guildhall_core::frame::ClientFrame;
use guildhall_core::id::SessionId;
use guildhall_core::step::{Output, Step};
use guildhall_core::time::{Instant, Now};

use crate::histories::{self};

use super::tools::*;

#[test]
fn c1_a_heartbeat_names_another_number_than_the_last() {
    let found = tampered(histories::talk(), |steps| {
        for frame in bob_says(steps) {
            if let ClientFrame::Heartbeat { d: Some(d) } = frame {
                d.0 -= 1;
            }
        }
    });
    only!(found, C1);
}

#[test]
fn c2_a_client_identifies_where_it_could_resume() {
    let found = tampered(histories::resumed(), |steps| {
        let identify = *bob_says(steps)[0];
        for frame in bob_says(steps) {
            if matches!(frame, ClientFrame::Resume(_)) {
                *frame = identify;
            }
        }
    });
    only!(found, C2);
}

#[test]
fn c2_a_client_comes_back_at_once() {
    let found = tampered(histories::resumed(), |steps| {
        let connects = |step: &Step| {
            is_bob(step)
                && step
                    .outputs
                    .iter()
                    .any(|it| matches!(it, Output::Client(client::Output::Connect(_))))
        };
        let first = find(steps, 0, connects);
        let again = find(steps, first + 1, connects);
        steps[again].head.now = steps[again - 1].head.now;
        steps[again].head.now = Now::from(Instant::ZERO);
        steps.truncate(again + 1);
    });
    only!(found, C2);
}

#[test]
fn c3_a_client_resumes_the_session_before_its_last_ready() {
    let found = tampered(histories::resumed_after_another_ready(), |steps| {
        let first = SessionId(2);
        let resumes = bob_says(steps).into_iter().filter_map(|frame| match frame {
            ClientFrame::Resume(resume) => Some(resume),
            _ => None,
        });
        resumes.last().expect("Bob resumes").session = first;
    });
    only!(found, C3);
}
