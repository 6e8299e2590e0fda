//! What the planted bugs do, one file for each machine.
//!
//! The protocol makes a decision in a pure function and passes it through one hook here. In a build
//! without the feature `mutants` each hook returns what it was given. Nothing here may change what a
//! machine does for which no bug was planted.
