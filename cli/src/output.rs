//! Buffered stdout, as lines of text or of JSON, and notes on stderr.
//!
//! Nothing else may write to either: `println!` and `eprintln!` panic if the reader has closed the pipe.

use std::fmt;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::error::Error;

/// Where a command writes its data.
pub(crate) struct Output {
    to: BufWriter<Box<dyn Write>>,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self::to(io::stdout())
    }

    pub(crate) fn to(writer: impl Write + 'static) -> Self {
        Self { to: BufWriter::with_capacity(1 << 16, Box::new(writer)) }
    }

    pub(crate) fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        writeln!(self.to, "{text}")
    }

    pub(crate) fn json(&mut self, object: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.to, object).map_err(io::Error::from)?;
        Ok(self.to.write_all(b"\n")?)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes a line to stderr. It is lost if stderr is closed.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
