//! The census: every struct that has state counts all of it, in the machines and in their shells
//! (CONTRACT, B1).
//!
//! The compiler ensures it where a pattern names each field. These tests read the source: no such
//! pattern has `..`, and no struct with a table is left out.

use std::fs;
use std::path::{Path, PathBuf};

use guildhall_core::census::{Census, Machine, Table};

/// The functions that count a struct by its fields.
const COUNTS: [&str; 4] = [
    "fn count(&self, census",
    "fn size(&self) -> usize",
    "fn size(&self) -> (usize, usize)",
    "fn census(&self) -> Census",
];

/// What a field has that is a table.
const TABLES: [&str; 7] = [
    "Vec<",
    "VecDeque<",
    "BTreeMap<",
    "BTreeSet<",
    "FixedMap<",
    "FuturesUnordered<",
    "mpsc::Receiver<",
];

/// Structs with a table that no machine keeps from input to input, that nothing is added to in a run,
/// or that are the table itself.
const NO_STATE: [&str; 8] = [
    "FixedMap",
    "Plant",
    "Renderer",
    "Recorder",
    "FinishedWrite",
    "ClientConfig",
    "GatewayUrls",
    "InProcessBus",
];

/// The source of the machines and of their shells: neither the planted bugs nor the cluster for tests.
fn sources() -> Vec<(PathBuf, String)> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![core.join("src"), core.join("../runtime/src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the source") {
            let path = entry.expect("a file of the source").path();
            let name = path.file_stem().unwrap_or_default();
            if name == "sabotage" || name == "testkit" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).expect("a file of the source");
                files.push((path, text));
            }
        }
    }
    files
}

/// The text of the item that begins at a line, up to the line that closes it.
fn item<'a>(text: &'a str, line: &str) -> Option<&'a str> {
    let begins = text.find(line)?;
    let indent = line.len() - line.trim_start().len();
    let closes = format!("\n{:indent$}}}", "");
    let ends = text[begins..].find(&closes).map_or(text.len(), |at| begins + at);
    Some(&text[begins..ends])
}

#[test]
fn whatever_counts_itself_names_each_field() {
    let mut counted = 0;
    for (path, text) in sources() {
        for line in text.lines().filter(|line| COUNTS.iter().any(|it| line.contains(it))) {
            if line.ends_with(';') {
                continue;
            }
            let function = item(&text, line).expect("the text has the line");
            let path = path.display();
            assert!(function.contains("let Self"), "{path}: no pattern in {function}");
            assert!(!function.contains(".."), "{path}: a field may be left out in {function}");
            counted += 1;
        }
    }
    assert!(counted > 30, "only {counted} functions that count were found");
}

#[test]
fn whatever_has_a_table_counts_itself() {
    for (path, text) in sources() {
        // A blank line ends what stands above an item: its derives are in its own block.
        for block in text.split("\n\n") {
            let head = block.lines().find_map(|line| line.split_once("struct "));
            let Some((_, head)) = head.filter(|(before, _)| !before.contains("//")) else {
                continue;
            };
            let name = head.split(|it: char| !it.is_alphanumeric()).next().unwrap_or_default();
            let is_value = block.contains("Serialize") || block.contains("Deserialize");
            let has_table = TABLES.iter().any(|table| block.contains(table));
            if is_value || !has_table || NO_STATE.contains(&name) {
                continue;
            }
            let path = path.display();
            let its = [format!(" {name} {{"), format!(" {name}<")];
            let counts = text.split("\nimpl").any(|part| {
                let of = part.lines().next().unwrap_or_default();
                its.iter().any(|it| of.contains(it.as_str()))
                    && COUNTS.iter().any(|it| part.contains(it))
            });
            assert!(counts, "{path}: {name} has a table, and does not count itself");
        }
    }
}

#[test]
fn a_census_has_a_line_for_each_table_of_its_machine() {
    for machine in Machine::ALL.iter().copied() {
        let census = Census::nothing(machine);
        let tables: Vec<_> = census.lines.iter().map(|line| line.table).collect();
        assert_eq!(tables, machine.tables());
        assert!(tables.is_sorted());
    }
}

#[test]
fn entries_are_added_and_the_fullest_part_is_kept() {
    let mut census = Census::nothing(Machine::Node);
    census.add(Table::Users, 2);
    census.add_bytes(Table::Users, 3, 10);
    census.raise(Table::LongestReplay, 5, 70);
    census.raise(Table::LongestReplay, 6, 60);
    assert_eq!((census.count(Table::Users), census.bytes(Table::Users)), (5, 10));
    let longest = (census.count(Table::LongestReplay), census.bytes(Table::LongestReplay));
    assert_eq!(longest, (6, 70));
    census.add(Table::Hosts, 1);
    assert_eq!(census.lines.last().map(|line| line.table), Some(Table::Hosts), "a stray line");
}
