//! READY and RESUMED.

use std::borrow::Cow;

use guildhall_core::dispatch;
use guildhall_core::id::SessionId;
use serde::Serialize;

use super::guild::Gone;
use super::member::User;
use super::{NOTHING, Nothing};
use crate::wire::places::Places;
use crate::wire::text::Digits;

/// The first dispatch of a session. Its guilds are all unavailable until they are told of.
#[derive(Serialize)]
pub(in crate::wire) struct Ready<'a> {
    v: u8,
    user: Me,
    guilds: Vec<Gone>,
    session_id: SessionId,
    resume_gateway_url: Cow<'a, str>,
    application: Application,
    private_channels: Nothing,
}

#[derive(Serialize)]
struct Me {
    #[serde(flatten)]
    user: User,
    mfa_enabled: bool,
    verified: bool,
}

#[derive(Serialize)]
struct Application {
    id: Digits,
    flags: u32,
}

impl<'a> Ready<'a> {
    pub(in crate::wire) fn new(ready: &dispatch::Ready, places: &'a Places) -> Self {
        Self {
            v: 10,
            user: Me { user: User::new(ready.user), mfa_enabled: false, verified: true },
            guilds: ready.guilds.iter().map(|guild| Gone::for_now(*guild)).collect(),
            session_id: ready.session,
            resume_gateway_url: places.url(ready.node),
            application: Application { id: Digits(ready.user.0), flags: 0 },
            private_channels: NOTHING,
        }
    }
}

/// An object with nothing in it, because clients put things there.
#[derive(Serialize)]
pub(in crate::wire) struct Resumed {}
