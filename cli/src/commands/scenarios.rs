//! `scenarios`: lists the catalogue.

use clap::Args;
use guildhall_scenarios::ALL;

use crate::args::JsonArg;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::records::{SCHEMA, ScenarioLine};
use crate::text;

/// List all scenarios
#[derive(Args, Debug)]
pub(crate) struct ScenariosArgs {
    #[command(flatten)]
    json: JsonArg,
}

pub(crate) fn scenarios(args: &ScenariosArgs, out: &mut Output) -> Result<Exit, Error> {
    let column = ALL.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0) + 2;
    for scenario in ALL {
        let (name, summary) = (scenario.name, scenario.summary());
        if args.json.json {
            let r#type = "scenario";
            out.json(&ScenarioLine { schema: SCHEMA, r#type, name, summary: &summary })?;
        } else {
            out.line(text::beside(name, column, &summary))?;
        }
    }
    Ok(Exit::Held)
}
