//! Plans in files: what is refused, where, and with which advice; and what of a plan never happened.

use crate::{CALM, Folder};

/// Runs a plan that has to be refused, and returns what is said about it.
fn refused(folder: &Folder, plan: &str) -> String {
    folder.write("plan.toml", plan);
    let ended = folder.run("run plan.toml --steps");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    ended.stderr
}

/// The participants of a plan.
const CAST: &str = r#"
seed = 23
weather = "5s"

[[node]]
name = "berlin"

[[node]]
name = "paris"

[[guild]]
name = "g"
owner = "berlin"
owner_user = "alice"
channels = ["secret"]

[[client]]
name = "alice"
node = "berlin"
guilds = ["g"]
"#;

#[test]
fn misspelt_keys_are_refused() {
    let folder = Folder::new("misspelt");
    let hidden =
        r#"[{ name = "secret", overwrites = [{ role = "everyone", denied = ["view-channel"] }] }]"#;
    let told = refused(&folder, &CAST.replace(r#"["secret"]"#, hidden));
    assert!(
        told.starts_with("error: plan.toml: line 15, column 67: unknown key `denied`, "),
        "{told}"
    );
    assert!(told.contains("`member`, `deny`, `allow`: did you mean `deny`?\n"), "{told}");

    let partition = "[[fault]]\nat = \"5s\"\nlasts = \"2s\"\nkind = \"partition\"\na = \"berlin\"\nb = \"paris\"\n";
    let told = refused(&folder, &format!("{CAST}{partition}"));
    assert!(
        told.starts_with("error: plan.toml: line 23, column 1: unknown key `lasts` in a fault ")
    );
    assert!(
        told.contains("expected one of `at`, `when`, `for`, `kind`, `a`, `b`, `one_way`\n"),
        "{told}"
    );

    // A condition in front of a request is refused: nothing would wait for it.
    let action = "[[action]]\nat = \"1s\"\nwhen = { client = \"alice\", is = \"live\" }\n\
                  client = \"alice\"\ndo = \"leave\"\nguild = \"g\"\n";
    let told = refused(&folder, &format!("{CAST}{action}"));
    assert!(
        told.contains("line 23, column 1: unknown key `when` in an action of the kind `leave`")
    );
}

#[test]
fn values_that_cannot_be_are_refused() {
    let folder = Folder::new("values");
    for (part, at, said) in [
        (
            "[network]\nclient = { law = \"uniform\", low = \"5s\", high = \"1s\" }\n",
            "line 22, column 35",
            "at most `high`",
        ),
        ("[network]\nwindow = 0\n", "line 22, column 10", "`window` must be from 64"),
        ("[limits]\nframe_bytes = 0\n", "line 22, column 15", "`frame_bytes` must be at least 512"),
        ("drift = -2147483648\n", "line 21, column 9", "`drift` must be from -10000 to 10000"),
        ("same_user_as = \"alice\"\n", "line 21, column 16", "a client with a user of its own"),
        ("same_user_as = \"bob\"\n", "line 21, column 16", "client `bob` is not in the plan"),
        (
            "[[fault]]\nat = \"1s\"\nfor = \"18446744073709551615us\"\nkind = \"pause\"\nnode = \"paris\"\n",
            "line 23, column 7",
            "`for` must be from 0s to",
        ),
    ] {
        let told = refused(&folder, &format!("{CAST}{part}"));
        assert!(told.starts_with(&format!("error: plan.toml: {at}: ")), "{part}: {told}");
        assert!(told.contains(said), "{part}: {told}");
    }
}

#[test]
fn a_client_may_share_the_user_of_a_later_one() {
    let folder = Folder::new("shared");
    let bob =
        "same_user_as = \"bob\"\n[[client]]\nname = \"bob\"\nnode = \"berlin\"\nguilds = [\"g\"]\n";
    folder.write("plan.toml", &format!("{CAST}{bob}"));
    let ended = folder.run("run plan.toml");
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn former_names_are_accepted_with_a_warning() {
    let folder = Folder::new("former");
    folder.write("calm.toml", CALM);
    folder.write("former.toml", &CALM.replace("[[action]]", "[[act]]"));
    let (calm, former) = (folder.run("run calm.toml --json"), folder.run("run former.toml --json"));
    let said = "warning: former.toml: line 18, column 3: `act` is now called `action`\n";
    assert!(former.stderr.starts_with(said), "{}", former.stderr);
    assert_eq!(former.objects()[0]["digest"], calm.objects()[0]["digest"]);
    assert_eq!(calm.stderr, "");
}

#[test]
fn parts_of_a_plan_that_never_happen_are_reported() {
    let folder = Folder::new("unmet");
    let parts = "[[fault]]\nat = \"1s\"\nkind = \"crash\"\nnode = \"berlin\"\n\
                 when = { guild = \"rustaceans\", is = \"removing\" }\n\
                 [[fault]]\nat = \"9s\"\nkind = \"false-alarm\"\nnode = \"berlin\"\n\
                 [[fault]]\nat = \"4s\"\nkind = \"cut\"\nclient = \"alice\"\nhow = \"reset\"\n\
                 [[fault]]\nat = \"4s\"\nkind = \"restore\"\nclient = \"alice\"\n\
                 [[action]]\nat = \"3500ms\"\nclient = \"alice\"\ndo = \"quit\"\n\
                 [[action]]\nat = \"1s\"\nclient = \"alice\"\ndo = \"edit\"\ntext = \"hello, all\"\n\
                 [[action]]\nat = \"3s\"\nclient = \"alice\"\ndo = \"start\"\n";
    folder.write("plan.toml", &format!("{CALM}{parts}"));
    let expected = [
        "fault 1, berlin crashes (at 1s): its trigger never fired",
        "fault 2, berlin is said to have crashed (at 9s): the run had healed or ended",
        "fault 3, alice's connection is reset (at 4s): it had nothing to act on",
        "fault 4, alice's process restarts from where it was 0 dispatches ago (at 4s): it had nothing to act on",
        "action 3, edit by alice (at 1s): it refers to a message that is never sent",
        "action 4, start by alice (at 3s): the run had ended, or its client could not do it",
    ];
    let run = folder.run("run plan.toml --json");
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    assert_eq!(run.objects()[0]["unmet"], serde_json::json!(expected));
    let told = folder.run("run plan.toml").stdout;
    assert_eq!(told.matches("\n  unmet     ").count(), 6, "{told}");
    folder.write("calm.toml", CALM);
    assert_eq!(folder.run("run calm.toml --json").objects()[0]["unmet"], serde_json::json!([]));
}
