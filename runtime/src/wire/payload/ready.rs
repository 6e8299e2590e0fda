//! READY and RESUMED.

use std::borrow::Cow;

use guildhall_core::dispatch;
use guildhall_core::id::SessionId;
use serde::Serialize;

use super::guild::UnavailableGuild;
use super::member::User;
use super::{EMPTY, EmptyList};
use crate::wire::gateway_urls::GatewayUrls;
use crate::wire::text::Digits;

/// READY. All guilds are unavailable until their GUILD_CREATE.
#[derive(Serialize)]
pub(in crate::wire) struct Ready<'a> {
    v: u8,
    user: CurrentUser,
    guilds: Vec<UnavailableGuild>,
    session_id: SessionId,
    resume_gateway_url: Cow<'a, str>,
    application: Application,
    private_channels: EmptyList,
}

#[derive(Serialize)]
struct CurrentUser {
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
    pub(in crate::wire) fn new(ready: &dispatch::Ready, urls: &'a GatewayUrls) -> Self {
        Self {
            v: 10,
            user: CurrentUser { user: User::new(ready.user), mfa_enabled: false, verified: true },
            guilds: ready
                .guilds
                .iter()
                .map(|guild| UnavailableGuild::unavailable(*guild))
                .collect(),
            session_id: ready.session,
            resume_gateway_url: urls.url(ready.node),
            application: Application { id: Digits(ready.user.0), flags: 0 },
            private_channels: EMPTY,
        }
    }
}

/// RESUMED: an empty object, because clients add fields to it.
#[derive(Serialize)]
pub(in crate::wire) struct Resumed {}
