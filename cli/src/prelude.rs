//! What scenarios, checkers and tests need: `use guildhall::prelude::*`.

// A scenario.
pub use guildhall_core::dispatch::Intents;
pub use guildhall_core::permission::Permissions;
pub use guildhall_core::time::{Instant, Span};
pub use guildhall_plan::fault::{
    ClientPhase, CutKind, Direction, Family, GuildPhase, InvalidLogin, NodePhase, ProtocolViolation,
};
pub use guildhall_plan::plan::{OverwritePlan, PermissionNames, TargetPlan};
pub use guildhall_plan::script::{
    ChannelRef, ClientRef, EndpointRef, GuildRef, NodeRef, RoleRef, Scenario, Script,
};

// A checker.
pub use guildhall_check::{Checker, Clause, Findings, Subject, View};
pub use guildhall_core::dispatch::{Body, Dispatch};
pub use guildhall_core::event::{Event, Record};
pub use guildhall_core::id::{
    ChannelId, Connection, GuildId, NodeId, Port, Position, Seq, SessionId, UserId,
};
pub use guildhall_core::step::{Actor, Head, JournalEvent, Observed, WorldEvent};
pub use guildhall_plan::checkers::CustomCheckers;

// A run.
pub use guildhall_plan::plan::Plan;
pub use guildhall_plan::run::{Options, Outcome, Runner, Verdict};
pub use guildhall_plan::script::Settings;
pub use guildhall_plan::seed::Seed;
pub use guildhall_sim::run::Fast;
