//! Values that must not be printed.

/// Opens a [`Secret`]; deliberately a word one can search for.
pub use secrecy::ExposeSecret;

/// Text that has no readable `Debug`, is wiped from memory when dropped, and is never serialised: an event that holds one
/// does not compile.
///
/// ```compile_fail
/// #[derive(serde::Serialize)]
/// struct PasswordChanged {
///     password: ashlar_kernel::Secret,
/// }
/// ```
pub type Secret = secrecy::SecretString;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_text() {
        let secret = Secret::from("correct horse battery staple");
        assert!(!format!("{secret:?}").contains("horse"));
        assert_eq!(secret.expose_secret(), "correct horse battery staple");
    }
}
