//! Files that hold a plan or a capsule: reading them and checking every name and value in them.

use std::path::Path;

use guildhall_plan::capsule::Capsule;
use guildhall_plan::file::Document;
use guildhall_plan::plan::Plan;

use crate::error::Error;
use crate::output::note;
use crate::target;

/// What a file holds.
pub(crate) enum PlanFile {
    Plan(Box<Plan>),
    Capsule(Box<Capsule>),
}

/// Reads a file. Former names in it are reported on stderr.
pub(crate) fn read(path: &Path) -> Result<PlanFile, Error> {
    let text = target::read(path)?;
    let refused = |error| Error::plan(path, error);
    let document = Document::parse(&text).map_err(refused)?;
    for warning in document.warnings() {
        note(format_args!("warning: {}: {warning}", path.display()));
    }
    if document.is_capsule() {
        let capsule = document.capsule().map_err(refused)?;
        document.validate(&capsule.plan).map_err(refused)?;
        return Ok(PlanFile::Capsule(Box::new(capsule)));
    }
    let plan = document.plan().map_err(refused)?;
    document.validate(&plan).map_err(refused)?;
    Ok(PlanFile::Plan(Box::new(plan)))
}
