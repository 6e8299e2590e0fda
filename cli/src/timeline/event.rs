//! The trace event format of Chrome: an event is an object whose `ph` says what kind of event it is.

use std::ops::{Add, Sub};

use guildhall_check::violation::Violation;
use guildhall_core::step::Step;
use guildhall_core::time::Instant;
use serde::{Serialize, Serializer};

/// The one process that all tracks are threads of.
const PROCESS: u64 = 1;

/// A time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Nanos(pub(super) u64);

/// A file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trace<'a> {
    display_time_unit: &'static str,
    trace_events: Vec<Event<'a>>,
}

/// An event on a track.
#[derive(Serialize)]
pub(super) struct Event<'a> {
    #[serde(flatten)]
    pub(super) what: What<'a>,
    #[serde(flatten)]
    pub(super) track: Track,
}

/// A track, or the whole process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Track {
    pid: u64,
    tid: u64,
}

/// The kinds of events.
#[derive(Serialize)]
#[serde(tag = "ph")]
pub(super) enum What<'a> {
    #[serde(rename = "M")]
    Name { name: &'static str, args: Named },
    #[serde(rename = "X")]
    Slice { name: String, ts: Nanos, dur: Nanos, args: StepArgs<'a> },
    #[serde(rename = "s")]
    ArrowBegins { name: &'static str, cat: &'static str, id: u64, ts: Nanos },
    #[serde(rename = "f")]
    ArrowEnds { name: &'static str, cat: &'static str, id: u64, ts: Nanos, bp: &'static str },
    #[serde(rename = "b")]
    SpanBegins { name: &'a str, cat: &'static str, id: u32, ts: Nanos },
    #[serde(rename = "e")]
    SpanEnds { name: &'a str, cat: &'static str, id: u32, ts: Nanos },
    #[serde(rename = "i")]
    Mark { name: String, s: &'static str, ts: Nanos, args: &'a Violation },
}

#[derive(Serialize)]
pub(super) struct Named {
    name: String,
}

/// A step, as the lines of `--steps --json` have it.
#[derive(Serialize)]
pub(super) struct StepArgs<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(flatten)]
    pub(super) step: &'a Step,
}

impl<'a> Trace<'a> {
    pub(super) const fn new(trace_events: Vec<Event<'a>>) -> Self {
        Self { display_time_unit: "ms", trace_events }
    }
}

impl Event<'_> {
    /// Names the process.
    pub(super) fn process(name: &str) -> Self {
        let what = What::Name { name: "process_name", args: Named { name: name.to_owned() } };
        Self { what, track: Track::new(0) }
    }
}

impl Track {
    pub(super) const fn new(tid: u64) -> Self {
        Self { pid: PROCESS, tid }
    }

    /// Names the track.
    pub(super) fn named<'a>(self, name: String) -> Event<'a> {
        Event { what: What::Name { name: "thread_name", args: Named { name } }, track: self }
    }
}

impl Add for Nanos {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Nanos {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl From<Instant> for Nanos {
    fn from(at: Instant) -> Self {
        Self(at.as_micros() * 1_000)
    }
}

/// The format counts microseconds, and takes fractions of them.
impl Serialize for Nanos {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / 1_000.0)
    }
}
