//! Files with the results of a command. Each is written whole or not at all, and a file that cannot
//! be written never hides what the command has found out.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Exit};
use crate::output::{Output, note};

/// Checks, before the work, that a file can be written.
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

/// Checks that files can be created in a folder or, if it does not exist, that it can be created. Nothing is
/// left behind: there may be nothing to write.
///
/// # Errors
///
/// If they cannot.
pub(crate) fn check_folder(folder: &Path) -> Result<(), Error> {
    let is_there = |folder: &&Path| folder.as_os_str().is_empty() || folder.exists();
    let there = folder.ancestors().find(is_there).unwrap_or(folder);
    let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
    let checked = NamedTempFile::new_in(there);
    checked.map(drop).map_err(|source| Error::unwritten(folder, source))
}

/// Writes a file, and creates the folders above it. The text is written beside the file first, which
/// it then replaces, so that no reader sees half of it.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let written = Unfinished::create(path).and_then(|file| {
        file.writer()?.write_all(text.as_bytes())?;
        file.finish()
    });
    written.map_err(|source| Error::unwritten(path, source))
}

/// Writes a file like [`write`], with an [`Output`]. Unless `fill` ends well, the file stays as it was.
///
/// # Errors
///
/// If it cannot be written, or `fill` fails.
pub(crate) fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut Output) -> Result<Exit, Error>,
) -> Result<Exit, Error> {
    let unwritten = |source| Error::unwritten(path, source);
    let file = Unfinished::create(path).map_err(unwritten)?;
    let mut out = Output::to(file.writer().map_err(unwritten)?);
    let filled = fill(&mut out).and_then(|exit| Ok(out.flush().map(|()| exit)?));
    let exit = filled.map_err(|error| {
        if let Error::Output(source) = error { unwritten(source) } else { error }
    })?;
    if exit == Exit::Held {
        file.finish().map_err(unwritten)?;
    }
    Ok(exit)
}

/// The exit of a command after it has tried to write its results: a file that is missing makes a
/// success an internal error, and changes no other verdict.
pub(crate) fn exit(verdict: Exit, written: Result<(), Error>) -> Exit {
    let Err(error) = written else { return verdict };
    note(format_args!("error: {error}"));
    if verdict == Exit::Held { error.exit() } else { verdict }
}

/// A file that is being written.
enum Unfinished {
    /// It is beside the file that it will replace.
    Beside(NamedTempFile, PathBuf),
    Special(File),
}

impl Unfinished {
    fn create(path: &Path) -> io::Result<Self> {
        if is_special(path) {
            return File::options().write(true).open(path).map(Self::Special);
        }
        // A link stays, and what it points to is replaced.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = folder_of(&path);
        std::fs::create_dir_all(folder)?;
        // As for any new file, the umask takes permissions away.
        let permissions = Permissions::from_mode(0o666);
        let file = tempfile::Builder::new().permissions(permissions).tempfile_in(folder)?;
        Ok(Self::Beside(file, path))
    }

    fn writer(&self) -> io::Result<File> {
        match self {
            Self::Beside(file, _) => file.as_file().try_clone(),
            Self::Special(file) => file.try_clone(),
        }
    }

    fn finish(self) -> io::Result<()> {
        if let Self::Beside(file, path) = self {
            file.persist(path)?;
        }
        Ok(())
    }
}

/// Whether it is a device or a pipe, which is written to and never replaced.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
