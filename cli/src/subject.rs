//! What is run: a scenario of the catalogue, or a plan in a file.

use std::path::{Path, PathBuf};

use guildhall_plan::capsule::Capsule;
use guildhall_plan::plan::Plan;
use guildhall_plan::script::Scenario;
use guildhall_scenarios as catalogue;

use crate::error::Error;
use crate::{program, words};

/// What is run.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Scenario(&'static Scenario),
    File { path: PathBuf, plan: Box<Plan> },
}

impl Subject {
    /// A text that ends in `.toml` is a file, any other a scenario.
    pub(crate) fn find(text: &str) -> Result<Self, Error> {
        if !is_file(text) {
            return scenario(text).map(Self::Scenario);
        }
        let path = PathBuf::from(text);
        let plan = read(&path)?;
        let plan = Plan::from_toml(&plan).map_err(|error| match Capsule::from_toml(&plan) {
            Ok(_) => Error::usage(format!(
                "{text} is a capsule, not a plan: use `{} replay {}`",
                program::call(),
                words::shell(text)
            )),
            Err(_) => Error::plan(&path, error),
        })?;
        Ok(Self::File { path, plan: Box::new(plan) })
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Scenario(scenario) => scenario.name.to_owned(),
            Self::File { path, .. } => path.display().to_string(),
        }
    }

    pub(crate) fn scenario(&self) -> Option<&'static Scenario> {
        match self {
            Self::Scenario(scenario) => Some(scenario),
            Self::File { .. } => None,
        }
    }
}

/// Whether an argument means a file.
pub(crate) fn is_file(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|extension| extension == "toml")
}

/// A file's text.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::file(path, error))
}

/// The scenario of this name.
pub(crate) fn scenario(name: &str) -> Result<&'static Scenario, Error> {
    catalogue::by_name(name).ok_or_else(|| {
        let near = words::nearest(name, catalogue::ALL.iter().map(|scenario| scenario.name));
        let hint = near.map_or_else(
            || "`guildhall scenarios` names them all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Error::usage(format!("no scenario is called `{name}`; {hint}"))
    })
}
