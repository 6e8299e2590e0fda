//! D4 all or nothing: a RESUME is accepted if and only if it may be; then come exactly the
//! dispatches after `seq`, then a RESUMED, then live ones.

use guildhall_core::census::{Census, Table};
use guildhall_core::dispatch::{Body, Dispatch};
use guildhall_core::frame::Resume;
use guildhall_core::id::NodeId;
use guildhall_core::node::TraceEvent;
use guildhall_core::session::ResumeRefusal;

use crate::clauses::Numbered;
use crate::clauses::Verdict;
use crate::dispatch_under_test::DispatchUnderTest;
use crate::facts::Facts;
use crate::facts::sessions::DueResumed;
use crate::findings::{Complaint, Subject};
use crate::judgements::Judgement;
use crate::node_step::{NodeStep, StepInput};

/// A note that accepts or refuses a RESUME.
pub(crate) fn noted(step: &NodeStep, facts: &Facts, note: &TraceEvent) -> Verdict {
    let StepInput::Resume(resume) = step.input else { return None };
    let here = here(facts, step.node, &resume);
    let complaint = if let TraceEvent::ResumeRefused { why, .. } = note {
        facts.judges(Judgement::ResumeRefused);
        refused(facts, here, &resume, *why)
    } else if matches!(note, TraceEvent::Resumed { .. }) {
        facts.judges(Judgement::ResumeAccepted);
        accepted(facts, here, &resume)
    } else {
        None
    };
    complaint.map(|complaint| {
        let subject = here.map_or_else(
            || Subject::new("node", facts.cast.node(step.node)),
            |index| facts.session_name(index),
        );
        (subject, complaint)
    })
}

/// The session that is asked for, if it lives at this node.
fn here(facts: &Facts, node: NodeId, resume: &Resume) -> Option<u32> {
    let index = facts.sessions.find(resume.session)?;
    let session = facts.sessions.get(index);
    (session.node == node && !session.ended).then_some(index)
}

fn has_token(facts: &Facts, index: u32, resume: &Resume) -> bool {
    facts.cast.cluster.accounts.get(&resume.token) == Some(&facts.sessions.get(index).user)
}

fn accepted(facts: &Facts, here: Option<u32>, resume: &Resume) -> Option<Complaint> {
    let wrong = |expected: &str, got: String| {
        Some(Complaint::new("a RESUME is accepted that should be refused", expected, got))
    };
    let Some(index) = here else {
        return wrong("a session that lives at this node", format!("session {}", resume.session));
    };
    if !has_token(facts, index, resume) {
        return wrong("the token of the session's user", "another token".to_owned());
    }
    if facts.sessions.hot(index).spoilt {
        return None;
    }
    let (acked, peak) = (facts.sessions.get(index).acked, facts.sessions.peak(index));
    if resume.seq.0 < acked || resume.seq.0 > peak {
        return wrong(&format!("seq from {acked} to {peak}"), format!("seq={}", resume.seq.0));
    }
    None
}

fn refused(
    facts: &Facts,
    here: Option<u32>,
    resume: &Resume,
    why: ResumeRefusal,
) -> Option<Complaint> {
    let wrong = |expected: String, got: &str| {
        Some(Complaint::new("a RESUME is refused for what is not so", expected, got))
    };
    match (why, here) {
        (ResumeRefusal::NoSession, None) => None,
        (ResumeRefusal::NoSession, Some(_)) => wrong("the session lives".into(), "no session"),
        (ResumeRefusal::Token | ResumeRefusal::Seq { .. }, None) => {
            wrong("no session, for there is none".into(), "another reason")
        }
        (ResumeRefusal::Token, Some(index)) if has_token(facts, index, resume) => {
            wrong("the token is right".into(), "a wrong token")
        }
        (ResumeRefusal::Token, Some(_)) => None,
        (ResumeRefusal::Seq { low, sent, last }, Some(index)) => {
            if facts.sessions.hot(index).spoilt {
                return None;
            }
            let (seq, peak) = (resume.seq.0, facts.sessions.peak(index));
            let got = format!("seq={seq}, low={}, sent={}, last={}", low.0, sent.0, last.0);
            if sent.0 != peak {
                wrong(format!("sent={peak}"), &got)
            } else if seq + 1 >= low.0 && seq <= peak {
                wrong("a seq outside of low−1 … sent".into(), &got)
            } else if last.0 < peak || last.0 > peak + facts.most_unsent(index).0 {
                wrong(format!("last from {peak} to what was emitted"), &got)
            } else if !justified(facts, index, low.0, last.0) {
                wrong("low after what was acknowledged or forced out".into(), &got)
            } else {
                None
            }
        }
    }
}

/// Whether `low` is the oldest number kept for a good reason: everything before was claimed by the
/// client, or the window could not have held one more.
fn justified(facts: &Facts, index: u32, low: u64, last: u64) -> bool {
    let (session, limits) = (facts.sessions.get(index), &facts.cast.limits);
    let Some(older) = low.checked_sub(1).filter(|older| *older > session.claimed) else {
        return true;
    };
    let unsent = facts.most_unsent(index).1;
    let bytes = facts.bytes_after(index, older - 1) + unsent;
    last + 1 - older > u64::from(limits.replay_dispatches) || bytes > u64::from(limits.replay_bytes)
}

/// A node has counted what it keeps: what heartbeats have acknowledged is let go.
pub(crate) fn counted(facts: &Facts, node: NodeId, census: &Census) -> Verdict {
    let mut most = 0;
    for index in facts.sessions.on(node) {
        if facts.sessions.hot(index).spoilt {
            return None;
        }
        let sent = facts.sessions.peak(index) - facts.sessions.get(index).acked;
        most += sent + facts.most_unsent(index).0;
    }
    let count = census.count(Table::Replay);
    if count > 0 {
        facts.judges(Judgement::ReplayTrimmed);
    }
    (count > most).then(|| {
        let node = facts.cast.node(node);
        let message = format!("{node} keeps what its clients have acknowledged");
        let expected = format!("at most {most} dispatches");
        (Subject::new("node", node), Complaint::new(message, expected, count.to_string()))
    })
}

/// The first dispatch after an accepted RESUME must be the one after `seq`.
pub(crate) fn begins(it: &Numbered<'_>) -> Option<Complaint> {
    let Numbered { s, written: seq, what, .. } = *it;
    if !it.facts.sessions.get(it.index).fresh {
        return None;
    }
    it.facts.judges(Judgement::ReplayBegins);
    (s != seq + 1).then(|| {
        let expected = format!("s={}, the one after seq", seq + 1);
        Complaint::new(
            "a replay begins elsewhere",
            expected,
            format!("{} as s={s}", what.body.name()),
        )
    })
}

/// A dispatch under a new number: RESUMED stands between what was missed and what is live.
pub(crate) fn judge(tested: &DispatchUnderTest<'_>) -> Option<Complaint> {
    let due = tested.session.resumed;
    let (fits, expected) = match (&tested.what.body, due) {
        (Body::Resumed, None) => (false, "a RESUME that was accepted before"),
        (_, None) | (Body::Resumed, Some(_)) => (true, ""),
        (_, Some(due)) => {
            let is_late = !due.written && is_after_replay(tested.facts, due, tested.what);
            (!is_late, "RESUMED first")
        }
    };
    (!fits).then(|| Complaint::new("a replay is not what it should be", expected, tested.name()))
}

/// Whether a dispatch under a new number cannot be part of the replay of the last RESUME: a
/// snapshot, or what was not committed when that RESUME was accepted.
pub(crate) fn is_after_replay(facts: &Facts, due: DueResumed, what: &Dispatch) -> bool {
    if matches!(what.body, Body::GuildCreate(_) | Body::GuildUnavailable) {
        return matches!(what.body, Body::GuildCreate(_));
    }
    let event = what.source.and_then(|source| {
        let guild = facts.ledger.find(source.guild)?;
        facts.ledger.get(guild).at(source.position)
    });
    event.is_some_and(|event| event.stamp >= due.stamps)
}
