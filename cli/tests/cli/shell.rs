//! What a shell knows of the program: completions and manual pages.

use std::collections::BTreeSet;
use std::process::Command;

use crate::{CALM, Folder, ended};

/// A folder with a plan and with another file.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("calm.toml", CALM);
    folder.write("calm.txt", "");
    folder
}

/// The last word of each line, and everything that is offered for it.
const OFFERED: [(&str, &[&str]); 6] = [
    ("run lost-conn", &["lost-connection"]),
    ("run cal", &["calm.toml"]),
    ("doctor --count 1 two-mem", &["two-members"]),
    ("explain ca", &["calm.toml"]),
    ("replay gh1-two-members-0x2 --world mad", &["madsim"]),
    ("sweep --max-f", &["--max-failures"]),
];

#[test]
fn bash_offers_scenarios_files_and_flags() {
    let folder = folder("bash");
    folder.write("completions", &folder.run("completions bash").stdout);
    for (line, offered) in OFFERED {
        let words = format!("guildhall {line}");
        let cursor = words.split(' ').count() - 1;
        let (before, last) = words.rsplit_once(' ').unwrap();
        let before = before.rsplit_once(' ').map_or(before, |(_, word)| word);
        // As bash calls the function when the key is pressed.
        let script = format!(
            "source completions; COMP_WORDS=({words}); COMP_CWORD={cursor}; COMP_TYPE=9; \
             $(complete -p guildhall | sed 's/.*-F \\([^ ]*\\).*/\\1/') guildhall {last} {before}; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        let ended = ended(bash.args(["--norc", "-c", &script]).current_dir(&folder.0));
        assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), offered, "{line}: {}", ended.stderr);
    }
}

#[test]
fn zsh_and_fish_are_answered_with_a_description() {
    let folder = folder("zsh");
    for (shell, separator) in [("zsh", ':'), ("fish", '\t')] {
        let script = folder.run(&format!("completions {shell}"));
        assert_eq!(script.code, Some(0));
        assert!(
            script.stdout.contains(&format!("GUILDHALL_COMPLETE={shell}"))
                || script.stdout.contains(&format!("GUILDHALL_COMPLETE=\"{shell}\"")),
            "{}",
            script.stdout
        );
        for (line, offered) in OFFERED {
            let cursor = line.split(' ').count();
            // As the script calls the program when the key is pressed.
            let mut asks = folder.command(&format!("-- guildhall {line}"));
            asks.env("GUILDHALL_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", cursor.to_string());
            let answer = ended(&mut asks).stdout;
            let words = answer.lines().map(|line| line.split(separator).next().unwrap());
            assert_eq!(words.collect::<Vec<_>>(), offered, "{shell}: {line}");
        }
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = Folder::new("man");
    let page = folder.run("man");
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""));
    let page = page.stdout.replace("\\-", "-");
    let commands = page.split("guildhall-").skip(1).filter_map(|rest| rest.split_once("(1)"));
    let named: BTreeSet<String> = commands.map(|(name, _)| format!("guildhall-{name}.1")).collect();
    assert_eq!(folder.run("man --out pages").code, Some(0));
    let entries = std::fs::read_dir(folder.0.join("pages")).unwrap();
    let mut written: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(written.remove("guildhall.1") && written.contains("guildhall-sweep.1"), "{written:?}");
    assert_eq!(written, named);
    let sweep = folder.read("pages/guildhall-sweep.1").replace("\\-", "-");
    assert!(sweep.contains("--max-failures"), "{sweep}");
}

#[test]
fn pages_that_cannot_be_written_are_an_error() {
    let folder = folder("no-pages");
    let ended = folder.run("man --out calm.toml/pages");
    assert_eq!(ended.code, Some(70), "{}", ended.stderr);
}
