//! How a node opens the journal of a guild to become its owner (PROTOCOL, rule 2).

use super::*;

#[test]
fn a_node_that_does_not_know_the_last_epoch_learns_it_and_asks_again() {
    let mut one = One::new(Limits::default(), 3);
    one.handle(Input::Replaced(Epoch(2)));
    one.keeper.store().open().expect("there is room");
    one.keeper.store().sync().expect("a sync works");
    one.said.clear();
    one.handle(Input::Own { boot: 2, ages: Ages::default(), epoch: Epoch(1) });
    let aboves: Vec<_> = one.said.iter().filter_map(opens).collect();
    assert_eq!(aboves, [Epoch(1), Epoch(2)]);
    assert_eq!(one.guild.epoch(), Some(Epoch(3)));
}

/// The epoch in whose place another one is asked for.
fn opens(output: &Output) -> Option<Epoch> {
    match output {
        Output::Journal(Command::Open { above, .. }) => Some(*above),
        _ => None,
    }
}

#[test]
fn an_answer_to_an_older_question_opens_nothing() {
    let mut one = One::new(Limits::default(), 3);
    let mut guild = Guild::new(GUILD);
    let (limits, plant) = (Limits::default(), &mut Plant::new(None));
    let mut tickets = Vec::new();
    for ms in [0u64, 1_000, 3_000, 7_000, 15_000] {
        let (mut out, now) = (Vec::new(), Instant::ZERO + Span::millis(ms));
        let cx = &mut Cx::new(now.into(), &limits, plant);
        if ms == 0 {
            guild.handle(
                cx,
                Input::Own { boot: 3, ages: Ages::default(), epoch: Epoch(0) },
                &mut out,
            );
        } else {
            assert_eq!(guild.poll_timeout(), Some(now), "each time it is given longer");
            guild.handle_timeout(cx, &mut out);
        }
        let [Output::Journal(Command::Open { ticket, .. })] = out[..] else { panic!("{out:?}") };
        assert!(!tickets.contains(&ticket));
        tickets.push(ticket);
    }
    let epoch = one.keeper.store().open().expect("there is room");
    one.keeper.store().sync().expect("a sync works");
    let now = Instant::ZERO + Span::millis(15_001);
    for (ticket, opens) in tickets.into_iter().zip([false, false, false, false, true]) {
        let opened = Reply::Opened { ticket, epoch, log: one.keeper.store().read() };
        let mut out = Vec::new();
        let cx = &mut Cx::new(now.into(), &limits, plant);
        guild.handle(cx, Input::Journal(opened), &mut out);
        assert_eq!(out.contains(&Output::Opened { epoch }), opens);
    }
    assert_eq!(guild.epoch(), Some(epoch));
}
