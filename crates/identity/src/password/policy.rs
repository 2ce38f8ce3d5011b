//! Which passwords are good enough.
//!
//! Length and a strength estimate, no composition rules, no expiry (NIST SP 800-63B section 3.1.1, OWASP ASVS 5.0
//! section 6.2). The estimate is `zxcvbn`'s; what it lacks is the list check by folded form and the context check by
//! containment.

use ashlar_kernel::{Class, Classified, FieldError, FieldFault, error_codes};
use zxcvbn::{Score, matching::patterns::MatchPattern, zxcvbn};

use super::{Password, common::CommonPasswords, folding};
use crate::{Email, Username, canonical};

/// The rules.
pub struct PasswordPolicy {
    min_length: usize,
    product: String,
    common: CommonPasswords,
}

/// The fewest characters a policy may ask for.
const FLOOR: usize = 8;
const MAX_LENGTH: usize = 256;
/// zxcvbn's cost grows steeply with the length: letters that may stand for others make 30 characters cost a tenth of a
/// second and 100 more than one. Longer passwords are judged by their beginning.
const JUDGED_LENGTH: usize = 30;
/// Shorter words of the context turn up in good passwords by chance.
const CONTEXT_WORD: usize = 4;

/// What an attacker knows about the account, so it may not be in the password.
#[derive(Clone, Copy)]
pub struct PasswordContext<'a> {
    /// The account's address.
    pub email: &'a Email,
    /// The account's handle.
    pub username: Option<&'a Username>,
}

/// Why a password is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PasswordFault {
    /// Too few characters.
    #[error("shorter than {min} characters")]
    TooShort {
        /// The fewest.
        min: usize,
    },
    /// Too many characters.
    #[error("longer than {MAX_LENGTH} characters")]
    TooLong,
    /// Among the first that everybody tries, perhaps in disguise.
    #[error("too common: it is, or is built on, one of the passwords that are tried first")]
    TooCommon,
    /// Few characters, over and over.
    #[error("repeats itself")]
    Repetitive,
    /// A run of the alphabet, of digits or of the keyboard.
    #[error("follows the alphabet, the digits or the keyboard")]
    Sequential,
    /// The one that is to be changed.
    #[error("the same as the current password")]
    SameAsCurrent,
    /// Holds what everybody knows about the account.
    #[error("contains the e-mail address, the username or the name of the product")]
    ContainsContext,
}

impl FieldFault for PasswordFault {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::TooCommon => "too_common",
            Self::Repetitive => "repetitive",
            Self::Sequential => "sequential",
            Self::SameAsCurrent => "same_as_current",
            Self::ContainsContext => "contains_context",
        }
    }
}

/// The password is not good enough.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the password is not good enough")]
pub struct PasswordRejected {
    faults: Vec<PasswordFault>,
}

error_codes! {
    /// Codes of [`PasswordRejected`].
    pub mod password_codes {
        PASSWORD_REJECTED = "password_rejected", Invalid, "Password not good enough",
            "`errors` says why: too_short, too_long, too_common, repetitive, sequential, contains_context or same_as_current. A few unrelated words make a good password.";
    }
}

impl PasswordRejected {
    /// Everything that is wrong.
    pub fn faults(&self) -> &[PasswordFault] {
        &self.faults
    }

    /// For one reason.
    pub fn for_one(fault: PasswordFault) -> Self {
        Self { faults: vec![fault] }
    }

    /// What is wrong, with the password at `pointer`.
    pub fn fields_at(&self, pointer: &str) -> Vec<FieldError> {
        self.faults.iter().map(|fault| FieldError::new(pointer, fault.code(), fault.to_string())).collect()
    }
}

impl Classified for PasswordRejected {
    fn class(&self) -> Class<'_> {
        Class::Code(&password_codes::PASSWORD_REJECTED)
    }

    fn fields(&self) -> Vec<FieldError> {
        self.fields_at("/password")
    }
}

impl PasswordPolicy {
    /// At least `min_length` characters, never fewer than 8; `product` is a name nobody may build a password on.
    pub fn new(min_length: usize, product: &str) -> Self {
        Self { min_length: min_length.max(FLOOR), product: product.to_owned(), common: CommonPasswords::new() }
    }

    /// Checks a password for an account. Costs up to several hashes: not for the thread that serves requests.
    pub fn check(&self, password: &Password, context: PasswordContext<'_>) -> Result<(), PasswordRejected> {
        let text = password.expose();
        let mut faults = Vec::new();
        let length = text.chars().count();
        if length < self.min_length {
            faults.push(PasswordFault::TooShort { min: self.min_length });
        } else if length > MAX_LENGTH {
            faults.push(PasswordFault::TooLong);
        }
        faults.extend(self.weakness(text, context));
        if faults.is_empty() { Ok(()) } else { Err(PasswordRejected { faults }) }
    }

    /// Whether the password is on the list of common ones, perhaps in disguise. Costs next to nothing.
    pub fn is_listed(&self, password: &Password) -> bool {
        self.is_common(&canonical::fold(password.expose()))
    }

    /// The gravest weakness, whatever the length.
    fn weakness(&self, text: &str, context: PasswordContext<'_>) -> Option<PasswordFault> {
        let words = self.context_words(context);
        let folded = canonical::fold(text);
        if words.iter().any(|word| folded.contains(word.as_str())) {
            return Some(PasswordFault::ContainsContext);
        }
        if self.is_common(&folded) {
            return Some(PasswordFault::TooCommon);
        }
        if has_few_characters(&folded) || repeats_a_unit(&folded) {
            return Some(PasswordFault::Repetitive);
        }
        estimate(text, &words)
    }

    fn is_common(&self, folded: &str) -> bool {
        let (plain, stripped) = (folding::plain(folded), folding::stripped(folded));
        [folded, &plain, &stripped].iter().any(|form| self.common.contains(form))
    }

    fn context_words(&self, context: PasswordContext<'_>) -> Vec<String> {
        let key = context.email.key();
        let (local, domain) = key.rsplit_once('@').unwrap_or((key, ""));
        let label = domain.split('.').next().unwrap_or_default();
        let handle = context.username.map(Username::key).unwrap_or_default();
        let product = canonical::fold(&self.product);
        let words = [local, domain, label, &handle, &product];
        words.iter().filter(|word| word.chars().count() >= CONTEXT_WORD).map(|word| (*word).to_owned()).collect()
    }
}

fn has_few_characters(text: &str) -> bool {
    let mut distinct: Vec<char> = text.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct.len() < 4
}

/// "abcabcabc": one unit, at most half the length, over and over.
fn repeats_a_unit(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let repeats = |unit: usize| chars.iter().zip(chars.iter().skip(unit)).all(|(a, b)| a == b);
    (1..=chars.len() / 2).any(repeats)
}

/// zxcvbn's estimate: below 3 of 4 is refused, named after the pattern that covers most of the password.
fn estimate(text: &str, words: &[String]) -> Option<PasswordFault> {
    let judged: String = text.chars().take(JUDGED_LENGTH).collect();
    let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
    let estimate = zxcvbn(&judged, &inputs);
    if estimate.score() >= Score::Three {
        return None;
    }
    let gravest = estimate.sequence().iter().max_by_key(|part| part.token.chars().count());
    Some(match gravest.map(|part| &part.pattern) {
        Some(MatchPattern::Repeat(_)) => PasswordFault::Repetitive,
        Some(MatchPattern::Sequence(_) | MatchPattern::Spatial(_)) => PasswordFault::Sequential,
        _ => PasswordFault::TooCommon,
    })
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::Secret;
    use proptest::prelude::*;

    use super::*;

    fn faults(text: &str) -> Vec<PasswordFault> {
        let email = Email::parse("lovelace@analytical.example").unwrap();
        let username = Username::parse("countess").unwrap();
        let context = PasswordContext { email: &email, username: Some(&username) };
        let password = Password::parse(Secret::from(text)).unwrap();
        PasswordPolicy::new(12, "Ashlar").check(&password, context).err().map(|e| e.faults).unwrap_or_default()
    }

    #[test]
    fn a_few_unrelated_words_are_good() {
        for good in [
            "correct horse battery staple",
            "tuba-mint-quarrel-9",
            "\u{434}\u{44b}\u{43c} \u{43d}\u{430}\u{434} \u{440}\u{435}\u{43a}\u{43e}\u{439}",
            "kX9#vLq2!mZr",
        ] {
            assert_eq!(faults(good), [], "{good}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(faults("kX9#vLq2!mZ"), [PasswordFault::TooShort { min: 12 }]);
        let long =
            |length: usize| "abcdefghijklmnopqrstuvwxyz".chars().cycle().step_by(7).take(length).collect::<String>();
        assert!(!faults(&long(256)).contains(&PasswordFault::TooLong));
        assert!(faults(&long(257)).contains(&PasswordFault::TooLong));
    }

    #[test]
    fn common_passwords_are_seen_through_their_disguise() {
        for bad in ["Passw0rd1234!", "P4$$w0rd!!!!2024", "123qwertyuiop", "!!!!Dragon2024!!!!", "iloveyou12345"] {
            assert!(
                faults(bad).iter().any(|f| matches!(f, PasswordFault::TooCommon | PasswordFault::Sequential)),
                "{bad}: {:?}",
                faults(bad)
            );
        }
        assert!(faults("pass123").contains(&PasswordFault::TooCommon), "the example of a former system");
    }

    #[test]
    fn repetition_and_runs_are_refused() {
        assert_eq!(faults("aaaaaaaaaaaaaaaa"), [PasswordFault::Repetitive]);
        assert_eq!(faults("xq7xq7xq7xq7xq7"), [PasswordFault::Repetitive]);
        assert_eq!(faults("abcdefghijklmnop"), [PasswordFault::Sequential]);
        assert_eq!(faults("asdfghjklpoiuy"), [PasswordFault::Sequential]);
    }

    #[test]
    fn what_everybody_knows_about_the_account_is_refused() {
        for bad in ["lovelace-tuba-mint", "xx Analytical tuba", "the COUNTESS of tubas", "ashlar mint quarrel"] {
            assert_eq!(faults(bad), [PasswordFault::ContainsContext], "{bad}");
        }
    }

    #[test]
    fn only_the_beginning_of_a_long_password_is_estimated() {
        // Letters that may each stand for others: the estimate's cost explodes with their number.
        let disguised =
            "033(3[<+([936<!04||6[3|2[3|@$//39@71[@3//%2+2@0{45<2$<1(1@1/6+51/[(9{7{<@47768793@52(+3(1<!$2(<%+//0";
        assert!(disguised.len() > 3 * JUDGED_LENGTH);
        assert_eq!(estimate(disguised, &[]), estimate(&disguised.chars().take(JUDGED_LENGTH).collect::<String>(), &[]));
        const { assert!(JUDGED_LENGTH <= 32, "a check is to cost no more than a few hashes") };
    }

    #[test]
    fn no_policy_goes_below_eight() {
        assert_eq!(PasswordPolicy::new(1, "Ashlar").min_length, 8);
    }

    #[test]
    fn refusals_name_the_field_and_never_the_password() {
        let rejected = PasswordRejected { faults: faults("Passw0rd1234!") };
        let shown = serde_json::to_string(&rejected.fields()).unwrap();
        assert!(shown.contains("/password") && !shown.contains("Passw0rd"), "{shown}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_text_is_judged_without_a_panic(text in "\\PC{1,40}") {
            faults(&text);
        }
    }
}
