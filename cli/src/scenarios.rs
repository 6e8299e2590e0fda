//! `scenarios`: the catalogue.

use clap::Args;
use guildhall_scenarios::ALL;

use crate::args::Form;
use crate::error::Error;
use crate::exit::Exit;
use crate::json::{SCHEMA, ScenarioLine};
use crate::out::Out;
use crate::words;

/// The catalogue of scenarios
#[derive(Args, Debug)]
pub(crate) struct ScenariosArgs {
    #[command(flatten)]
    form: Form,
}

pub(crate) fn list(args: &ScenariosArgs, out: &mut Out) -> Result<Exit, Error> {
    let column = ALL.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0) + 2;
    for scenario in ALL {
        let (name, summary) = (scenario.name, scenario.summary());
        if args.form.json {
            let r#type = "scenario";
            out.json(&ScenarioLine { schema: SCHEMA, r#type, name, summary: &summary })?;
        } else {
            out.line(words::beside(name, column, &summary))?;
        }
    }
    Ok(Exit::Held)
}
