//! What is said about plans that people get wrong: the line, the column, and what there is instead.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use guildhall_plan::file::Document;

const PLAN: &str = include_str!("mistakes/plan.toml");

/// The mistakes: a part of the plan, and what stands there instead.
const MISTAKES: &str = include_str!("mistakes/mistakes.txt");

fn told(text: &str) -> Option<String> {
    let read = || {
        let document = Document::parse(text)?;
        if document.is_capsule() {
            return document.capsule().and_then(|capsule| document.validate(&capsule.plan));
        }
        document.plan().and_then(|plan| document.validate(&plan))
    };
    read().err().map(|error| error.to_string())
}

#[test]
fn the_plan_itself_has_no_mistake() {
    assert_eq!(told(PLAN), None);
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_there_is_instead() {
    let mut page = String::new();
    for mistake in MISTAKES.trim_end().split("\n\n") {
        let (was, now) = mistake.split_once("\n=>").unwrap();
        let now = now.strip_prefix('\n').unwrap_or_default();
        assert_eq!(PLAN.matches(was).count(), 1, "{was}");
        let told = told(&PLAN.replace(was, now)).unwrap_or_else(|| panic!("accepted: {now}"));
        page.push_str(&format!("{told}\n\n"));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/plan"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("mistakes", page));
}
