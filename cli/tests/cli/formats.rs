//! `--format`: the formats that other programs read.

use crate::{Folder, ended};

#[test]
fn a_scenario_is_a_case_whatever_becomes_of_it() {
    let folder = Folder::new("junit");
    let range = "sweep two-members second-drop --count 3 --format junit";
    let held = folder.run(range);
    assert_eq!(held.code, Some(0));
    let cases = |document: &str| {
        ["two-members", "second-drop"].map(|name| {
            document
                .matches(&format!(r#"<testcase name="{name}" classname="guildhall" time="#))
                .count()
        })
    };
    assert_eq!(cases(&held.stdout), [1, 1], "{}", held.stdout);
    let open = folder.run(&format!("{range} --max-steps 10"));
    assert_eq!(open.code, Some(3));
    assert_eq!(cases(&open.stdout), [1, 1], "{}", open.stdout);
    assert!(open.stdout.contains(r#"failures="0" errors="2""#), "{}", open.stdout);
    assert!(open.stdout.contains("guildhall run second-drop --seed 0x0 --max-steps 10"));
}

#[test]
fn a_step_summary_is_added_to_what_is_there() {
    let folder = Folder::new("github");
    folder.write("summary.md", "before\n");
    let mut command = folder.command("sweep two-members --count 3 --max-steps 10 --format github");
    let told = ended(command.env("GITHUB_STEP_SUMMARY", folder.0.join("summary.md")));
    assert_eq!(told.code, Some(3));
    let title = "::warning title=inconclusive two-members 0x0 (3 seeds of two-members)::inconclusive  stopped";
    assert!(told.stdout.contains(&format!("\n{title}")), "{}", told.stdout);
    assert!(told.stdout.starts_with("scenario "), "{}", told.stdout);
    let page = folder.read("summary.md");
    assert!(page.starts_with("before\n### Guildhall: 3 seeds, 0 failing, 3 inconclusive\n"));
    assert!(page.ends_with("| two-members | 3 | 0 | 3 | 30 | 1 |\n"), "{page}");

    let mut command = folder.command("sweep two-members --count 3 --format github");
    let held = ended(command.env("GITHUB_STEP_SUMMARY", folder.0.join("no/such/folder")));
    assert_eq!(held.code, Some(0));
    assert!(held.stderr.contains("the summary of the step is not written"), "{}", held.stderr);
    assert!(!held.stdout.contains("::"), "{}", held.stdout);
}

#[test]
fn json_is_the_format_of_that_name() {
    let folder = Folder::new("short");
    let range = "sweep two-members --count 3";
    let long = folder.run(&format!("{range} --format json"));
    assert_eq!(long.seeds(), folder.run(&format!("{range} --json")).seeds());
    assert_eq!(long.seeds().len(), 3);
    let mut by_variable = folder.command(range);
    assert_eq!(ended(by_variable.env("GUILDHALL_FORMAT", "json")).seeds(), long.seeds());
}

#[test]
#[cfg(feature = "mutants")]
fn a_planted_bug_fails_in_every_form_until_enough_have_failed() {
    let folder = Folder::new("planted");
    let range = "sweep half-open --count 40 --mutant late-close-detaches --max-failures 3";
    let listed = folder.run(&format!("{range} --json"));
    let summary = listed.objects().pop().unwrap();
    assert_eq!((listed.code, &summary["failing"]), (Some(1), &3.into()));
    assert_eq!(summary["swept"][0]["ended"], "failures");
    let document = folder.run(&format!("{range} --format junit")).stdout;
    assert_eq!(document.matches("<failure ").count(), 1, "{document}");
    let told = folder.run(&format!("{range} --format github"));
    assert_eq!(told.code, Some(1));
    assert!(told.stdout.contains("\n::error title=L2 half-open 0x"), "{}", told.stdout);
}

#[test]
#[cfg(feature = "mutants")]
fn what_never_happens_is_one_group_whatever_step_shows_it() {
    let folder = Folder::new("overdue");
    // In one run the step at which the answer is overdue is a reply of a journal, in the other a tip.
    let range = "sweep deleted-role quiet-reader --seeds 4..5 --mutant prev-ignored --json";
    let objects = folder.run(range).objects();
    let groups: Vec<_> = objects.iter().filter(|line| line["type"] == "failure").collect();
    assert_eq!(groups.len(), 1, "{groups:#?}");
    assert_eq!(
        (&groups[0]["violation"]["clause"], &groups[0]["seeds"]),
        (&"D11".into(), &2.into())
    );
}
