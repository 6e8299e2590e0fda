//! The name of a scenario, which is made of its module's when the catalogue is compiled.

/// The bytes of a module's name, with hyphens for underscores. `N` is its length.
#[must_use]
pub const fn hyphenated<const N: usize>(module: &str) -> [u8; N] {
    let mut name = [0; N];
    let mut at = 0;
    while at < N {
        let byte = module.as_bytes()[at];
        name[at] = if byte == b'_' { b'-' } else { byte };
        at += 1;
    }
    name
}

/// The same bytes as text.
///
/// # Panics
/// Never: `hyphenated` replaces one ASCII character by another.
#[must_use]
pub const fn as_text(name: &[u8]) -> &str {
    match str::from_utf8(name) {
        Ok(name) => name,
        Err(_) => panic!("not UTF-8"),
    }
}
