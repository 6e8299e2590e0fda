//! `--format json`: a line per seed, a line per failure that was explained, and the summary.

use super::{Report, Results, Run};
use crate::error::Error;
use crate::output::Output;

pub(super) struct Json;

impl Report for Json {
    fn run(&mut self, run: &Run<'_>, out: &mut Output) -> Result<(), Error> {
        if let Some(line) = run.line {
            out.bytes(line)?;
            out.bytes(b"\n")?;
        }
        Ok(())
    }

    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        for line in results.explained {
            out.json(line)?;
        }
        out.json(results.summary)
    }
}
