//! `scenarios`: lists the catalogue.

use clap::Args;

use crate::args::JsonArg;
use crate::error::{Error, Exit};
use crate::output::Output;
use crate::program::Program;
use crate::records::{SCHEMA, ScenarioLine};
use crate::text;

/// List all scenarios
#[derive(Args, Debug)]
pub(crate) struct ScenariosArgs {
    #[command(flatten)]
    json: JsonArg,
}

pub(crate) fn scenarios(
    program: &Program,
    args: &ScenariosArgs,
    out: &mut Output,
) -> Result<Exit, Error> {
    let all = program.scenarios();
    let column = all.iter().map(|scenario| scenario.name.len()).max().unwrap_or(0) + 2;
    for scenario in all {
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
