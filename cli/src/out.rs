//! Stdout: buffered lines, and objects a line; and a way to stderr that never fails.
//!
//! Nothing else may write to either: `println!` and `eprintln!` panic where the reader has gone.

use std::fmt;
use std::io::{self, BufWriter, Stdout, Write as _};

use serde::Serialize;

use crate::error::Error;

/// Where data goes.
pub(crate) struct Out {
    to: BufWriter<Stdout>,
}

impl Out {
    pub(crate) fn stdout() -> Self {
        Self { to: BufWriter::with_capacity(1 << 16, io::stdout()) }
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

/// Says something beside the data. If nobody can hear it, so be it.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
