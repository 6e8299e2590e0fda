//! L3 convergence: once all is healed, every honest client becomes live and gets all it is owed.
//!
//! How long that may take is the world's business: it knows when there was no progress for too long.

use guildhall_core::id::Port;
use guildhall_core::step::Head;

use crate::facts::Facts;
use crate::facts::clients::Client;
use crate::findings::{Complaint, Findings, Subject};
use crate::violation::Clause;

/// How many of those who wait are named.
const NAMED: usize = 3;

/// What is pending, for whom and why.
pub(crate) fn pending(facts: &Facts) -> Option<String> {
    let (mut said, mut more) = (String::new(), 0);
    for (client, port) in facts.clients.iter().zip(0..) {
        let Some(why) = waits(facts, client) else { continue };
        if more >= NAMED {
            more += 1;
            continue;
        }
        more += 1;
        let separator = if said.is_empty() { "" } else { "; " };
        said = format!("{said}{separator}{} {why}", facts.cast.client(Port(port)));
    }
    if more > NAMED {
        said = format!("{said}; and {} more", more - NAMED);
    }
    (more > 0).then_some(said)
}

fn waits(facts: &Facts, client: &Client) -> Option<String> {
    // Of one whose story went wrong it is no longer known what it is owed.
    if !client.honest || !client.on || client.spoilt {
        return None;
    }
    if !client.live {
        let state = match (client.meant, client.session) {
            (None, _) => "has no connection",
            (Some(_), Some(_)) => "waits for RESUMED",
            (Some(_), None) => "waits for READY",
        };
        return Some(state.to_owned());
    }
    for &guild in &client.listed {
        let name = || facts.cast.guild(facts.ledger.guild(guild));
        let taken = client.of(guild);
        let Some(taken) = taken.filter(|taken| taken.whole) else {
            return Some(format!("waits for GUILD_CREATE of {}", name()));
        };
        let owed = facts.ledger.len(guild) - facts.ledger.after(guild, taken.position);
        if client.wants && owed > 0 {
            return Some(format!("is owed {owed} events of {} after {}", name(), taken.position));
        }
    }
    let open = client.open.len();
    (open > 0).then(|| format!("waits for {open} answers"))
}

/// The world says that all is settled.
pub(crate) fn settled(facts: &Facts, head: &Head, findings: &mut Findings) {
    if let Some(pending) = pending(facts) {
        let expected = "nothing pending in a world that has settled";
        let complaint = Complaint::new("the world has settled too early", expected, pending);
        findings.add(head, Clause::L3, Subject::new("world", "world"), complaint);
    }
}

/// The world has waited for as long as the limits allow, without progress.
pub(crate) fn gave_up(facts: &Facts, head: &Head, why: &str, findings: &mut Findings) {
    let pending = pending(facts).unwrap_or_else(|| "nothing that this checker knows of".to_owned());
    let complaint = Complaint::new(
        format!("the healed world does not settle: {pending}"),
        "every honest client live and told all that it is owed",
        why,
    );
    findings.add(head, Clause::L3, Subject::new("world", "world"), complaint);
}
