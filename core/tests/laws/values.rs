//! Plain values: their order, their text and their way through JSON.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;

use guildhall_core::dispatch::Intents;
use guildhall_core::frame::CloseCode;
use guildhall_core::id::{Epoch, GuildId, Position, Seq, SessionId, Shard, Token};
use guildhall_core::limits::{Limits, MOST_FRAME_BYTES};
use guildhall_core::time::{Instant, Span};
use quickcheck::{Gen, QuickCheck};

/// Checks a law on the same values each time.
macro_rules! law {
    (|$($name:ident: $type:ty),*| $holds:expr) => {{
        fn law($($name: $type),*) -> bool {
            $holds
        }
        let same = Gen::from_size_and_seed(100, 0x6d1d);
        QuickCheck::new().rng(same).tests(500).quickcheck(law as fn($($type),*) -> bool);
    }};
}

/// Whether a value is the same after its text was read again.
fn reads_again<T: FromStr + ToString + PartialEq>(value: &T) -> bool {
    value.to_string().parse().ok().as_ref() == Some(value)
}

const fn position((epoch, index): (u32, u64)) -> Position {
    Position { epoch: Epoch(epoch), index }
}

#[test]
fn positions_are_ordered_by_epoch_and_then_by_index() {
    law!(|a: (u32, u64), b: (u32, u64)| position(a).cmp(&position(b)) == a.cmp(&b));
    // Close ones too: two draws seldom share an epoch.
    law!(|a: (bool, u8), b: (bool, u8)| {
        let near = |(epoch, index)| position((u32::from(epoch), u64::from(index)));
        near(a).cmp(&near(b)) == a.cmp(&b)
    });
}

#[test]
fn the_next_position_is_the_next_of_the_same_epoch() {
    law!(|epoch: u32, index: u32| {
        let this = position((epoch, u64::from(index)));
        let next = this.next();
        next > this && next.epoch == this.epoch && next.index == this.index + 1
    });
}

#[test]
fn numbers_count_up_and_never_below_zero() {
    law!(|a: u32, b: u32| {
        let (a, b) = (Seq(u64::from(a)), Seq(u64::from(b)));
        let apart = a.after(b) == a.0.saturating_sub(b.0);
        apart && a.next() > a && a.next().after(a) == 1 && a.after(a.next()) == 0
    });
}

#[test]
fn a_span_is_what_its_text_says() {
    law!(|us: u64| reads_again(&Span::micros(us)));
    law!(|us: u16, zeros: u8| {
        let span = Span::micros(u64::from(us) * 10u64.pow(u32::from(zeros % 12)));
        reads_again(&span) && !span.to_string().contains(".0s")
    });
    law!(|us: u64| reads_again(&Instant::micros(us)));
    let texts = [
        ("0s", 0),
        ("7us", 7),
        ("10ms", 10_000),
        ("41.25s", 41_250_000),
        ("1.5m", 90_000_000),
        ("0.5h", 1_800_000_000),
        ("18446744073709551615us", u64::MAX),
    ];
    for (text, us) in texts {
        assert_eq!(text.parse(), Ok(Span::micros(us)), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    let garbage = [
        "",
        "s",
        "1",
        ".",
        ".5s",
        "5.s",
        "1.2.3s",
        "-1s",
        "+1s",
        "1 s",
        " 1s",
        "1s ",
        "1S",
        "1d",
        "1e3s",
        "0x1s",
        "1_000s",
        "0.5us",
        "1.0000001s",
        "٣s",
        "1µs",
        "∞s",
        "1ss",
        "1sms",
        "18446744073709551616us",
        "18446744073710s",
        "99999999999999999999h",
    ];
    for text in garbage {
        let refused = text.parse::<Span>().unwrap_err();
        assert!(refused.to_string().contains(text));
    }
    // Nothing makes it panic, and what is read is written so that it reads the same.
    law!(|text: String| text.parse::<Span>().map_or(true, |span| reads_again(&span)));
}

#[test]
fn spans_add_and_scale_without_wrapping() {
    law!(|at: u64, us: u64| {
        let (at, us) = (Instant::micros(at), Span::micros(us));
        let later = at + us;
        later >= at && (at - us) <= at && later.since(at) <= us && at.since(later) == Span::ZERO
    });
    law!(|us: u64, numerator: u32, denominator: u32| {
        let (numerator, denominator) = (u64::from(numerator), u64::from(denominator).max(1));
        let exact = u128::from(us) * u128::from(numerator) / u128::from(denominator);
        let scaled = Span::micros(us).scaled(numerator, denominator).as_micros();
        u128::from(scaled) == exact.min(u128::from(u64::MAX))
    });
}

#[test]
fn secrets_are_32_hexadecimal_digits() {
    law!(|a: u128| {
        let (session, token) = (SessionId(a), Token(a));
        session.to_string().len() == 32 && reads_again(&session) && reads_again(&token)
    });
    for garbage in ["", "0", &"g".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))] {
        assert!(garbage.parse::<SessionId>().is_err(), "{garbage}");
    }
    law!(|text: String| text.parse::<Token>().is_err() || text.len() == 32);
}

#[test]
fn each_guild_is_in_exactly_one_shard() {
    law!(|guild: u64, count: u16| {
        let count = count.max(1) % 64 + 1;
        let shards = (0..count).map(|id| Shard { id, count });
        shards.filter(|shard| shard.is_valid() && shard.holds(GuildId(guild))).count() == 1
    });
    assert!(Shard::default().is_valid());
    assert!(!Shard { id: 0, count: 0 }.is_valid() && !Shard { id: 3, count: 3 }.is_valid());
}

#[test]
fn only_documented_intents_are_valid() {
    let documented: BTreeSet<u32> = (0..=16).chain([20, 21, 24, 25]).collect();
    for bit in 0..32 {
        assert_eq!(Intents(1 << bit).is_valid(), documented.contains(&bit), "bit {bit}");
    }
    law!(|a: u32, b: u32| {
        let both = Intents(a | b).is_valid() == (Intents(a).is_valid() && Intents(b).is_valid());
        both && Intents(a | b).contains(Intents(a)) && Intents(a).contains(Intents(a & b))
    });
    assert!(Intents::USUAL.contains(Intents::GUILDS) && Intents::USUAL.is_valid());
}

#[test]
fn close_codes_have_numbers_of_their_own() {
    let all = [
        CloseCode::Unknown,
        CloseCode::UnknownOpcode,
        CloseCode::Decode,
        CloseCode::NotAuthenticated,
        CloseCode::AuthenticationFailed,
        CloseCode::AlreadyAuthenticated,
        CloseCode::RateLimited,
        CloseCode::InvalidShard,
        CloseCode::InvalidIntents,
    ];
    let numbers: BTreeSet<_> = all.iter().map(|code| code.code()).collect();
    assert_eq!(numbers.len(), all.len());
    assert!(numbers.iter().all(|number| (4000..=4014).contains(number)));
    // A client that comes back after any other would never stop (C2).
    let last: Vec<_> = all.iter().filter(|code| code.is_final()).map(|code| code.code()).collect();
    assert_eq!(last, [4004, 4010, 4013]);
}

#[test]
fn the_limits_of_the_contract_work_together() {
    let limits = Limits::default();
    assert_eq!(limits.validate(), Ok(()));
    round_trip(&limits);
    assert_eq!(serde_json::from_str::<Limits>("{}").unwrap(), limits);
    assert!(serde_json::from_str::<Limits>(r#"{"no_such_limit":1}"#).is_err());
    let impossible = Limits { live_unsent: limits.replay_dispatches, ..limits };
    assert!(impossible.validate().unwrap_err().to_string().contains("live_unsent"));
    let read = Limits { frame_bytes: MOST_FRAME_BYTES, ..Limits::default() };
    assert_eq!(read.validate(), Ok(()));
    let unread = Limits { frame_bytes: MOST_FRAME_BYTES + 1, ..read };
    assert!(unread.validate().unwrap_err().to_string().contains("frame_bytes"));
    law!(|a: u16, b: u16| {
        let (nonces, tip_every) = (u32::from(a), Span::millis(u64::from(b)));
        round_trip(&Limits { nonces, tip_every, ..Limits::default() });
        true
    });
}

#[test]
fn a_back_off_grows_to_its_limit() {
    let limits = Limits::default();
    assert_eq!(limits.backoff(0), limits.backoff_first);
    law!(|attempt: u32| {
        let limits = Limits::default();
        let (this, next) = (limits.backoff(attempt), limits.backoff(attempt.saturating_add(1)));
        this <= next && next <= limits.backoff_most
    });
}

/// A value is the same after JSON.
pub(crate) fn round_trip<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug,
{
    let text = serde_json::to_string(value).expect("any value can be written");
    let read: T = serde_json::from_str(&text).expect(&text);
    assert_eq!(&read, value, "{text}");
}
