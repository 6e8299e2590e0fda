//! The table of clauses: which clause is asked at which point of a history, and in which order.
//!
//! A clause is one file, in the folder of its part of the contract, and one row here for each hook
//! at which it is asked. To add a clause:
//!
//! 1. write its file: a function that returns a [`Verdict`], or a [`Complaint`] where the hook says
//!    whom it is about;
//! 2. add its `mod` line in the file of its part, and its name to [`Clause`] in
//!    `violation/clause.rs`, in the contract's order;
//! 3. add its row below, at the place in the order where it is to be asked;
//! 4. where its hook is asked about more than the clause judges, name what it decides in
//!    `judgements.rs` and count it there: `facts.judges(Judgement::…)`.
//!
//! A clause that keeps state of its own has a field in [`Models`]. Nothing else changes: the
//! contract walks the rows of a hook and knows none of them.
//!
//! The order of rows decides which clause names a mistake that breaks several. A hook is either
//! *exclusive*, and only the first row that objects is reported, or *independent*, and each is; a
//! later row can ask what earlier ones have found by [`Context::has_found`]. Dispatches that are
//! just what was due are never asked about, so the hot path does not come here.

#![allow(clippy::type_complexity, reason = "the type of a row says what its hook is asked about")]

mod context;
mod models;
mod subjects;

use std::sync::Arc;

use guildhall_core::census::Census;
use guildhall_core::client::Output;
use guildhall_core::directory::DirectoryEvent;
use guildhall_core::dispatch::Dispatch;
use guildhall_core::event::{Event, Record};
use guildhall_core::id::{Connection, Epoch, GuildId, NodeId, Port};
use guildhall_core::journal::{Checkpoint, Log};
use guildhall_core::node::{self, TraceEvent};
use guildhall_core::peer::PeerMessage;
use guildhall_core::request::{Answer, Origin, Outcome};

use crate::bounds::b3::commands::Asked;
use crate::bounds::{b1, b2, b3, b4};
use crate::client::{c1, c3};
use crate::delivery::{d1, d2, d3, d4, d5, d6, d7, d9};
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::hearing::word;
use crate::findings::{Complaint, Subject};
use crate::isolation::{i1, i2, i3, i4, i5, i7, i8, i9};
use crate::judgements::Judgement;
use crate::node_step::Emitted;
use crate::ordering::o4::Causes;
use crate::ordering::{o1, o2, o3, o5};
use crate::sessions::{l1, l2, l3, l4, l5, l6, l7, l8, l9};
use crate::violation::Clause;
pub(crate) use context::Context;
pub(crate) use models::Models;
pub(crate) use subjects::{Numbered, Taking};
use subjects::{of_client, of_frame};

/// What is wrong, and about whom.
pub(crate) type Found = (Subject, Complaint);

/// What a clause has found, if anything.
pub(crate) type Verdict = Option<Found>;

/// A row of a hook that is asked about `A`.
pub(crate) type Row<A> = (Clause, fn(&mut Context<'_>, A) -> Verdict);

/// A row of a hook on dispatches, which are about their session.
pub(crate) type Judge = (Clause, fn(&DispatchUnderTest<'_>) -> Option<Complaint>);

/// A node writes a number that is not the next one to its connection. Exclusive.
pub(crate) const NUMBERS: &[(Clause, fn(&Numbered<'_>) -> Option<Complaint>)] =
    &[(Clause::I4, i4::skips), (Clause::D4, d4::begins), (Clause::O1, o1::numbered)];

/// A node writes a number again, in a replay. Exclusive.
pub(crate) const REPLAYS: &[(Clause, fn(&Numbered<'_>) -> Option<Complaint>)] =
    &[(Clause::O1, |it| o1::repeated(it.facts, it.index, it.s, it.what))];

/// A node writes just what is owed next. Exclusive.
pub(crate) const OWED: &[Judge] = &[(Clause::D4, d4::judge), (Clause::L5, l5::unheard)];

/// A node writes something that is not owed next: whether it is real, has its place, is for this
/// session, and is its turn. Exclusive.
pub(crate) const DISPATCHES: &[Judge] = &[
    (Clause::O3, o3::first),
    (Clause::D7, d7::judge),
    (Clause::I5, i5::judge),
    (Clause::D6, d6::judge),
    (Clause::O2, o2::judge),
    (Clause::O3, o3::judge),
    (Clause::I3, i3::judge),
    (Clause::I7, i7::judge),
    (Clause::I2, i2::taken_away),
    (Clause::I1, i1::judge),
    (Clause::I2, i2::judge),
    (Clause::D1, d1::judge),
    (Clause::D3, d3::inexact),
];

/// Such a dispatch shows what it should: whether it comes when it should. Exclusive.
pub(crate) const TIMING: &[Judge] = &[
    (Clause::O3, o3::first),
    (Clause::D9, d9::judge),
    (Clause::O2, o2::judge),
    (Clause::I3, i3::judge),
    (Clause::O3, o3::judge),
    (Clause::D2, d2::judge),
    (Clause::D3, d3::judge),
    (Clause::O1, o1::piles_up),
    (Clause::D4, d4::judge),
    (Clause::L8, l8::judge),
    (Clause::L5, l5::unheard),
];

/// A node writes a dispatch to a connection without a session. Exclusive.
pub(crate) const STRAYS: &[(Clause, fn(&mut Context<'_>, (Connection, &str)) -> Verdict)] =
    &[(Clause::L2, |cx, (on, name)| l2::stray(cx.step, cx.facts, on, name))];

/// A dispatch was rendered for the entry of a lane. Independent.
pub(crate) const RENDERS: &[(
    Clause,
    fn(&mut Context<'_>, ((u32, u32), u32, &Arc<Dispatch>)) -> Verdict,
)] = &[(Clause::B3, |cx, (entry, session, what)| {
    cx.models.work.words(cx.facts, cx.step.node, entry, (session, what))
})];

/// A node sends a frame, closes a connection or reports a note. Exclusive.
pub(crate) const SAYS: &[(Clause, fn(&mut Context<'_>, Emitted<'_>) -> Verdict)] = &[
    (Clause::I4, |cx, said| i4::said(cx.step, cx.facts, said)),
    (Clause::B4, |cx, said| cx.models.admission.said(cx.step, cx.facts, cx.now(), said)),
    (Clause::L7, |cx, said| l7::said(cx.step, cx.facts, cx.now(), said)),
    (Clause::L2, |cx, said| l2::said(cx.step, cx.facts, said)),
    (Clause::L1, |cx, said| cx.models.zombies.said(cx.step, cx.facts, cx.now(), said)),
    (Clause::L6, |cx, said| l6::said(cx.step, cx.facts, said)),
    (Clause::B2, |cx, said| said.note().and_then(|(note, it)| b2::noted(cx.facts, note, it))),
    (Clause::D4, |cx, said| said.note().and_then(|(note, _)| d4::noted(cx.step, cx.facts, note))),
    (Clause::D2, |cx, said| {
        said.note().and_then(|(note, it)| d2::noted(cx.step, cx.facts, cx.now(), note, it))
    }),
];

/// A node emits any output but a dispatch. Independent.
pub(crate) const OUTPUTS: &[(Clause, fn(&mut Context<'_>, &node::Output) -> Verdict)] = &[
    (Clause::L3, |cx, output| cx.models.traffic.node_says(cx.facts, cx.step, cx.head.at, output)),
    (Clause::L7, |cx, _| l7::speaks(cx.step, cx.facts)),
];

/// A node reports that it has stopped. Independent.
pub(crate) const STOPS: &[Row<()>] =
    &[(Clause::L7, |cx, ()| l7::gone(cx.facts, cx.step.node, cx.now()))];

/// A node reports that it serves a guild. Independent.
pub(crate) const SERVES: &[Row<GuildId>] = &[(Clause::L7, |cx, guild| {
    cx.models.hand_offs.opened(cx.facts, cx.step.node, guild, cx.head.at)
})];

/// A machine counts what it keeps. Independent.
pub(crate) const CENSUSES: &[(Clause, fn(&mut Context<'_>, &Census) -> Verdict)] =
    &[(Clause::B1, |cx, census| b1::counted(cx, census))];

/// A node counts what it keeps; the flag says that the world has settled long enough. Independent.
pub(crate) const NODE_CENSUSES: &[(Clause, fn(&mut Context<'_>, (&Census, bool)) -> Verdict)] = &[
    (Clause::L1, |cx, (census, _)| l1::counted(cx.facts, cx.step.node, census)),
    (Clause::L4, |cx, (census, _)| l4::counted(cx.facts, (cx.step.node, cx.now()), census)),
    (Clause::B2, |cx, (census, _)| b2::counted(cx.facts, cx.step.node, census)),
    (Clause::D4, |cx, (census, _)| d4::counted(cx.facts, cx.step.node, census)),
    (Clause::B1, |cx, (census, _)| cx.models.admission.counted(cx.facts, cx.step.node, census)),
    (Clause::L3, |cx, (census, calm)| {
        calm.then(|| cx.facts.judges(Judgement::WorldCalm))?;
        l3::counted(cx.facts, cx.step.node, census)
    }),
];

/// A node's step has ended: what it had to do by now, for whomever. Independent.
pub(crate) const DEADLINES: &[Row<()>] = &[
    (Clause::O3, |cx, ()| o3::waits(cx.step, cx.facts).filter(|_| !cx.step.complained)),
    (Clause::L4, |cx, ()| {
        cx.models.overdue.orphan.take().or_else(|| l4::stepped(cx.step, cx.facts))
    }),
    (Clause::L7, |cx, ()| cx.models.overdue.stop.take()),
];

/// A node's step has ended: whether it heeded a message that it should not, or refused a request
/// by itself that it should not. Exclusive.
pub(crate) const HEEDED: &[Row<()>] = &[
    (Clause::L5, |cx, ()| l5::stepped(cx.step, cx.facts)),
    (Clause::I8, |cx, ()| i8::node::stepped(cx.step, cx.facts)),
];

/// A node's step that concerned a connection has ended: whether its input has been answered as it
/// should. Exclusive.
pub(crate) const STEPS: &[Row<()>] = &[
    (Clause::I4, |cx, ()| i4::stepped(cx.step, cx.facts)),
    (Clause::B4, |cx, ()| cx.models.overdue.admission.take()),
    (Clause::L2, |cx, ()| l2::stepped(cx.step, cx.facts)),
    (Clause::L6, |cx, ()| l6::stepped(cx.step, cx.facts)),
    (Clause::D2, |cx, ()| d2::stepped(cx.step, cx.facts)),
    (Clause::B1, |cx, ()| b1::stepped(cx.step, cx.facts)),
];

/// A node's step has ended, after all else. Independent.
pub(crate) const SILENCE: &[Row<()>] = &[
    (Clause::L1, |cx, ()| cx.models.overdue.heartbeat.take().filter(|_| !cx.step.complained)),
    (Clause::D2, |cx, ()| d2::woke(cx.step, cx.facts, cx.now())),
];

/// A node sends a message to another node, or to itself. Independent.
pub(crate) const PEERS: &[(Clause, fn(&mut Context<'_>, (NodeId, &PeerMessage)) -> Verdict)] = &[
    (Clause::B3, |cx, (to, message)| cx.models.work.says(cx.facts, to, message)),
    (Clause::L8, |cx, (_, message)| l8::speaks(cx.facts, cx.step.node, word(message)?.0, cx.now())),
    (Clause::D7, |cx, (_, message)| d7::says(cx.facts, message)),
    (Clause::L4, |cx, (_, message)| {
        word(message)?;
        l4::tells(cx.facts, cx.step.node, cx.now(), message)
    }),
    (Clause::D2, |cx, (_, message)| d2::gives(cx.facts, cx.step.node, message)),
    (Clause::D2, |cx, (_, message)| d2::asks(cx.facts, message)),
    (Clause::B1, |cx, (to, message)| {
        let tips = to == cx.step.node;
        tips.then(|| cx.models.compactions.tips(cx.facts, to, message)).flatten()
    }),
];

/// A node sends a command to a journal, or to the directory. Independent.
pub(crate) const COMMANDS: &[Row<Asked>] = &[(Clause::B3, |cx, asked| {
    cx.models.commands.sends(cx.facts, (cx.step.node, cx.now()), asked)
})];

/// An owner sends to a relay what it has sent it before, and was not asked for since. Independent.
pub(crate) const REPEATS: &[(Clause, fn(&mut Context<'_>, &PeerMessage) -> Verdict)] =
    &[(Clause::B3, |cx, message| b3::repeats(cx.facts, message))];

/// An owner answers a request; what D7 has found in the same message is not reported again.
/// Independent.
pub(crate) const ANSWERS: &[(Clause, fn(&mut Context<'_>, (Epoch, &Answer, bool)) -> Verdict)] = &[
    (Clause::D5, |cx, (sender, answer, sound)| {
        cx.models.statuses.answers(cx.facts, sender, answer).filter(|_| sound)
    }),
    (Clause::I8, |cx, (_, answer, sound)| {
        let judged = sound && !cx.has_found(Clause::D5);
        let bound = cx.models.causes.bound(answer.origin, answer.guild);
        judged.then(|| i8::outdated(cx.facts, cx.step.node, answer, bound)).flatten()
    }),
    (Clause::D10, |cx, (_, answer, sound)| {
        let judged = sound && cx.found.is_empty();
        judged.then(|| cx.models.duties.refused(cx.facts, answer)).flatten()
    }),
    (Clause::I8, |cx, (_, answer, sound)| {
        let judged = sound && cx.found.is_empty();
        judged.then(|| i8::answered(cx.facts, answer)).flatten()
    }),
    (Clause::B1, |cx, (_, answer, _)| {
        cx.models.occupancies.busy(cx.facts, cx.step.node, answer, cx.head.at)
    }),
];

/// An owner streams an event again, from another record. Independent.
pub(crate) const RETOLD: &[(
    Clause,
    fn(&mut Context<'_>, (GuildId, &Record, &Record)) -> Verdict,
)] = &[(Clause::D6, |cx, (guild, record, known)| d6::told_again(cx.facts, guild, record, known))];

/// An owner streams an ephemeral event for the first time. Independent.
pub(crate) const EPHEMERAL: &[(Clause, fn(&mut Context<'_>, (GuildId, &Record)) -> Verdict)] = &[
    (Clause::D6, |cx, (guild, record)| {
        let created = d6::committed(cx.facts, guild, record);
        let twice = cx.models.fleeting.emitted(cx.facts, guild, record);
        created.or(twice)
    }),
    (Clause::I8, |cx, (guild, record)| i8::committed(cx.facts, guild, record)),
    (Clause::L8, |cx, (guild, record)| l8::accepts(cx.facts, cx.step.node, guild, record)),
    (Clause::D5, |cx, (guild, record)| cx.models.statuses.happens(cx.facts, guild, record)),
    (Clause::O4, |cx, (guild, record)| {
        let (causes, statuses) = (&cx.models.causes, &cx.models.statuses);
        let placed = causes.placed(cx.facts, record.origin?, guild, record.position);
        placed.or_else(|| Causes::strayed(cx.facts, statuses, guild, record))
    }),
];

/// An owner asks the directory for something. Independent.
pub(crate) const DIRECTS: &[Row<GuildId>] =
    &[(Clause::L8, |cx, guild| l8::speaks(cx.facts, cx.step.node, guild, cx.now()))];

/// An owner asks its journal to append a record. Independent.
pub(crate) const APPENDS: &[(Clause, fn(&mut Context<'_>, (GuildId, &Record)) -> Verdict)] = &[
    (Clause::L8, |cx, (guild, record)| l8::accepts(cx.facts, cx.step.node, guild, record)),
    (Clause::O5, |cx, (guild, record)| {
        o5::ids::appended(cx.facts, cx.step.node, cx.facts.ledger.guild(guild)?, record)
    }),
];

/// An owner asks its journal to compact. Independent.
pub(crate) const COMPACTS: &[(Clause, fn(&mut Context<'_>, (GuildId, &Checkpoint)) -> Verdict)] =
    &[(Clause::D5, |cx, (guild, base)| {
        cx.models.statuses.stands(cx.facts, guild, cx.head.at, base)
    })];

/// A journal opens for a new owner. Independent.
pub(crate) const OPENS: &[(Clause, fn(&mut Context<'_>, (GuildId, Epoch, &Log)) -> Verdict)] =
    &[(Clause::L5, |cx, (guild, epoch, log)| l5::opened(cx.facts, guild, epoch, log))];

/// A journal grants an epoch to a node, upon the attempt with this ticket. Independent.
pub(crate) const GRANTS: &[Row<(GuildId, (NodeId, u64, Epoch))>] =
    &[(Clause::L5, |cx, (guild, granted)| cx.models.opens.grants(cx.facts, guild, granted))];

/// A journal syncs a record. Independent.
pub(crate) const SYNCS: &[(Clause, fn(&mut Context<'_>, (GuildId, &Record)) -> Verdict)] =
    &[(Clause::L5, |cx, (guild, record)| l5::commits(cx.facts, guild, record))];

/// A journal commits a record in order. A duplicate changes nothing and was requested, so what
/// follows from one (D5) is not reported again. Independent.
pub(crate) const COMMITS: &[(Clause, fn(&mut Context<'_>, (GuildId, &Record)) -> Verdict)] = &[
    (Clause::D7, |cx, (guild, record)| d7::commits(cx.facts, guild, record)),
    (Clause::D5, |cx, (guild, record)| {
        cx.models.statuses.commits(cx.facts, guild, record, cx.head.at)
    }),
    (Clause::D6, |cx, (guild, record)| {
        cx.unless(Clause::D5, |cx| d6::committed(cx.facts, guild, record))
    }),
    (Clause::I8, |cx, (guild, record)| {
        cx.unless(Clause::D5, |cx| i8::committed(cx.facts, guild, record))
    }),
    (Clause::I9, |cx, (guild, record)| {
        let judged = !cx.has_found(Clause::D5) && !cx.has_found(Clause::I8);
        judged.then(|| i9::committed(cx.facts, guild, record)).flatten()
    }),
    (Clause::B4, |cx, (guild, record)| {
        cx.unless(Clause::D5, |cx| b4::committed(cx.facts, guild, record))
    }),
    (Clause::B1, |cx, (guild, record)| {
        cx.unless(Clause::D5, |cx| b1::tables::committed(cx.facts, guild, record))
    }),
    (Clause::O5, |cx, (guild, record)| {
        cx.unless(Clause::D5, |cx| o5::committed(cx.facts, guild, record, cx.head))
    }),
    (Clause::O4, |cx, (guild, record)| {
        let caused = |cx: &mut Context<'_>| {
            cx.models.causes.placed(cx.facts, record.origin?, guild, record.position)
        };
        let strayed =
            |cx: &mut Context<'_>| Causes::strayed(cx.facts, &cx.models.statuses, guild, record);
        cx.unless(Clause::D6, caused).or_else(|| cx.unless(Clause::D5, strayed))
    }),
    (Clause::D9, |cx, (guild, record)| {
        let Event::MemberAdd { user } = record.event else { return None };
        d9::joins(cx.facts, guild, user)
    }),
];

/// Time has passed, and requests wait for answers, or sessions for guilds. Independent.
pub(crate) const DUTIES: &[Row<()>] = &[
    (Clause::D9, |cx, ()| cx.models.introductions.look(cx.facts, cx.head.at)),
    (Clause::D10, |cx, ()| cx.models.duties.look(cx.facts, cx.head.at)),
    (Clause::D11, |cx, ()| cx.models.typings.look(cx.facts, cx.head.at)),
    (Clause::L9, |cx, ()| cx.models.probes.look(cx.facts, cx.head.at)),
];

/// The directory emits a notice. Independent.
pub(crate) const NOTICES: &[(Clause, fn(&mut Context<'_>, &DirectoryEvent) -> Verdict)] =
    &[(Clause::D9, |cx, notice| d9::says(cx.facts, notice))];

/// An honest client emits an output. Exclusive.
pub(crate) const CLIENT_SAYS: &[(Clause, fn(&mut Context<'_>, (Port, &Output)) -> Verdict)] = &[
    (Clause::C2, |cx, (port, output)| {
        let (facts, now) = (cx.facts, cx.now());
        let client = facts.client(port)?;
        of_client(facts, port, cx.models.reconnects.says(facts, client, port, now, output))
    }),
    (Clause::C3, |cx, (port, output)| {
        let client = cx.facts.client(port)?;
        let found = if let Output::Connect(node) = output {
            let losses = cx.models.reconnects.losses(port);
            c3::connects(cx.facts, client, (port, *node), losses)
        } else {
            c3::says(cx.facts, client, of_frame(output)?)
        };
        of_client(cx.facts, port, found)
    }),
    (Clause::C1, |cx, (port, output)| {
        let client = cx.facts.client(port)?;
        of_client(cx.facts, port, c1::says(cx.facts, client, of_frame(output)?))
    }),
    (Clause::L3, |cx, (port, output)| {
        cx.models.traffic.client_says(cx.facts, (port, cx.head.at), output)
    }),
];

/// An honest client's step has ended; the flag says that it was one for its deadlines. Independent.
pub(crate) const CLIENT_STEPS: &[Row<(Port, bool)>] = &[
    (Clause::D5, |cx, (port, timeout)| {
        let open = &cx.facts.client(port)?.open;
        d5::believes(cx.facts, port, cx.now(), open).filter(|_| timeout)
    }),
    (Clause::C2, |cx, (port, timeout)| {
        let client = cx.facts.client(port)?;
        let (limits, now) = (&cx.facts.cast.limits, cx.now());
        of_client(cx.facts, port, cx.models.reconnects.stepped(limits, client, port, now, timeout))
    }),
];

/// A client is answered; the flag says that it is its latest attempt. Independent.
pub(crate) const ANSWERED: &[(Clause, fn(&mut Context<'_>, (&Answer, bool)) -> Verdict)] = &[
    (Clause::D5, |cx, (answer, latest)| {
        let action = (answer.origin, answer.guild);
        match answer.outcome {
            Outcome::Done(position) => cx.models.statuses.says_done(cx.facts, action, position),
            Outcome::Refused { .. } if latest => cx.models.statuses.gives_up(cx.facts, action),
            Outcome::Refused { .. } | Outcome::Busy(_) => None,
        }
    }),
    (Clause::O4, |cx, (answer, _)| {
        let Outcome::Done(position) = answer.outcome else { return None };
        cx.unless(Clause::D5, |cx| {
            cx.models.causes.placed(cx.facts, answer.origin, answer.guild, position)
        })
    }),
    (Clause::L9, |cx, (answer, latest)| cx.models.probes.answered(cx.facts, answer, latest)),
];

/// A client's older attempt was refused, for the so-many-th time in a healed world. Independent.
pub(crate) const REFUSALS: &[Row<(Port, Origin, u32)>] =
    &[(Clause::L3, |cx, (port, origin, count)| {
        of_client(cx.facts, port, l3::in_vain(count, origin))
    })];

/// An honest client takes a dispatch that is not just what was due. Exclusive.
pub(crate) const TAKES: &[(Clause, fn(&Taking<'_>) -> Option<Complaint>)] = &[
    (Clause::O1, |it| o1::given(it.client, it.s, it.what)),
    (Clause::O3, o3::without_session),
    (Clause::D6, d6::invented),
    (Clause::O1, o1::not_sent),
];

/// The world says that it has settled, with this still pending. Independent.
pub(crate) const SETTLES: &[(Clause, fn(&mut Context<'_>, Option<&str>) -> Verdict)] = &[
    (Clause::L3, |cx, pending| l3::settled(cx.facts, pending)),
    (Clause::L9, |cx, _| l9::settled(cx.facts, &cx.models.probes)),
];

/// The world gives up waiting. Exclusive.
pub(crate) const GIVES_UP: &[(Clause, fn(&mut Context<'_>, &str) -> Verdict)] = &[
    (Clause::L9, |cx, why| l9::gave_up(cx.facts, &cx.models.probes, why)),
    (Clause::L3, |cx, why| l3::gave_up(cx.facts, why)),
];

impl<'a> Emitted<'a> {
    /// The note, if that is what was said, with the session that it names.
    fn note(self) -> Option<(&'a TraceEvent, Option<u32>)> {
        match self {
            Emitted::Note(note, index) => Some((note, index)),
            Emitted::Frame(..) | Emitted::Close(..) => None,
        }
    }
}
