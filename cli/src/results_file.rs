//! Files with the results of a command. Each is written whole or not at all, and a file that cannot
//! be written never hides what the command has found out.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::{Error, Exit};
use crate::output::note;

/// Checks, before the work, that a file can be written: creates the folder that it will be in.
///
/// # Errors
///
/// If no file can be created there.
pub(crate) fn check(path: &Path) -> Result<(), Error> {
    if is_special(path) {
        return Ok(());
    }
    check_folder(folder_of(path))
}

/// Creates a folder, and checks that files can be created in it.
///
/// # Errors
///
/// If they cannot.
pub(crate) fn check_folder(folder: &Path) -> Result<(), Error> {
    let checked = std::fs::create_dir_all(folder).and_then(|()| NamedTempFile::new_in(folder));
    checked.map(drop).map_err(|source| Error::unwritten(folder, source))
}

/// Writes a file, and creates the folders above it. The text is written beside the file first, which
/// it then replaces, so that no reader sees half of it.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    replace(path, text).map_err(|source| Error::unwritten(path, source))
}

/// The exit of a command after it has tried to write its results: a file that is missing makes a
/// success an internal error, and changes no other verdict.
pub(crate) fn exit(verdict: Exit, written: Result<(), Error>) -> Exit {
    let Err(error) = written else { return verdict };
    note(format_args!("error: {error}"));
    if verdict == Exit::Held { error.exit() } else { verdict }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    if is_special(path) {
        return std::fs::write(path, text);
    }
    // A link stays, and what it points to is replaced.
    let target = std::fs::canonicalize(path);
    let path = target.as_deref().unwrap_or(path);
    let folder = folder_of(path);
    std::fs::create_dir_all(folder)?;
    // As for any new file, the umask takes permissions away.
    let permissions = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// Whether it is a device or a pipe, which is written to and never replaced.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
