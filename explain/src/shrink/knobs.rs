//! The numbers of a plan that can be reduced: times, counts and sizes. Each is turned down as far as
//! the plan still fails.

use guildhall_core::time::{Instant, Span};

use super::search::Search;
use crate::repeater::Parallel;
use guildhall_plan::plan::{ClientAction, Plan};
use guildhall_plan::run::Runner;

/// Texts up to this length are left as they are, so that people recognize them.
const SHORT: usize = 8;

/// A number of a plan. The index is that of a fault, act, client or node.
#[derive(Clone, Copy, Debug)]
enum Knob {
    /// The time between the n-th fault or act, in order of time, and the one before.
    Gap(usize),
    /// The time that the weather lasts after the last of them.
    Tail,
    Linger,
    /// The duration of a fault; 0 would mean for ever.
    Lasts(usize),
    /// The other number of a fault, if it has one.
    Strength(usize),
    /// The number of clients in a crowd.
    Count(usize),
    Starts(usize),
    Within(usize),
    ClientDrift(usize),
    NodeDrift(usize),
    /// The length of the text of an action.
    Text(usize),
}

/// Turns every number down as far as the plan still fails.
pub(super) fn turn_down<R: Runner, P: Parallel>(search: &mut Search<'_, R, P>) {
    search.begin("times and sizes");
    for knob in Knob::all(&search.plan) {
        loop {
            let ladder = ladder(knob.get(&search.plan), knob.least());
            let make = |plan: &Plan, nth: usize| knob.set(plan, ladder[nth]);
            if search.first(ladder.len(), &make).is_none() {
                break;
            }
        }
    }
}

/// Smaller numbers to try, the best first: the minimum, fractions, and rounded ones.
fn ladder(now: u64, least: u64) -> Vec<u64> {
    let parts = [least, now / 16, now / 4, now / 2];
    let round = [1_000_000, 100_000, 10_000, 1_000].map(|unit| now / unit * unit);
    let mut ladder: Vec<u64> = Vec::new();
    for next in parts.into_iter().chain(round) {
        if next >= least && next < now && !ladder.contains(&next) {
            ladder.push(next);
        }
    }
    ladder
}

impl Knob {
    fn all(plan: &Plan) -> Vec<Self> {
        let events = plan.faults.len() + plan.actions.len();
        let (faults, clients) = (0..plan.faults.len(), 0..plan.clients.len());
        let of = |range: std::ops::Range<usize>, knob: fn(usize) -> Self| range.map(knob);
        of(clients.clone(), Self::Count)
            .chain(of(clients.clone(), Self::Starts))
            .chain(of(clients.clone(), Self::Within))
            .chain(of(clients, Self::ClientDrift))
            .chain(of(0..plan.nodes.len(), Self::NodeDrift))
            .chain([Self::Linger, Self::Tail])
            .chain(of(0..events, Self::Gap))
            .chain(of(faults.clone(), Self::Lasts))
            .chain(of(faults, Self::Strength))
            .chain(of(0..plan.actions.len(), Self::Text))
            .chain([Self::Tail])
            .collect()
    }

    /// The minimum.
    const fn least(self) -> u64 {
        match self {
            Self::Text(_) => SHORT as u64,
            Self::Lasts(_) | Self::Count(_) => 1,
            Self::Gap(_)
            | Self::Tail
            | Self::Linger
            | Self::Strength(_)
            | Self::Starts(_)
            | Self::Within(_)
            | Self::ClientDrift(_)
            | Self::NodeDrift(_) => 0,
        }
    }

    /// Its value; 0 if the plan has none, or if it cannot be reduced.
    fn get(self, plan: &Plan) -> u64 {
        match self {
            Self::Gap(nth) => {
                let times = times(plan);
                times[nth] - nth.checked_sub(1).map_or(0, |before| times[before])
            }
            Self::Tail => {
                let last = times(plan).last().copied().unwrap_or(0);
                plan.weather.as_micros().saturating_sub(last)
            }
            Self::Linger => plan.linger.as_micros(),
            Self::Lasts(nth) => plan.faults[nth].lasts.as_micros(),
            Self::Strength(nth) => {
                plan.faults[nth].fault.clone().strength().map_or(0, |strength| strength.get())
            }
            Self::Count(nth) => u64::from(plan.clients[nth].count),
            Self::Starts(nth) => plan.clients[nth].starts.as_micros(),
            Self::Within(nth) => plan.clients[nth].within.as_micros(),
            Self::ClientDrift(nth) => u64::from(plan.clients[nth].drift.unsigned_abs()),
            Self::NodeDrift(nth) => u64::from(plan.nodes[nth].drift.unsigned_abs()),
            Self::Text(nth) => match text_length(&plan.actions[nth].action) {
                length if length > SHORT => length as u64,
                _ => 0,
            },
        }
    }

    fn set(self, plan: &Plan, to: u64) -> Plan {
        let mut plan = plan.clone();
        match self {
            Self::Gap(nth) => {
                let by = self.get(&plan) - to;
                let from = times(&plan)[nth];
                let faults = plan.faults.iter_mut().map(|fault| &mut fault.at);
                for at in faults.chain(plan.actions.iter_mut().map(|action| &mut action.at)) {
                    if at.as_micros() >= from {
                        *at = Instant::micros(at.as_micros() - by);
                    }
                }
                plan.weather = Span::micros(plan.weather.as_micros().saturating_sub(by));
            }
            Self::Tail => {
                let by = self.get(&plan) - to;
                plan.weather = Span::micros(plan.weather.as_micros() - by);
            }
            Self::Linger => plan.linger = Span::micros(to),
            Self::Lasts(nth) => plan.faults[nth].lasts = Span::micros(to),
            Self::Strength(nth) => {
                if let Some(mut strength) = plan.faults[nth].fault.strength() {
                    strength.set(to);
                }
            }
            Self::Count(nth) => plan.clients[nth].count = u32::try_from(to).unwrap_or(u32::MAX),
            Self::Starts(nth) => plan.clients[nth].starts = Instant::micros(to),
            Self::Within(nth) => plan.clients[nth].within = Span::micros(to),
            Self::ClientDrift(nth) => set_magnitude(&mut plan.clients[nth].drift, to),
            Self::NodeDrift(nth) => set_magnitude(&mut plan.nodes[nth].drift, to),
            Self::Text(nth) => {
                if let ClientAction::Say { text, .. } | ClientAction::Edit { text, .. } =
                    &mut plan.actions[nth].action
                {
                    let to = usize::try_from(to).unwrap_or(usize::MAX);
                    *text = text.chars().take(to).collect::<String>().into();
                }
            }
        }
        plan
    }
}

/// The length of the text of an action.
fn text_length(action: &ClientAction) -> usize {
    let (ClientAction::Say { text, .. } | ClientAction::Edit { text, .. }) = action else {
        return 0;
    };
    text.chars().count()
}

/// The times of all faults and actions, in order.
fn times(plan: &Plan) -> Vec<u64> {
    let faults = plan.faults.iter().map(|fault| fault.at.as_micros());
    let mut times: Vec<u64> =
        faults.chain(plan.actions.iter().map(|action| action.at.as_micros())).collect();
    times.sort_unstable();
    times
}

/// Sets the magnitude of a number and keeps its sign.
fn set_magnitude(drift: &mut i32, to: u64) {
    *drift = drift.signum() * i32::try_from(to).unwrap_or(i32::MAX);
}
