//! `--format json`: a line per seed, a line per failure that was explained, and the summary.

use super::{Report, Results};
use crate::error::Error;
use crate::output::Output;

pub(super) struct Json;

impl Report for Json {
    fn line(&mut self, line: &[u8], out: &mut Output) -> Result<(), Error> {
        out.bytes(line)?;
        Ok(out.bytes(b"\n")?)
    }

    fn end(&mut self, results: &Results<'_>, out: &mut Output) -> Result<(), Error> {
        for line in results.explained {
            out.json(line)?;
        }
        out.json(results.summary)
    }
}
