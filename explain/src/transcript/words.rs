//! Messages, frames and records as text, with names.

use std::fmt::Write as _;
use std::sync::Arc;

use guildhall_check::cast::Cast;
use guildhall_core::directory::{DirectoryEvent, DirectoryRequest};
use guildhall_core::dispatch::{Body, Dispatch, Message};
use guildhall_core::event::{Channel, Event, Record, Removal};
use guildhall_core::frame::{ClientFrame, Disconnect, ServerFrame};
use guildhall_core::id::{ChannelId, GuildId, RoleId, Seq, UserId};
use guildhall_core::journal::{Command, Reply};
use guildhall_core::node;
use guildhall_core::peer::PeerMessage;
use guildhall_core::permission::{Permissions, Target};
use guildhall_core::request::{Action, Answer, Outcome, Request};

use guildhall_plan::plan::PermissionNames;

/// The names of the plan.
pub(crate) struct Words {
    pub(crate) cast: Arc<Cast>,
}

impl Words {
    pub(super) fn guild(&self, id: GuildId) -> &str {
        self.cast.guild(id)
    }

    /// A user without a client is the founder of some guild.
    fn user(&self, id: UserId) -> &str {
        match self.cast.user(id) {
            "?" => "its founder",
            name => name,
        }
    }

    fn channel(&self, id: ChannelId) -> String {
        let mut channels = self.cast.guilds.iter().flat_map(|guild| &guild.channels);
        let known = channels.find(|(_, channel)| *channel == id);
        known.map_or_else(|| "#?".to_owned(), |(name, _)| format!("#{name}"))
    }

    fn role(&self, id: RoleId) -> String {
        let mut roles = self.cast.guilds.iter().flat_map(|guild| &guild.roles);
        let known = roles.find(|(_, role)| *role == id);
        known.map_or_else(|| "@?".to_owned(), |(name, _)| format!("@{name}"))
    }

    fn roles(&self, ids: &[RoleId]) -> String {
        let names: Vec<_> = ids.iter().map(|role| self.role(*role)).collect();
        if names.is_empty() { "no role".to_owned() } else { names.join(" ") }
    }

    /// A channel with its overwrites.
    fn described(&self, channel: &Channel) -> String {
        let mut text = self.channel(channel.id);
        for overwrite in channel.overwrites.iter() {
            let whom = match overwrite.target {
                Target::Role(role) => self.role(role),
                Target::Member(user) => self.user(user).to_owned(),
            };
            for (sign, set) in [('-', overwrite.deny), ('+', overwrite.allow)] {
                if set != Permissions::NONE {
                    let _ = write!(text, ", {whom} {sign}{}", PermissionNames(set));
                }
            }
        }
        text
    }

    fn said(&self, message: &Message) -> String {
        let text = short(&message.content);
        format!("{} {}: {text:?}", self.channel(message.channel), self.user(message.author))
    }

    pub(super) fn dispatch(&self, s: Seq, what: &Dispatch) -> String {
        let mut text = format!("s{} {}", s.0, what.body.name());
        if let Some(source) = what.source {
            let _ = write!(text, " {} @{}", self.guild(source.guild), source.position);
        }
        let more = match &what.body {
            Body::Ready(_) | Body::Resumed | Body::GuildCreate(_) | Body::GuildDelete => {
                return text;
            }
            Body::GuildUnavailable => "unavailable".to_owned(),
            Body::GuildUpdate { owner } => format!("owner {}", self.user(*owner)),
            Body::RoleCreate { role, permissions, position }
            | Body::RoleUpdate { role, permissions, position } => {
                format!("{} ({position}): {}", self.role(*role), PermissionNames(*permissions))
            }
            Body::RoleDelete { role } => self.role(*role),
            Body::ChannelCreate(channel) | Body::ChannelUpdate(channel) => self.described(channel),
            Body::ChannelDelete { channel } => self.channel(*channel),
            Body::MemberAdd { user } | Body::MemberRemove { user } => self.user(*user).to_owned(),
            Body::MemberUpdate { user, roles } => {
                format!("{} has {}", self.user(*user), self.roles(roles))
            }
            Body::MessageCreate(message) | Body::MessageUpdate(message) => self.said(message),
            Body::MessageDelete { channel, .. } => self.channel(*channel),
            Body::ReactionAdd(it) | Body::ReactionRemove(it) => {
                format!("{} {} {}", self.channel(it.channel), self.user(it.user), it.emoji)
            }
            Body::TypingStart { user, channel } => {
                format!("{} {}", self.channel(*channel), self.user(*user))
            }
        };
        let _ = write!(text, " {more}");
        text
    }

    /// A record of a guild: its position and its event.
    pub(super) fn record(&self, record: &Record) -> String {
        let what = match &record.event {
            Event::Opened => format!("epoch {} begins", record.position.epoch.0),
            Event::Message(message) => self.said(message),
            Event::MessageUpdate(message) => format!("edited: {}", self.said(message)),
            Event::MessageDelete { channel, .. } => {
                format!("something deleted in {}", self.channel(*channel))
            }
            Event::ReactionAdd(it) => {
                format!(
                    "{} reacts {} in {}",
                    self.user(it.user),
                    it.emoji,
                    self.channel(it.channel)
                )
            }
            Event::ReactionRemove(it) => {
                let (user, channel) = (self.user(it.user), self.channel(it.channel));
                format!("{user} reacts {} no more in {channel}", it.emoji)
            }
            Event::Typing { user, channel } => {
                format!("{} types in {}", self.user(*user), self.channel(*channel))
            }
            Event::MemberAdd { user } => format!("{} is a member", self.user(*user)),
            Event::MemberUpdate { user, roles } => {
                format!("{} has {}", self.user(*user), self.roles(roles))
            }
            Event::MemberRemove { user, why } => {
                let how = match why {
                    Removal::Left => "has left",
                    Removal::Kicked => "is kicked",
                    Removal::Banned => "is banned",
                };
                format!("{} {how}", self.user(*user))
            }
            Event::Unbanned { user } => format!("{} may come back", self.user(*user)),
            Event::RoleCreate { role, permissions, position } => {
                let role = self.role(*role);
                format!("new role {role} ({position}): {}", PermissionNames(*permissions))
            }
            Event::RoleUpdate { role, permissions, position } => {
                let role = self.role(*role);
                format!("role {role} ({position}): {}", PermissionNames(*permissions))
            }
            Event::RoleDelete { role } => format!("role {} is gone", self.role(*role)),
            Event::ChannelCreate(channel) => format!("new channel {}", self.described(channel)),
            Event::ChannelUpdate(channel) => format!("channel {}", self.described(channel)),
            Event::ChannelDelete { channel } => {
                format!("channel {} is gone", self.channel(*channel))
            }
            Event::GuildUpdate { owner } => format!("owner {}", self.user(*owner)),
            Event::GuildDelete => "the guild is no more".to_owned(),
        };
        format!("@{} {what}", record.position)
    }

    pub(super) fn message(&self, message: &PeerMessage) -> String {
        match message {
            PeerMessage::Subscribe { guild, .. } => format!("subscribe {}", self.guild(*guild)),
            PeerMessage::Unsubscribe { guild, .. } => {
                format!("unsubscribe {}", self.guild(*guild))
            }
            PeerMessage::CatchUp { guild, from, .. } => {
                format!("catch up {} after @{from}", self.guild(*guild))
            }
            PeerMessage::Chunk { chunk, .. } => {
                let (nth, of) = (chunk.nth + 1, chunk.of);
                format!("state of {} @{} {nth}/{of}", self.guild(chunk.guild), chunk.position)
            }
            PeerMessage::Stream { guild, sender, record, .. } => {
                let late = if record.position.epoch == *sender {
                    String::new()
                } else {
                    format!(" (from epoch {})", sender.0)
                };
                let what = self.record(record);
                format!("{} {what}, after @{}{late}", self.guild(*guild), record.prev)
            }
            PeerMessage::Tip { guild, position, .. } => {
                format!("tip {} @{position}", self.guild(*guild))
            }
            PeerMessage::Request { epoch, request, .. } => {
                format!("{} (for epoch {})", self.request(request), epoch.0)
            }
            PeerMessage::Answer { answer, .. } => self.answer(answer),
        }
    }

    pub(crate) fn request(&self, request: &Request) -> String {
        let guild = self.guild(request.guild);
        let user = |id: &UserId| self.user(*id);
        let what = match &request.action {
            Action::Say { channel, content, mentions } => {
                let text = format!("says {:?} in {}", short(content), self.channel(*channel));
                text + &self.named(mentions)
            }
            Action::Edit { said, content, mentions } => {
                let text = format!("edits what {} said: {:?}", user(&said.user), short(content));
                text + &self.named(mentions)
            }
            Action::Delete { said } => format!("deletes what {} said", user(&said.user)),
            Action::React { said, emoji } => {
                format!("reacts {emoji} to what {} said", user(&said.user))
            }
            Action::Unreact { said, emoji } => {
                format!("reacts {emoji} no more to what {} said", user(&said.user))
            }
            Action::Type { channel } => format!("types in {}", self.channel(*channel)),
            Action::Join => "joins".to_owned(),
            Action::Leave => "leaves".to_owned(),
            Action::Kick { user: whom } => format!("kicks {}", user(whom)),
            Action::Ban { user: whom } => format!("bans {}", user(whom)),
            Action::Unban { user: whom } => format!("lets {} come back", user(whom)),
            Action::SetRoles { user: whom, roles } => {
                format!("gives {} {}", user(whom), self.roles(roles))
            }
            Action::CreateRole { role, permissions } => {
                format!("makes role {}: {}", self.role(*role), PermissionNames(*permissions))
            }
            Action::ChangeRole { role, permissions } => {
                format!("changes role {}: {}", self.role(*role), PermissionNames(*permissions))
            }
            Action::MoveRole { role, position } => {
                format!("moves role {} to {position}", self.role(*role))
            }
            Action::DeleteRole { role } => format!("deletes role {}", self.role(*role)),
            Action::CreateChannel(channel) => format!("makes channel {}", self.described(channel)),
            Action::ChangeChannel(channel) => {
                format!("changes channel {}", self.described(channel))
            }
            Action::DeleteChannel { channel } => {
                format!("deletes channel {}", self.channel(*channel))
            }
            Action::Transfer { to } => format!("gives the guild to {}", user(to)),
            Action::DeleteGuild => "deletes the guild".to_owned(),
        };
        let again = if request.attempt > 1 {
            format!(", attempt {}", request.attempt)
        } else {
            String::new()
        };
        format!("{} {what} ({guild}{again})", self.user(request.origin.user))
    }

    /// To whom a message speaks, if it mentions anybody.
    fn named(&self, mentions: &[UserId]) -> String {
        let names: Vec<_> = mentions.iter().map(|user| self.user(*user)).collect();
        if names.is_empty() { String::new() } else { format!(" to {}", names.join(", ")) }
    }

    pub(super) fn answer(&self, answer: &Answer) -> String {
        let who = self.user(answer.origin.user);
        match answer.outcome {
            Outcome::Done(position) => format!("done for {who} @{position}"),
            Outcome::Refused { why, .. } => format!("refused for {who}: {why:?}"),
            Outcome::Busy(full) => format!("busy for {who}: {full:?}"),
        }
    }

    pub(super) fn command(&self, command: &Command) -> String {
        match command {
            Command::Open { .. } => "open".to_owned(),
            Command::Append { records, .. } => format!("append {}", self.span(records)),
            Command::Confirm { epoch, .. } => format!("confirm epoch {}", epoch.0),
            Command::Compact { base, .. } => format!("compact up to @{}", base.position),
        }
    }

    /// Records by their positions; a single one with its event.
    pub(super) fn span(&self, records: &[Arc<Record>]) -> String {
        match records {
            [] => "nothing".to_owned(),
            [one] => self.record(one),
            [first, .., last] => {
                format!("@{} to @{} ({} records)", first.position, last.position, records.len())
            }
        }
    }

    pub(super) fn reply(&self, reply: &Reply) -> String {
        match reply {
            Reply::Opened { epoch, log, .. } => {
                format!("epoch {} granted, {} records", epoch.0, log.tail.len())
            }
            Reply::Appended { upto, .. } => format!("kept up to @{upto}"),
            Reply::Confirmed { epoch, .. } => format!("epoch {} is the highest", epoch.0),
            Reply::Fenced { epoch, fence } => format!("epoch {} is over: {}", epoch.0, fence.0),
            Reply::Failed { epoch } => format!("a sync has failed in epoch {}", epoch.0),
            Reply::Full { .. } => "no room".to_owned(),
        }
    }

    pub(super) fn word(&self, word: &DirectoryRequest) -> String {
        match word {
            DirectoryRequest::Ask { user, .. } => format!("asks for {}'s guilds", self.user(*user)),
            DirectoryRequest::Forget { user, .. } => {
                format!("has no session of {}", self.user(*user))
            }
            DirectoryRequest::Since { version } => format!("asks what changed since {version}"),
            DirectoryRequest::Enter { guild, user, .. } => {
                format!("enter {} in {}", self.user(*user), self.guild(*guild))
            }
            DirectoryRequest::Remove { guild, user, at } => {
                format!("take {} out of {}, gone @{at}", self.user(*user), self.guild(*guild))
            }
            DirectoryRequest::Dissolve { guild, .. } => {
                format!("{} is no more", self.guild(*guild))
            }
        }
    }

    pub(super) fn notice(&self, notice: &DirectoryEvent) -> String {
        match notice {
            DirectoryEvent::Guilds { user, guilds, .. } => {
                let names: Vec<_> = guilds.iter().map(|guild| self.guild(*guild)).collect();
                let guilds =
                    if names.is_empty() { "no guild".to_owned() } else { names.join(", ") };
                format!("{} may be in {guilds}", self.user(*user))
            }
            DirectoryEvent::Changed { version, users } => {
                format!("{} users have changed up to {version}", users.len())
            }
            DirectoryEvent::Entered { guild, user, .. } => {
                format!("{} is entered in {}", self.user(*user), self.guild(*guild))
            }
            DirectoryEvent::Removed { guild, user, .. } => {
                format!("{} is taken out of {}", self.user(*user), self.guild(*guild))
            }
            DirectoryEvent::Dissolved { guild, .. } => {
                format!("everybody is taken out of {}", self.guild(*guild))
            }
        }
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(39).chain(['…']).collect()
}

pub(super) fn client_frame(frame: &ClientFrame, bytes: u32) -> String {
    match frame {
        ClientFrame::Heartbeat { d: Some(d) } => format!("heartbeat d={}", d.0),
        ClientFrame::Heartbeat { d: None } => "heartbeat".to_owned(),
        ClientFrame::Identify(_) => "IDENTIFY".to_owned(),
        ClientFrame::Resume(resume) => format!("RESUME after s{}", resume.seq.0),
        ClientFrame::Malformed(how) => format!("malformed ({how:?}, {bytes} B)"),
        ClientFrame::Other => "an opcode that means nothing here".to_owned(),
    }
}

pub(super) fn server_frame(frame: ServerFrame) -> String {
    match frame {
        ServerFrame::Hello { .. } => "HELLO".to_owned(),
        ServerFrame::HeartbeatAck => "ack".to_owned(),
        ServerFrame::Reconnect => "RECONNECT".to_owned(),
        ServerFrame::InvalidSession { resumable } => format!("INVALID_SESSION d:{resumable}"),
    }
}

pub(super) fn farewell(how: Disconnect) -> String {
    match how {
        Disconnect::Code(code) => format!("is closed by the client: {code}"),
        Disconnect::End => "ends".to_owned(),
        Disconnect::Reset => "is reset".to_owned(),
    }
}

pub(super) fn detach(why: node::DetachReason) -> String {
    match why {
        node::DetachReason::Gone(how) => format!("it {}", farewell(how)),
        node::DetachReason::Cut(cut) => format!("cut, {cut:?}"),
        node::DetachReason::Superseded => "superseded".to_owned(),
    }
}
