//! Buffered stdout, as lines of text or of JSON, and notes on stderr. Text may have styles: they are
//! taken out where colour is not wanted.
//!
//! Nothing else may write to either: `println!` and `eprintln!` panic if the reader has closed the pipe.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use anstream::adapter::strip_str;
use serde::Serialize;

use crate::error::Error;
use crate::terminal::{self, RED, styled};
use crate::typed_json;

/// Where a command writes its data.
pub(crate) struct Output {
    to: BufWriter<Box<dyn Write>>,
    has_color: bool,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self { has_color: terminal::stdout_wants_color(), ..Self::to(io::stdout()) }
    }

    pub(crate) fn to(writer: impl Write + 'static) -> Self {
        Self { to: BufWriter::with_capacity(1 << 16, Box::new(writer)), has_color: false }
    }

    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        if self.has_color {
            return writeln!(self.to, "{text}");
        }
        writeln!(self.to, "{}", strip_str(&text.to_string()))
    }

    pub(crate) fn json(&mut self, object: &impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(&mut self.to, object).map_err(io::Error::from)?;
        Ok(self.to.write_all(b"\n")?)
    }

    /// An object that has ids or times of the core.
    pub(crate) fn typed_json(&mut self, object: &impl Serialize) -> Result<(), Error> {
        let line = typed_json::line(object).map_err(io::Error::from)?;
        Ok(writeln!(self.to, "{line}")?)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes a line to stderr. It is lost if stderr is closed.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Writes an error to stderr.
pub(crate) fn error(error: &impl Display) {
    note(format_args!("{} {error}", styled(RED, "error:")));
}
