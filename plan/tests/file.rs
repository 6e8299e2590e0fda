//! The text of plans: each mistake is refused with its line, its column and what there is instead.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::file::Document;
use guildhall_plan::plan::{Plan, PlanError};

const PLAN: &str = r#"seed = 1
weather = "10s"

[[node]]
name = "berlin"

[[node]]
name = "paris"

[[guild]]
name = "g"
owner = "berlin"
owner_user = "alice"
roles = { staff = ["view-channel"] }
channels = ["open", { name = "secret", overwrites = [{ role = "everyone", deny = ["view-channel"] }] }]

[[client]]
name = "alice"
node = "berlin"
guilds = ["g"]

[[client]]
name = "bob"
node = "paris"
guilds = ["g"]
hostile = true

[[fault]]
at = "3s"
for = "1s"
kind = "partition"
a = "berlin"
b = "paris"
when = { client = "bob", is = "live" }

[[fault]]
at = "4s"
kind = "misbehave"
client = "bob"
violation = { flood = { frames = 3 } }

[[action]]
at = "2s"
client = "alice"
do = "say"
to = "g/secret"
text = "x"
mentions = ["bob"]

[[action]]
at = "3s"
client = "alice"
do = "edit"
text = "y"

[[action]]
at = "4s"
client = "alice"
do = "change-channel"
channel = "g/open"
overwrites = [{ member = "bob", allow = 1024 }]

[network]
client = { law = "uniform", low = "1ms", high = "5ms" }

[limits]
frame_bytes = 4096
"#;

fn read(text: &str) -> Result<Plan, PlanError> {
    let document = Document::parse(text)?;
    let plan = document.plan()?;
    document.validate(&plan).map(|()| plan)
}

/// Replaces `was` by `now`, and expects an error at `at`, which is a part of `now`.
#[track_caller]
fn refused(was: &str, now: &str, at: &str, expected: &str) {
    assert_eq!(PLAN.matches(was).count(), 1, "{was}");
    let text = PLAN.replace(was, now);
    let offset = PLAN.find(was).unwrap() + now.rfind(at).unwrap();
    let before = &text[..offset];
    let (line, start) = (before.matches('\n').count() + 1, before.rfind('\n').unwrap_or(0));
    let told = read(&text).expect_err(now).to_string();
    let place = format!("line {line}, column {}: ", offset - start);
    assert!(told.starts_with(&place), "{now}: not {place}{told}");
    assert!(told.contains(expected), "{now}: not {expected}: {told}");
}

#[test]
fn the_plan_itself_is_accepted() {
    read(PLAN).unwrap();
}

#[test]
fn an_unknown_key_is_refused_with_the_keys_that_there_are() {
    let keys = "expected one of `role`, `member`, `deny`, `allow`: did you mean `deny`?";
    for key in ["denied", "denny"] {
        let now = format!("{{ role = \"everyone\", {key} = [");
        refused(
            "{ role = \"everyone\", deny = [",
            &now,
            key,
            &format!("unknown key `{key}`, {keys}"),
        );
    }
    refused("for = \"1s\"", "fro = \"1s\"", "fro", "`b`, `one_way`: did you mean `for`?");
    refused(
        "for = \"1s\"",
        "lasts = \"1s\"",
        "lasts",
        "expected one of `at`, `when`, `for`, `kind`, `a`,",
    );
    refused("b = \"paris\"", "b = \"paris\"\none-way = true", "one-way", "did you mean `one_way`?");
    refused("mentions =", "mention =", "mention", "did you mean `mentions`?");
    refused("text = \"y\"", "text = \"y\"\nbak = 1", "bak", "did you mean `back`?");
    read(&PLAN.replace("text = \"y\"", "text = \"y\"\nmentions = [\"bob\"]")).unwrap();
    let text = "\ntext = \"y\"";
    let quit = format!("do = \"quit\"{text}");
    refused(&format!("do = \"edit\"{text}"), &quit, "text", "unknown key `text`");
    refused(
        "overwrites = [{ member",
        "overwrite = [{ member",
        "overwrite",
        "did you mean `overwrites`?",
    );
    refused("allow = 1024", "alow = 1024", "alow", "did you mean `allow`?");
    refused("frames = 3", "frame = 3", "frame", "did you mean `frames`?");
    refused(
        "is = \"live\"",
        "phase = \"live\"",
        "phase",
        "expected one of `client`, `guild`, `node`, `is`",
    );
    refused("low = \"1ms\"", "lo = \"1ms\"", "lo", "did you mean `low`?");
    let staff = "staff = [\"view-channel\"]";
    let moved = "staff = { permissions = [], postion = 2 }";
    refused(staff, moved, "postion", "did you mean `position`?");
    refused("frame_bytes", "frames_bytes", "frames_bytes", "did you mean `frame_bytes`?");
    refused("owner_user", "ownr_user", "ownr_user", "did you mean `owner_user`?");
    refused("hostile", "hostil", "hostil", "did you mean `hostile`?");
    refused("[network]", "[netwerk]", "netwerk", "did you mean `network`?");
    let name = "{ name = \"secret\", ";
    refused(name, &format!("{name}topic = \"x\", "), "topic", "unknown key `topic`");
}

#[test]
fn an_unknown_kind_or_word_is_refused_with_those_that_there_are() {
    refused(
        "kind = \"partition\"",
        "kind = \"partion\"",
        "\"partion\"",
        "did you mean `partition`?",
    );
    refused(
        "do = \"say\"",
        "do = \"sya\"",
        "\"sya\"",
        "unknown kind `sya`, expected one of `say`, `edit`",
    );
    refused("law = \"uniform\"", "law = \"unifrom\"", "\"unifrom\"", "did you mean `uniform`?");
    refused("is = \"live\"", "is = \"alive\"", "\"alive\"", "did you mean `live`?");
    refused("{ flood =", "{ flod =", "flod", "did you mean `flood`?");
    let staff = "staff = [\"view-channel\"]";
    refused(
        staff,
        "staff = [\"view-chanel\"]",
        "[\"view-chanel\"]",
        "did you mean `view-channel`?",
    );
}

#[test]
fn an_unknown_name_is_refused() {
    refused(
        "owner = \"berlin\"",
        "owner = \"berln\"",
        "\"berln\"",
        "node `berln` is not in the plan: did you mean `berlin`?",
    );
    refused("a = \"berlin\"", "a = \"rome\"", "\"rome\"", "node `rome` is not in the plan");
    refused("a = \"berlin\"", "a = \"journal/h\"", "\"journal/h\"", "guild `h` is not in the plan");
    refused(
        "mentions = [\"bob\"]",
        "mentions = [\"bobb\"]",
        "\"bobb\"",
        "client `bobb` is not in the plan: did you mean `bob`?",
    );
    refused("to = \"g/secret\"", "to = \"g/secrets\"", "\"g/secrets\"", "did you mean `g/secret`?");
    refused(
        "{ role = \"everyone\",",
        "{ role = \"stuff\",",
        "\"stuff\"",
        "role `g/stuff` is not in the plan: did you mean `g/staff`?",
    );
    refused(
        "client = \"bob\", is",
        "client = \"eve\", is",
        "\"eve\"",
        "client `eve` is not in the plan",
    );
    refused("name = \"paris\"", "name = \"berlin\"", "\"berlin\"", "two nodes are called `berlin`");
}

#[test]
fn a_value_that_cannot_be_is_refused_with_what_it_may_be() {
    let client = "client = { law = \"uniform\", low = \"1ms\", high = \"5ms\" }";
    let upside_down = "client = { law = \"uniform\", low = \"5s\", high = \"1s\" }";
    refused(client, upside_down, "\"5s\"", "`client.low` must be at most `high`, which is 1s");
    let never = "for = \"18446744073709551615us\"";
    refused("for = \"1s\"", never, "\"184", "`for` must be from 0s to 8640000s");
    refused("[network]", "[network]\nwindow = 0", "0", "`window` must be from 64 to 1073741824");
    refused("[network]", "[network]\nbandwidth = 1", "1", "`bandwidth` must be from ");
    refused(
        "frames = 3",
        "frames = 4294967295",
        "4294967295",
        "`violation.flood.frames` must be from ",
    );
    for (limit, value) in [
        ("unauthenticated", "\"0s\""),
        ("connect_patience", "\"0s\""),
        ("stop_spread", "\"0s\""),
        ("catch_up_bytes", "0"),
        ("content_bytes", "0"),
        ("requests_open", "0"),
        ("relay_inbox", "0"),
        ("session_ttl", "\"2401h\""),
    ] {
        let line = format!("{limit} = {value}");
        let must = format!("`{limit}` must be at ");
        refused("frame_bytes = 4096", &line, value, &must);
    }
    refused("frame_bytes = 4096", "frame_bytes = 0", "0", "`frame_bytes` must be at least ");
    for drift in ["-2147483648", "10001"] {
        let line = format!("drift = {drift}");
        refused("hostile = true", &line, drift, "`drift` must be from -10000 to 10000");
    }
    refused("hostile = true", "shards = [2, 2]", "[2, 2]", "an id below the count");
    refused(
        "hostile = true",
        "intents = 4294967295",
        "4294967295",
        "all the intents that there are",
    );
    refused("hostile = true", "count = 0", "0", "`count` must be from 1 to ");
    let told = read(&PLAN.replace("hostile = true", "hostile = false")).unwrap_err().to_string();
    assert!(told.contains("`client` must be marked as hostile, to misbehave"), "{told}");
}

#[test]
fn a_client_may_share_the_user_of_a_later_one_but_not_its_own() {
    let name = "name = \"alice\"\nnode = \"berlin\"\nguilds = [\"g\"]";
    let later = PLAN.replace(name, "name = \"alice\"\nnode = \"berlin\"\nsame_user_as = \"bob\"");
    let cast = guildhall_plan::run::cast(&read(&later).unwrap()).unwrap();
    assert_eq!(cast.clients[0].user, cast.clients[1].user);
    let itself = format!("{name}\nsame_user_as = \"alice\"");
    let must = "`same_user_as` must be a client with a user of its own";
    refused(name, &itself, "\"alice\"", must);
    let each_other = later.replace("hostile = true", "hostile = true\nsame_user_as = \"alice\"");
    let told = read(&each_other).unwrap_err().to_string();
    assert!(told.contains(must), "{told}");
}

#[test]
fn former_names_are_read_with_a_warning() {
    let mut former = PLAN.replace("[[action]]", "[[act]]").replace("violation =", "deed =");
    former = former.replace("owner_user =", "heir = \"paris\"\nowner_user =");
    former.push_str("[[fault]]\nat = \"1s\"\nkind = \"wall-jump\"\nnode = \"paris\"\nby_ms = 1\n");
    let document = Document::parse(&former).unwrap();
    let warnings = document.warnings();
    let heads: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.split_once(": ").unwrap().1.lines().next().unwrap())
        .collect();
    assert_eq!(
        heads,
        [
            "`heir` is now called `standby`",
            "`deed` is now called `violation`",
            "`act` is now called `action`",
            "`wall-jump` is now called `clock-jump`",
        ]
    );
    assert!(warnings[0].starts_with("line 13, column 1: "), "{}", warnings[0]);
    let plan = document.plan().unwrap();
    assert_eq!((plan.actions.len(), plan.faults[2].fault.word()), (3, "clock-jump"));
    assert_eq!(plan.guilds[0].standby.as_deref(), Some("paris"));
    assert!(Document::parse(PLAN).unwrap().warnings().is_empty());
    // A table with both names has one too many.
    let both = PLAN.replace("owner_user =", "heir = \"paris\"\nstandby = \"paris\"\nowner_user =");
    assert!(read(&both).unwrap_err().to_string().contains("unknown key `heir`"));
}
