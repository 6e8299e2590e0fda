//! Hashes the sources that determine a run, so that an edited engine differs from the recorded
//! one. The result is in the variable `GUILDHALL_SOURCES`; it is not set where the sources are not
//! beside this package.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha1_smol::Sha1;

/// The packages that determine what comes of a plan.
const PACKAGES: [&str; 4] = ["core", "check", "plan", "sim"];

/// The file that holds the recorded hash: it cannot be a part of it.
const RECORDED: &str = "plan/src/engine/recorded.rs";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let root = Path::new("..");
    // A package of a registry has no packages of this workspace beside it.
    if !root.join(RECORDED).exists() {
        return Ok(());
    }
    let mut files = Vec::new();
    for package in PACKAGES {
        let folder = root.join(package).join("src");
        println!("cargo::rerun-if-changed={}", folder.display());
        collect(&folder, &mut files)?;
    }
    println!("cargo::rustc-env=GUILDHALL_SOURCES={}", hash(root, files)?);
    Ok(())
}

/// Adds all Rust files under a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Six hexadecimal digits over the paths and texts of files, the same on every system.
fn hash(root: &Path, files: Vec<PathBuf>) -> io::Result<String> {
    let name = |path: &Path| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.to_string_lossy().replace('\\', "/")
    };
    let mut files: Vec<_> = files.into_iter().map(|path| (name(&path), path)).collect();
    files.sort();
    let mut sha = Sha1::new();
    for (name, path) in files.iter().filter(|(name, _)| name != RECORDED) {
        let text = fs::read_to_string(path)?.replace("\r\n", "\n");
        for part in [name.as_str(), text.as_str()] {
            sha.update(&(part.len() as u64).to_le_bytes());
            sha.update(part.as_bytes());
        }
    }
    Ok(sha.digest().to_string()[..6].to_owned())
}
