//! The segments of a TCP connection.

/// A segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Segment {
    /// Opens a connection.
    Syn,
    /// Accepts a connection.
    SynAck,
    /// Carries bytes.
    Data(Vec<u8>),
    /// Reports that so many bytes of the other direction were read.
    WindowUpdate(usize),
    /// Ends the stream.
    Fin,
    /// Ends the connection; data in flight is lost.
    Rst,
}
